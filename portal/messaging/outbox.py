"""Putting messages into the outbox, in the transaction of their cause."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from portal.lib import crypto
from portal.lib.masking import mask_email, mask_mobile
from portal.lib.prepared import Prepared, PreparedInsert, slot
from portal.messaging import broker, budgets, policy
from portal.messaging.counts import Limit, count, take_back
from portal.messaging.models import Channel, Message, SendCount, State
from portal.metrics import OVER_BUDGET

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

log = structlog.get_logger(__name__)
SEAL = "message"

#: The queue of codes; everything else has the default one.
CODES = "codes"
_DELIVER = "messaging.deliver"


@dataclass(frozen=True, slots=True)
class MaySend:
    """Whether a code may go out now; if not, from when on, and whether it is more than the usual wait: a cap, or a
    budget of the day, for which the client can do nothing."""

    allowed: bool
    again_at: datetime | None = None
    capped: bool = False
    over_budget: bool = False


def may_send_code(
    customer: "AbstractBaseUser",
    *,
    channel: Channel,
    to: str,
    source: str,
    now: datetime,
    known: Callable[[], bool],
) -> MaySend:
    """Count one more code against the wait, the caps and the budgets, or say when it can be asked for again.

    The caller holds the lock of the account, which makes the wait and the account's own caps exact. The
    counts of the number, of the source and of the day's budgets, which many accounts share, are made in one atomic
    statement and stay only when the code is really allowed. Who is `known`, because they logged in before, gets a code
    also when a budget of the day is gone; it is asked only then. Budgets are of text messages: an e-mail costs nothing.
    In shadow mode the budgets and the caps of numbers and sources count and refuse nothing; the wait and the caps of
    the account hold always.
    """
    caps = policy.caps()
    waiting = _account_wait(customer, to=to, now=now, caps=caps)
    if waiting:
        if waiting.capped:
            _note(["account"], "refused", now)
        return waiting
    counted = _lanes(customer, channel=channel, to=to, source=source, now=now, caps=caps)
    return _permit(counted, known, now, shadow=settings.SMS_BUDGETS_SHADOW)


def _lanes(
    customer: "AbstractBaseUser", *, channel: Channel, to: str, source: str, now: datetime, caps: policy.Caps
) -> dict[str, Limit]:
    return {
        f"number:{crypto.blind_index('destination', to)}": Limit(caps.number_per_day, now + timedelta(days=1)),
        f"source:{crypto.blind_index('source', source)}": Limit(caps.source_per_hour, now + timedelta(hours=1)),
        **(budgets.limits(to, account=customer.pk, now=now) if channel == Channel.SMS else {}),
    }


def may_send_reset_code(customer: "AbstractBaseUser", *, source: str, known_browser: bool, now: datetime) -> MaySend:
    """Count one more code for a forgotten password, by e-mail, or say when the next can be had.

    Whoever names an account number asks for one. So it counts on lanes of its own: it takes nothing from the codes that
    the account needs elsewhere, and what strangers ask for takes nothing from a browser that logged in before.
    """
    caps, hour, day = policy.reset_caps(), now + timedelta(hours=1), now + timedelta(days=1)
    if known_browser:
        return _permit({f"reset-known:{customer.pk}": Limit(caps.known_per_hour, hour)}, _nobody, now)
    counted = {
        f"reset-account:{customer.pk}": Limit(caps.account_per_hour, hour),
        f"reset-day:{customer.pk}": Limit(caps.account_per_day, day),
        f"reset-pair:{crypto.blind_index('source', f'{source} {customer.pk}')}": Limit(caps.pair_per_hour, hour),
        f"reset-source:{crypto.blind_index('source', source)}": Limit(caps.source_per_hour, hour),
    }
    return _permit(counted, _nobody, now)


def _nobody() -> bool:
    return False


def _permit(counted: Mapping[str, Limit], known: Callable[[], bool], now: datetime, *, shadow: bool = False) -> MaySend:
    """Count on all of these, or on none if one of them is full. A shadow only remembers what was full."""
    reached = _against(count(counted, now), known)
    if reached and not shadow:
        take_back(counted)
        _note(map(budgets.name_of, reached), "refused", now)
        log.warning("sms.capped", cap=budgets.name_of(reached[0]))
        again = SendCount.objects.filter(key__in=reached).aggregate(at=Max("resets_at"))["at"]
        return MaySend(False, again, capped=True, over_budget=budgets.is_budget(reached[0]))
    _note(map(budgets.name_of, reached), "shadow", now)
    return MaySend(True)


def _account_wait(customer: "AbstractBaseUser", *, to: str, now: datetime, caps: policy.Caps) -> MaySend | None:
    """The wait of this account, or None. A message that the carrier refused counts for nothing."""
    codes = _CODES.all(customer=customer.pk, since=now - timedelta(days=1))
    sent = sorted(
        (
            (code.created_at, code.to_index)
            for code in codes
            if not (code.state == State.FAILED and code.sent_at is None)
        ),
        reverse=True,
    )
    if len(sent) >= caps.account_per_day:
        return MaySend(False, sent[caps.account_per_day - 1][0] + timedelta(days=1), capped=True)
    if len(sent) >= caps.account_per_hour:
        free_at = sent[caps.account_per_hour - 1][0] + timedelta(hours=1)
        if free_at > now:
            return MaySend(False, free_at, capped=True)
    index = crypto.blind_index("destination", to)
    last = next((at for at, to_index in sent if to_index == index), None)
    if last and last + policy.RESEND_WAIT > now:
        return MaySend(False, last + policy.RESEND_WAIT)
    return None


#: What strangers can ask for, and what therefore counts for nothing here.
_OWN_LANES = "code.reset_email"

_CODES = Prepared(
    lambda: (
        Message.objects.filter(
            customer=slot(Message, "customer"), is_code=True, created_at__gt=slot(Message, "created_at", "since")
        )
        .exclude(kind=_OWN_LANES)
        .only("created_at", "to_index", "state", "sent_at")
    )
)


def _against(reached: list[str], known: Callable[[], bool]) -> list[str]:
    """What stands against this code, caps first: not a budget that lets it pass all the same."""
    gone = [key for key in reached if budgets.is_budget(key)]
    caps = [key for key in reached if not budgets.is_budget(key)]
    if not gone or not known():
        return caps + gone
    for key in gone:
        OVER_BUDGET.labels(budgets.kind_of(key), "passed").inc()
    return caps


def _note(names: Iterable[str], fate: str, now: datetime) -> None:
    """Remember for the report what stood against a code, after the commit: no login waits for another's."""
    for name in names:
        OVER_BUDGET.labels(name.partition(":")[0], fate).inc()
        transaction.on_commit(partial(budgets.note, name, now), robust=True)


