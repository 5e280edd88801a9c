"""Putting messages into the outbox, in the transaction of their cause."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from portal.lib import crypto
from portal.lib.masking import mask_email, mask_mobile
from portal.lib.prepared import Prepared, PreparedInsert, slot
from portal.messaging import policy
from portal.messaging.models import Channel, Message, SendCount, State

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

log = structlog.get_logger(__name__)
SEAL = "message"


@dataclass(frozen=True, slots=True)
class MaySend:
    """Whether a code may go out now; if not, from when on, and whether it is more than the usual wait."""

    allowed: bool
    again_at: datetime | None = None
    capped: bool = False


def may_send_code(customer: "AbstractBaseUser", *, to: str, source: str, now: datetime) -> MaySend:
    """Count one more code against the wait and the caps, or say when it can be asked for again.

    The caller holds the lock of the account, which makes the wait and the account's own caps exact. The
    counts of the number and of the source, which many accounts share, are made in one atomic statement and
    stay only when the code is really allowed.
    """
    caps = policy.caps()
    waiting = _account_wait(customer, to=to, now=now, caps=caps)
    if waiting:
        return waiting
    counted = {
        f"number:{crypto.blind_index('destination', to)}": (caps.number_per_day, timedelta(days=1)),
        f"source:{crypto.blind_index('source', source)}": (caps.source_per_hour, timedelta(hours=1)),
    }
    try:
        with transaction.atomic():
            _count(counted, now)
    except _CapReachedError as reached:
        log.warning("sms.capped", cap=reached.key.partition(":")[0])
        return MaySend(False, SendCount.objects.get(key=reached.key).resets_at, capped=True)
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


_CODES = Prepared(
    lambda: Message.objects.filter(
        customer=slot(Message, "customer"), is_code=True, created_at__gt=slot(Message, "created_at", "since")
    ).only("created_at", "to_index", "state", "sent_at")
)


class _CapReachedError(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


def _count(counted: dict[str, tuple[int, timedelta]], now: datetime) -> None:
    """One upsert for all keys, always in the same order so that two of them cannot deadlock."""
    adapt = connection.ops.adapt_datetimefield_value
    keys = sorted(counted)
    rows = ", ".join(["(%s, %s, 1)"] * len(keys))
    values = [value for key in keys for value in (key, adapt(now + counted[key][1]))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO messaging_sendcount (key, resets_at, used) VALUES {rows} "  # noqa: S608
            "ON CONFLICT (key) DO UPDATE SET "
            "used = CASE WHEN messaging_sendcount.resets_at <= %s THEN 1 ELSE messaging_sendcount.used + 1 END, "
            "resets_at = CASE WHEN messaging_sendcount.resets_at <= %s THEN excluded.resets_at "
            "ELSE messaging_sendcount.resets_at END "
            "RETURNING key, used",
            [*values, adapt(now), adapt(now)],
        )
        for key, used in cursor.fetchall():
            if used > counted[key][0]:
                raise _CapReachedError(key)


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
    for waking somebody twice.
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
        transaction.on_commit(partial(nudge, str(message.pk)), robust=True)
    return message


def nudge(message_id: str, *, countdown: float = 0) -> None:
    """Wake a worker. The row is the truth: if the broker is away the sweep finds it."""
    try:
        current_app.send_task("messaging.deliver", [message_id], countdown=countdown, expires=60 + countdown)
    except Exception as error:
        log.warning("nudge.lost", message=message_id, problem=type(error).__name__)
