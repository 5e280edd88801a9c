"""Run as `python -m tests.faults.put N LIFE...`: one client, and N codes in the outbox with these lives in turn.

They go to a number of each country that has a route of its own, in turn. No text is that of another message, whoever
put it.
"""

import sys
import time
from datetime import timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Customer  # noqa: E402
from portal.messaging import outbox  # noqa: E402
from portal.messaging.models import Channel, Message  # noqa: E402
from tests.actors import PASSWORD  # noqa: E402

_NUMBERS = {852: "+85291234567", 853: "+85366123456"}
_PAUSE = 0.02  # seconds between two messages, so that they come while workers fall


def main(number: int, lives: list[float]) -> None:
    """Put the messages."""
    if not Customer.objects.exists():
        Customer.objects.create_client("100001", password=PASSWORD, name="Amy", mobile="+85291234567")
    numbers = [_NUMBERS[country] for country in settings.SMS_ROUTES or [852]]
    first = Message.objects.filter(is_code=True).count()
    for place in range(first, first + number):
        outbox.put(
            channel=Channel.SMS,
            kind="code.login",
            to=numbers[place % len(numbers)],
            text=f"{place:06d}",
            is_code=True,
            expires_at=timezone.now() + timedelta(seconds=lives[place % len(lives)]),
        )
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(int(sys.argv[1]), [float(life) for life in sys.argv[2:]])
