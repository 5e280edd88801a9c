"""What the bench of sending needs to be done inside the portal, as a process of its own.

`python -m tests.benchmarks.messages put N` puts so many codes into the outbox, each with its nudge; `notices N` so many
e-mails without; `paced N PER_SECOND` codes at a pace, and prints for each of them its text and the monotonic time of
its commit; `claims N` prints the median milliseconds of claiming one message among N, and of one sweep that closes what
is too late and chooses what to hand out, as many of them as the smallest backlog has.
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from portal.lib import crypto  # noqa: E402
from portal.messaging import outbox, policy, relay  # noqa: E402
from portal.messaging.models import Channel, Message, State  # noqa: E402
from tests.benchmarks.clients import mobile, number  # noqa: E402

_BATCH = 2000
CLAIMS, WARM = 300, 30
FEWEST = 100  # messages of the smallest backlog
_LIFE = timedelta(hours=1)  # nothing shall expire while it is measured


def put(count: int) -> None:
    """Codes, as logins leave them."""
    for nth in range(count):
        _code(nth)


def _code(nth: int) -> None:
    with transaction.atomic():
        outbox.put(
            channel=Channel.SMS,
            kind="code.login",
            to=mobile(number(nth)),
            text=f"{nth:06d} is your code, valid for 3 minutes. Reference 2B{nth % 10}.",
            is_code=True,
            expires_at=timezone.now() + _LIFE,
        )


def notices(count: int) -> None:
    """Notices by e-mail, all of them due."""
    _rows(count, Channel.EMAIL)


def _rows(count: int, channel: Channel) -> None:
    now = timezone.now()
    sealed = crypto.seal(outbox.SEAL, json.dumps({"to": "c@example.com", "text": "Login", "subject": "Login"}).encode())
    for start in range(0, count, _BATCH):
        Message.objects.bulk_create(
            Message(
                channel=channel,
                kind="notice.login",
                sealed=sealed,
                to_index=f"{nth:032x}",
                to_masked="c•••@example.com",
                created_at=now - timedelta(seconds=60),
                due_at=now,
                expires_at=now + _LIFE,
            )
            for nth in range(start, min(start + _BATCH, count))
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message")


def paced(count: int, per_second: float) -> None:
    """Codes at a pace: when each was committed, by the clock that all processes of a machine share."""
    began = time.monotonic()
    for nth in range(count):
        time.sleep(max(0.0, began + nth / per_second - time.monotonic()))
        _code(nth)
        print(f"{nth:06d} {time.monotonic()}", flush=True)


def claims(count: int) -> tuple[float, float]:
    """Claiming one after the other among so many that are due, and sweeping them before. What was claimed in an
    earlier run is made up for."""
    Message.objects.exclude(state=State.QUEUED).delete()
    _rows(count - Message.objects.count(), Channel.SMS)
    swept = [*_swept()]
    spent = [*_claimed()]
    return median(spent[WARM:]), median(swept[WARM:])


def _swept() -> Iterator[float]:
    usual, policy.SWEEP_BATCH = policy.SWEEP_BATCH, FEWEST
    for _ in range(WARM + CLAIMS):
        began = time.perf_counter()
        relay.expire(timezone.now())
        assert len(relay.due(timezone.now())) == FEWEST
        yield (time.perf_counter() - began) * 1000
    policy.SWEEP_BATCH = usual


def _claimed() -> Iterator[float]:
    for pk, _is_code in relay.due(timezone.now())[: WARM + CLAIMS]:
        began = time.perf_counter()
        assert relay._claim(pk, timezone.now())
        yield (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    match what:
        case "put":
            put(int(numbers[0]))
        case "notices":
            notices(int(numbers[0]))
        case "paced":
            paced(int(numbers[0]), float(numbers[1]))
        case "claims":
            print(*claims(int(numbers[0])))
