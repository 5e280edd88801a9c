"""Every limit of messaging, with its unit and its reason."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

#: A second code to the same account and number not before this has passed: a text takes up to a minute.
RESEND_WAIT = timedelta(seconds=60)

#: How long a worker owns a message. Longer than a gateway call can take (`GATEWAY_TIMEOUT`), so that no
#: second worker sends what a first one still holds; short enough that a killed worker's message lives.
CLAIM_LEASE = timedelta(seconds=15)

#: Seconds for one call of a gateway, connecting included.
GATEWAY_TIMEOUT = 8.0

#: Seconds until a message that met a temporary failure is tried again, by number of failures; the last
#: repeats. What bounds the retries is the message's own deadline.
RETRY_AFTER = (1, 2, 4, 8, 15, 30)

#: A message with less life left than this is not sent: it would arrive worthless.
LEAST_LIFE = timedelta(seconds=20)

#: A code that the carrier has had this long without a delivery receipt is shown as delayed.
DELAYED_AFTER = timedelta(seconds=20)

#: A notice that could not be handed over for this long is not news any more.
NOTICE_LIFETIME = timedelta(hours=24)

#: What others do again and again on an account is told at most this often.
REPEATED_NOTICE_EVERY = timedelta(hours=1)

#: How many due messages one sweep hands out; the next sweep takes the rest.
SWEEP_BATCH = 500

#: Message rows keep the masked number; the blind index that finds a number is erased after this.
MASK_AFTER = timedelta(days=90)

#: Receipts are believed for this long after they were signed: carriers retry, replays come later.
RECEIPT_AGE = timedelta(minutes=5)


@dataclass(frozen=True)
class Caps:
    """How many codes may be sent: on an account, to a number, and from a source address."""

    account_per_hour: int
    account_per_day: int
    number_per_day: int
    source_per_hour: int


def caps() -> Caps:
    """The caps in force.

    An account can have five codes an hour and twenty a day: more is trouble, not need. A number may serve a
    family's accounts. A source may be an office or a carrier's shared address. The demo is driven by programs.
    """
    if settings.DEMO:
        return Caps(account_per_hour=1000, account_per_day=5000, number_per_day=5000, source_per_hour=5000)
    return Caps(account_per_hour=5, account_per_day=20, number_per_day=30, source_per_hour=100)
