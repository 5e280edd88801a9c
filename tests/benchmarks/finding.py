"""What it costs to find a client: the search of the desk with its row in the audit trail, to the commit.

Run as a process of its own with the environment of the portal, on a database that `tests.benchmarks.accounts` has
filled: `python -m tests.benchmarks.finding` prints the median milliseconds of each kind of question as JSON, and those
of the whole request that a clerk's browser sends: session, rights, search, the page that leads on.
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
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_otp import DEVICE_ID_SESSION_KEY  # noqa: E402

from accounts.models import Customer  # noqa: E402
from accounts.services import finding, staff  # noqa: E402
from portal.messaging import outbox  # noqa: E402
from portal.messaging.models import Channel  # noqa: E402
from tests.benchmarks.clients import email, mobile, number  # noqa: E402
from tests.benchmarks.figures import percentile  # noqa: E402
from tests.benchmarks.processes import BenchError  # noqa: E402
from tests.benchmarks.site import HOST  # noqa: E402
from twofactor.models import StaffAuthenticator  # noqa: E402
from twofactor.staff import BACKEND  # noqa: E402

TIMES, WARM = 40, 4  # searches of a kind: a member of staff has a number for each day
REQUESTS = 200

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


def _inside() -> Client:
    """The browser of another clerk, with a session as the door gives it: the door itself is not measured."""
    clerk, _ = staff.create_staff("bench.web", name="Web", role="clerk", password=None)
    Customer.objects.filter(pk=clerk.pk).update(must_change_password=False)
    device = StaffAuthenticator.objects.create_with_seed(clerk, bytes(range(20)))
    browser = Client(SERVER_NAME=HOST, HTTP_X_FORWARDED_FOR="198.51.100.20", HTTP_X_FORWARDED_PROTO="https")
    browser.force_login(clerk, backend=BACKEND)
    session = browser.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return browser


def _post(browser: Client, login: str) -> float:
    """Milliseconds of one search by account number, from the request to the answer that leads to the client."""
    began = time.perf_counter()
    answer = browser.post("/staff/accounts/customer/", {"query": login}, secure=True)
    spent = (time.perf_counter() - began) * 1000
    if answer.status_code != 302 or "/accounts/customer/" not in answer.headers["Location"]:
        raise BenchError(f"The search of the desk answered {answer.status_code}.")
    return spent


def measure_requests(some: random.Random, accounts: int) -> dict[str, float]:
    """Of the whole request: statements, the median and the 99th percentile of its milliseconds."""
    browser = _inside()
    spent = [_post(browser, number(some.randrange(accounts))) for _ in range(WARM + REQUESTS)][WARM:]
    with CaptureQueriesContext(connection) as asked:
        _post(browser, number(0))
    statements = [each for each in asked if not each["sql"].startswith(("BEGIN", "COMMIT"))]
    return {"statements": len(statements), "median": median(spent), "p99": percentile(spent, 99)}


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


def _measured() -> list[dict[str, float]]:
    searches = measure()
    accounts = Customer.objects.filter(is_staff=False).count()
    return [searches, measure_requests(random.Random(20351119), accounts)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measured()) + "\n")
