"""What it costs to find a client: the search of the desk with its row in the audit trail, to the commit.

Run as a process of its own with the environment of the portal, on a database that `tests.benchmarks.accounts` has
filled: `python -m tests.benchmarks.finding` prints the median milliseconds of each kind of question as JSON.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Customer  # noqa: E402
from accounts.services import finding, staff  # noqa: E402
from portal.messaging import outbox  # noqa: E402
from portal.messaging.models import Channel  # noqa: E402
from tests.benchmarks.clients import email, mobile, number  # noqa: E402

TIMES, WARM = 40, 4  # searches of a kind: a member of staff has a number for each day

QUESTIONS: dict[str, Callable[[str], str]] = {
    "account": str,
    "mobile": lambda login: mobile(login).removeprefix("+852"),
    "mobile_tail": lambda login: login[-4:],
    "email": email,
    "freeze": lambda login: "FAB2CD3E",
    "login": lambda login: "KYV",
    "nobody": lambda login: f"nobody{login}@client.example",
}


def _prepare() -> Customer:
    """A clerk, a frozen account, and a code that went out just now."""
    call_command("create_staff_roles", verbosity=0)
    clerk, _ = staff.create_staff("bench.clerk", name="Clerk", role="clerk", password=None)
    now, client = timezone.now(), Customer.objects.filter(is_staff=False).order_by("login")[0]
    Customer.objects.filter(pk=client.pk).update(freeze_reference="FAB2CD3E")
    outbox.put(
        channel=Channel.SMS, kind="code.login", to=client.mobile, text="x", customer=client, now=now, is_code=True,
        reference="KYV", expires_at=now + timedelta(minutes=3),
    )  # fmt: skip
    return clerk


def measure() -> dict[str, float]:
    """Median milliseconds by kind of question, and the most statements that one took."""
    clerk = _prepare()
    accounts = Customer.objects.filter(is_staff=False).count()
    spent: dict[str, list[float]] = {kind: [] for kind in QUESTIONS}
    some = random.Random(20180425)
    for nth in range(WARM + TIMES):
        login = number(some.randrange(accounts))
        for kind, ask in QUESTIONS.items():
            began = time.perf_counter()
            finding.search(ask(login), staff=clerk, now=timezone.now())
            if nth >= WARM:
                spent[kind].append((time.perf_counter() - began) * 1000)
    found = {kind: median(values) for kind, values in spent.items()}
    with CaptureQueriesContext(connection) as asked:
        finding.search(number(0), staff=clerk, now=timezone.now())
    statements = [each for each in asked if not each["sql"].startswith(("BEGIN", "COMMIT"))]
    return {**found, "statements": len(statements)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure()) + "\n")
