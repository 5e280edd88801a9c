"""Run as `python -m tests.faults.put N LIFE...`: one client, and N codes in the outbox with these lives in turn.

No text is that of another message, whoever put it.
"""

import sys
import time
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import Customer  # noqa: E402
from portal.messaging import outbox  # noqa: E402
from portal.messaging.models import Channel, Message  # noqa: E402
from tests.actors import PASSWORD  # noqa: E402

_PAUSE = 0.02  # seconds between two messages, so that they come while workers fall


def main(number: int, lives: list[float]) -> None:
    """Put the messages."""
    if not Customer.objects.exists():
        Customer.objects.create_client("100001", password=PASSWORD, name="Amy", mobile="+85291234567")
    first = Message.objects.filter(is_code=True).count()
    for place in range(first, first + number):
        outbox.put(
            channel=Channel.SMS,
            kind="code.login",
            to="+85291234567",
            text=f"{place:06d}",
            is_code=True,
            expires_at=timezone.now() + timedelta(seconds=lives[place % len(lives)]),
        )
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(int(sys.argv[1]), [float(life) for life in sys.argv[2:]])
