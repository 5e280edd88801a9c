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

#: Whoever was reached at a contact that was replaced hears for so long of what is changed on the account.
TELL_FORMER = timedelta(days=30)

#: What others do again and again on an account is told at most this often.
REPEATED_NOTICE_EVERY = timedelta(hours=1)

#: How many due messages one sweep hands out; the next sweep takes the rest.
SWEEP_BATCH = 500

#: Rows of one statement of the purge: short enough that no code waits for it.
PURGE_BATCH = 5_000

#: Receipts are believed for this long after they were signed: carriers retry, replays come later.
RECEIPT_AGE = timedelta(minutes=5)

#: A receipt for a message older than this moves nothing: networks give up after two days at most.
RECEIPTS_UNTIL = timedelta(days=3)

#: How long the row of a test message waits for receipts.
RECEIPT_WAIT = timedelta(minutes=10)

#: Bytes of one request with receipts, and characters of its query: a receipt is below one thousand.
RECEIPT_SIZE = 16 * 1024

#: Bytes of a carrier's answer that are read: they are a few hundred long.
ANSWER_SIZE = 64 * 1024

#: A receipt that has not come by then is asked for where the carrier can be asked, again and again at this interval,
#: and given up on when the message is this old: by then nobody waits for it.
ASK_AFTER = timedelta(seconds=30)
ASK_EVERY = timedelta(seconds=60)
ASK_UNTIL = timedelta(minutes=15)

#: How many are asked for in one run, and the seconds for one question and for the run: a run ends before the next.
ASK_BATCH = 50
ASK_TIMEOUT = 3.0
ASK_SECONDS = 15.0


# --- Several gateways ------------------------------------------------------------------------------------------

#: A gateway that does badly is left for this long at least, and of gateways that stand in for each other one at a
#: time: moving to and fro costs more codes than staying.
AWAY = timedelta(minutes=5)

#: Then it gets this part of its traffic, and all of it after this long: what is still bad costs few clients.
FIRST_SHARE = 0.05
DRIFT = timedelta(minutes=5)

#: How often a process looks. A call ends after `FIRST_TIMEOUT`: together they keep leaving within 15 seconds.
LOOK_EVERY = timedelta(seconds=1)

#: What is looked at: the calls of this time, and of them the newest so many.
WINDOW = timedelta(seconds=60)
CALLS_LOOKED_AT = 50

#: Seconds for a call while there is another gateway to turn to: two of them fit into 15 seconds. And the seconds after
#: which other messages do not wait for its end to begin elsewhere.
FIRST_TIMEOUT = 5.0
HANGING_AFTER = 2.0

#: An answer that took longer is as bad as none: a usual one takes a tenth.
SLOW_MILLISECONDS = 4000

#: So many bad calls in a row are no accident; nor is this share of bad ones, refusals of numbers among them, which are
#: one in a hundred on a usual day.
BAD_IN_A_ROW = 3
BAD_SHARE = 0.2
FEWEST_CALLS = 10

#: Most texts are on the phone after five seconds. Where of so many, sent this long ago, fewer than this share is, none
#: gets through; some phones are always off. So few are looked at that at two codes a second a gateway is left after 15.
DELIVERED_WITHIN = timedelta(seconds=10)
DELIVERY_WINDOW = timedelta(minutes=5)
DELIVERIES_LOOKED_AT = 10
FEWEST_DELIVERIES = 5
DELIVERED_SHARE = 0.2

#: What people are shown of a gateway is counted from so many of its calls and messages: a look must cost nothing.
FIGURES_OF = 1000
WAITING_COUNTED = 10_000  # messages that wait, on the same page: beyond it is "or more"

#: A code asked for again within this time goes another way than the last: that one may be why.
RESEND_MEMORY = timedelta(minutes=10)

#: Seconds that are left of a lease for writing the outcome down: the last call of a claim ends before.
SETTLE_WITHIN = 1.0


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


@dataclass(frozen=True)
class ResetCaps:
    """How many codes for a forgotten password may be e-mailed: strangers can ask for them, so they have own lanes."""

    known_per_hour: int  # to an account, asked for from a browser that it knows
    account_per_hour: int  # to an account, from all other browsers together
    account_per_day: int
    pair_per_hour: int  # to an account from one source: nobody alone uses up what an account can have
    source_per_hour: int


def reset_caps() -> ResetCaps:
    """The caps in force. Ten codes a day with five tries each are guessed once in 55 years, and then the method in use
    is still to be proven. The demo is driven by programs."""
    if settings.DEMO:
        return ResetCaps(1000, 1000, 5000, 1000, 5000)
    return ResetCaps(known_per_hour=5, account_per_hour=4, account_per_day=10, pair_per_hour=2, source_per_hour=20)


# --- Budgets of a day --------------------------------------------------------------------------------------------

#: Texts a day, unless SMS_BUDGETS says otherwise. A broker with a million accounts sends some hundred thousand codes on
#: its busiest day, nearly all of them at home. A range holds ten thousand numbers, of which few are clients'.
BUDGETS = {
    "segments": 250_000,
    "country": 5_000,  # each that is not named
    "country.852": 200_000,
    "country.86": 50_000,
    "prefix": 3_000,
}

#: Digits after the calling code that make a range: pumping buys numbers by such blocks.
BUDGET_PREFIX_DIGITS = 4

#: A smaller budget than this is a typing error.
BUDGET_LEAST = 16

#: Rows over which a counter of everybody is spread: a row is held until the login that counted commits. A small budget
#: has one row: its shares would be gone long before the whole, and few logins wait for each other.
BUDGET_SHARDS = 16
BUDGET_SHARDED_FROM = 50_000

#: Staff are told when so much of a budget is gone: time enough to look before codes stay away.
BUDGET_ALARM_PERCENT = 80

#: They are told too when a cap has stood against so many codes on one day: it hits clients, or somebody tries.
CAP_ALARM = 100

#: Ranges that people are shown, those with most texts first.
BUDGET_PREFIXES_SHOWN = 20
