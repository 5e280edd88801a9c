"""How the gateways do, from what became of the last messages, and which of them is left for a while.

Each worker looks at the same tables, once a second at most. A gateway that does badly is left: for `AWAY` it comes
after the others, then it gets a little of the traffic, and more with each minute. Leaving is one locked write, so that
workers agree; of gateways that stand in for each other one is left at a time, at most every `AWAY`. One that is left is
still a way out when nothing else takes the message. While a call of this process hangs, and until a look has seen what
became of it, its other messages begin with another gateway: they need not wait to learn what that call will say.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from time import monotonic
from uuid import UUID, uuid4

import structlog
from django.db import transaction

from portal.messaging import notices, policy
from portal.messaging.models import Attempt, Channel, GatewayHealth, Message, State
from portal.metrics import GATEWAY_ACCEPT, GATEWAY_DELIVERY, GATEWAY_MOVES, GATEWAY_SHARE

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    at: datetime
    left: dict[str, datetime]  # of those that were left


#: What this process saw last, by the gateways of a route. A thread that finds it old looks anew.
_looks: dict[tuple[str, ...], _Look] = {}


#: The calls of this process that have no outcome on record yet: gateway and when they began, by the monotonic clock.
_calls: dict[UUID, tuple[str, float]] = {}

#: When the last one that hung has ended, by gateway: what it has shown is believed at once, and seen by the next look.
_hung: dict[str, float] = {}


@contextmanager
def calling(gateway: str) -> Iterator[None]:
    """Around one call and the writing down of its outcome."""
    call, began = uuid4(), monotonic()
    _calls[call] = gateway, began
    try:
        yield
    finally:
        if monotonic() > began + policy.HANGING_AFTER:
            _hung[gateway] = monotonic()
        del _calls[call]


def _hangs(gateway: str) -> bool:
    now = monotonic()
    if now < _hung.get(gateway, float("-inf")) + 2 * policy.LOOK_EVERY.total_seconds():
        return True
    since = now - policy.HANGING_AFTER
    return any(name == gateway and began < since for name, began in list(_calls.values()))


def forget() -> None:
    """Look anew at the next message."""
    _looks.clear()
    _hung.clear()


def ordered(names: Sequence[str], message: UUID, now: datetime) -> list[str]:
    """The gateways of a route in the order in which this message should try them.

    Those that are well come first, as they stand. Which messages a gateway on trial gets depends on their ids alone.
    """
    look = _look(tuple(sorted(names)), now)
    dice = message.int % 1000 / 1000
    well = sorted((name for name in names if dice < share(look.left.get(name), now)), key=_hangs)
    # Of those that are left the one whose trouble is oldest is the likeliest to be well again.
    away = sorted(
        (name for name in names if name not in well), key=lambda name: (look.left[name], list(names).index(name))
    )
    return well + away


def share(left_at: datetime | None, now: datetime) -> float:
    """The part of its usual traffic that a gateway gets: none, a little, and slowly all of it."""
    if left_at is None:
        return 1.0
    since = (now - left_at - policy.AWAY) / policy.DRIFT
    return 0.0 if since < 0 else min(1.0, policy.FIRST_SHARE + since * (1 - policy.FIRST_SHARE))


def _look(names: tuple[str, ...], now: datetime) -> _Look:
    last = _looks.get(names)
    if last and abs(now - last.at) < policy.LOOK_EVERY:
        return last
    if last:
        _looks[names] = _Look(now, last.left)  # the other threads need not look as well
    left = _left(names)
    for name in names:
        if share(left.get(name), now) > 0 and (reason := _trouble(name, left.get(name), now)):
            _leave(name, names, reason, now)
            left = _left(names)  # somebody else may have been faster
            break
    look = _looks[names] = _Look(now, left)
    for name in names:
        GATEWAY_SHARE.labels(name).set(share(left.get(name), now))
    return look


def _left(names: Sequence[str]) -> dict[str, datetime]:
    found = GatewayHealth.objects.filter(gateway__in=names, left_at__isnull=False)
    return {name: at for name, at in found.values_list("gateway", "left_at") if at}


def _trouble(name: str, left_at: datetime | None, now: datetime) -> str:
    """What is wrong with a gateway, in a word, or nothing. What was so before it came back does not count."""
    calls_since, sent_since = now - policy.WINDOW, now - policy.DELIVERY_WINDOW
    if left_at:
        calls_since, sent_since = (max(since, left_at + policy.AWAY) for since in (calls_since, sent_since))
    return _calls_trouble(name, calls_since) or _delivery_trouble(name, sent_since, now)


def _calls_trouble(name: str, since: datetime) -> str:
    calls = Attempt.objects.filter(gateway=name, at__gt=since).order_by("-at").values_list("result", "milliseconds")
    newest = [(result, spent > policy.SLOW_MILLISECONDS) for result, spent in calls[: policy.CALLS_LOOKED_AT]]
    in_a_row = newest[: policy.BAD_IN_A_ROW]
    if len(in_a_row) == policy.BAD_IN_A_ROW:
        if all(result.startswith("unavailable") for result, _ in in_a_row):
            return "failing"
        if all(slow or result.startswith("unavailable") for result, slow in in_a_row):
            return "slow"
    bad = sum(result != "accepted" or slow for result, slow in newest)
    return "refusing" if len(newest) >= policy.FEWEST_CALLS and bad / len(newest) >= policy.BAD_SHARE else ""


def _delivery_trouble(name: str, since: datetime, now: datetime) -> str:
    """Takes messages of which none arrives, though its receipts came before."""
    mine = Message.objects.filter(gateway=name, channel=Channel.SMS)
    due = mine.filter(sent_at__gt=since, sent_at__lte=now - policy.DELIVERED_WITHIN).order_by("-sent_at")
    newest = list(due.values_list("state", flat=True)[: policy.DELIVERIES_LOOKED_AT])
    if len(newest) < policy.FEWEST_DELIVERIES:
        return ""
    delivered = sum(state == State.DELIVERED for state in newest)
    if delivered / len(newest) >= policy.DELIVERED_SHARE:
        return ""
    reports = mine.filter(sent_at__gt=now - timedelta(days=1), state=State.DELIVERED).exists()
    return "not delivering" if reports else ""


def _leave(name: str, names: Sequence[str], reason: str, now: datetime) -> bool:
    """Leave one gateway, unless it or one of the others was left lately; whether it was left by us."""
    GatewayHealth.objects.bulk_create([GatewayHealth(gateway=each) for each in names], ignore_conflicts=True)
    with transaction.atomic():
        rows = list(GatewayHealth.objects.select_for_update().filter(gateway__in=names).order_by("gateway"))
        if any(row.left_at and now - row.left_at < policy.AWAY for row in rows):
            return False
        GatewayHealth.objects.filter(gateway=name).update(left_at=now, reason=reason)
        minutes = int(policy.AWAY.total_seconds() // 60)
        notices.alarm(
            f"Text messages: {name} is {reason}",
            f"For {minutes} minutes text messages take the next gateway first, then {name} gets a little again.\n",
            now=now,
        )
    GATEWAY_MOVES.labels(name, reason).inc()
    log.warning("gateway.left", gateway=name, reason=reason)
    return True


@dataclass(frozen=True, slots=True)
class Figures:
    """How one gateway did in the last hour, from its newest calls and messages, `policy.FIGURES_OF` of each at most."""

    share: float  # of its usual traffic, at this moment
    left_at: datetime | None  # when it was last left, and why
    reason: str
    calls: int
    accepted: int
    to_accept: int  # milliseconds, the median
    to_accept_slow: int  # milliseconds within which 95 of 100 calls were accepted
    sent: int  # long enough ago to be delivered
    delivered: int
    to_deliver: float  # seconds from acceptance to the receipt, the median
    to_deliver_slow: float  # seconds within which 95 of 100 receipts came


def figures(gateway: str, now: datetime) -> Figures:
    """What a person wants to know of a gateway."""
    found = GatewayHealth.objects.filter(gateway=gateway).first() or GatewayHealth(gateway=gateway)
    since, newest = now - timedelta(hours=1), slice(policy.FIGURES_OF)
    calls = Attempt.objects.filter(gateway=gateway, at__gt=since).order_by("-at").values_list("result", "milliseconds")
    spent = [milliseconds for result, milliseconds in calls[newest] if result == "accepted"]
    sent = Message.objects.filter(gateway=gateway, channel=Channel.SMS, sent_at__gt=since)
    due = sent.filter(sent_at__lte=now - policy.DELIVERED_WITHIN).order_by("-sent_at")
    fates = list(due.values_list("state", "sent_at", "settled_at")[newest])
    took = [
        (settled_at - sent_at).total_seconds()
        for state, sent_at, settled_at in fates
        if state == State.DELIVERED and sent_at and settled_at
    ]
    return Figures(
        share=share(found.left_at, now),
        left_at=found.left_at,
        reason=found.reason,
        calls=len(calls[newest]),
        accepted=len(spent),
        to_accept=int(median(spent)) if spent else 0,
        to_accept_slow=int(_of_95(spent)),
        sent=len(fates),
        delivered=sum(state == State.DELIVERED for state, *_ in fates),
        to_deliver=median(took) if took else 0.0,
        to_deliver_slow=_of_95(took),
    )


def _of_95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not exceed: one that was measured, not one between two. 0 for none."""
    return sorted(values)[ceil(0.95 * len(values)) - 1] if values else 0.0


def show(names: Iterable[str], now: datetime) -> None:
    """Tell the figures of these gateways to whoever watches them."""
    for name in names:
        found = figures(name, now)
        GATEWAY_SHARE.labels(name).set(found.share)
        GATEWAY_ACCEPT.labels(name).set(found.to_accept / 1000)
        GATEWAY_DELIVERY.labels(name).set(found.to_deliver)