_NEW = PreparedInsert(Message)


def put(
    *,
    channel: Channel,
    kind: str,
    to: str,
    text: str,
    expires_at: datetime,
    subject: str = "",
    customer: "AbstractBaseUser | None" = None,
    is_code: bool = False,
    reference: str = "",
    now: datetime | None = None,
) -> Message:
    """Add one message; it leaves after the commit, or not at all if the transaction is rolled back.

    A worker is woken for a code at once. Anything else leaves with the sweep, within ten seconds: a login need not pay
    for waking somebody twice. A text message that is no code is never refused, but its segment is one of the day's.
    """
    now = now or timezone.now()
    message = _NEW.insert(
        Message(
            channel=channel,
            kind=kind,
            customer_id=customer.pk if customer else None,
            is_code=is_code,
            sealed=crypto.seal(SEAL, json.dumps({"to": to, "text": text, "subject": subject}).encode()),
            to_index=crypto.blind_index("destination", to),
            to_masked=mask_mobile(to).shown if channel == Channel.SMS else mask_email(to),
            reference=reference,
            created_at=now,
            due_at=now,
            expires_at=expires_at,
            request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        )
    )
    if is_code:
        transaction.on_commit(partial(nudge, str(message.pk), is_code=True), robust=True)
    elif channel == Channel.SMS:
        transaction.on_commit(partial(budgets.count_notice, to, message.customer_id or 0, now), robust=True)
    return message


def nudge(message_id: str, *, is_code: bool, countdown: float = 0) -> None:
    """Wake a worker, for a code by the queue that overtakes all others. The row is the truth: if the broker is away the
    sweep finds it."""
    queue = CODES if is_code else settings.CELERY_TASK_DEFAULT_QUEUE
    try:
        broker.put(queue, _DELIVER, [message_id, is_code], countdown=countdown, expires=60 + countdown)
    except Exception as error:
        log.warning("nudge.lost", message=message_id, problem=type(error).__name__)
