"""The relay: claim a message, hand it to a gateway, settle. No transaction is open across the network."""

import json
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db.models import Case, F, Q, When
from django.utils import timezone

from portal.lib import crypto
from portal.lib.batches import delete_in_batches
from portal.lib.prepared import Prepared, PreparedInsert, PreparedUpdate, slot
from portal.messaging import health, policy
from portal.messaging.gateways.base import Envelope, Gateway, Refused, Unavailable
from portal.messaging.models import Attempt, Message, Phase, SendCount, State
from portal.messaging.outbox import SEAL
from portal.messaging.routing import NoWay, ways
from portal.metrics import GATEWAY_SECONDS, MESSAGES, QUEUE_AGE, SEND_SECONDS

log = structlog.get_logger(__name__)

#: What a worker may take: waiting, or claimed by a worker whose lease ran out.
_TAKEABLE = Q(phase=Phase.WAITING)


def deliver(message_id: UUID) -> float | None:
    """Send one message if it is due. Seconds until it should be tried again, or None when there is nothing to do.

    Safe to run twice, at once or later: only the holder of the claim sends and settles.
    """
    message = _claim(message_id, timezone.now())
    if message is None:
        return None
    with structlog.contextvars.bound_contextvars(request_id=message.request_id, message=str(message.pk)):
        return _send(message)


def _claim(message_id: UUID, now: datetime) -> Message | None:
    taken = _CLAIM.run(
        pk=message_id, now=now, alive_at=now + policy.LEAST_LIFE, claim=uuid4(), lease_ends=now + policy.CLAIM_LEASE
    )
    if not taken:
        expire(now, pk=message_id)
        return None
    return _CLAIMED.one(pk=message_id)


_CLAIM = PreparedUpdate(
    lambda: (
        Message.objects.filter(
            _TAKEABLE,
            pk=slot(Message, "id", "pk"),
            due_at__lte=slot(Message, "due_at", "now"),
            expires_at__gt=slot(Message, "expires_at", "alive_at"),
        ),
        {
            "state": State.SENDING,
            "claim": slot(Message, "claim"),
            "due_at": slot(Message, "due_at", "lease_ends"),
            "tries": F("tries") + 1,
        },
    )
)
_CLAIMED = Prepared(lambda: Message.objects.filter(pk=slot(Message, "id", "pk")))


def expire(now: datetime, **which: UUID) -> int:
    """Close messages whose time is over, and erase what they said; how many there were."""
    return Message.objects.filter(_TAKEABLE, due_at__lte=now, expires_at__lte=now + policy.LEAST_LIFE, **which).update(
        state=State.EXPIRED, sealed=None, claim=None, settled_at=now
    )


def _send(message: Message) -> float | None:
    start = monotonic()
    envelope = _open(message)
    problem = ""
    try:
        found = ways(message, envelope.to, timezone.now())
    except NoWay as none:
        _settle(message, State.FAILED, gateway="", problem=str(none))
        return None
    for place, gateway in enumerate(found, 1):
        # All the ways together end within the lease, before anybody else can hold the message, and while it is of use.
        left = policy.CLAIM_LEASE.total_seconds() - policy.SETTLE_WITHIN - (monotonic() - start)
        envelope = replace(envelope, validity=_validity(message))
        if left <= 0 or envelope.validity < policy.LEAST_LIFE.total_seconds():
            break
        longest = policy.GATEWAY_TIMEOUT if place == len(found) else policy.FIRST_TIMEOUT
        try:
            with health.calling(gateway.name):
                reference = _call(gateway, message, envelope, min(left, longest, envelope.validity))
        except Unavailable as error:
            problem = str(error)
            if error.elsewhere:
                continue
            break
        except Refused as error:
            _settle(message, State.FAILED, gateway=gateway.name, problem=str(error))
            return None
        _settle(message, State.SENT, gateway=gateway.name, gateway_reference=reference)
        SEND_SECONDS.labels(message.channel).observe((timezone.now() - message.created_at).total_seconds())
        return None
    wait = policy.RETRY_AFTER[min(message.tries, len(policy.RETRY_AFTER)) - 1]
    Message.objects.filter(pk=message.pk, claim=message.claim, state=State.SENDING).update(
        state=State.QUEUED,
        claim=None,
        problem=problem[:80],
        due_at=timezone.now() + timedelta(seconds=wait),
    )
    MESSAGES.labels(message.channel, "postponed").inc()
    log.warning("message.postponed", problem=problem, tries=message.tries, seconds=wait)
    return wait


def _open(message: Message) -> Envelope:
    content = json.loads(crypto.open_sealed(SEAL, bytes(message.sealed or b"")))
    return Envelope(
        reference=str(message.pk),
        to=content["to"],
        text=content["text"],
        subject=content["subject"],
        validity=_validity(message),
        is_code=message.is_code,
    )


def _validity(message: Message) -> int:
    """Whole seconds of life that are left."""
    return max(1, math.ceil((message.expires_at - timezone.now()).total_seconds()))


def _call(gateway: Gateway, message: Message, envelope: Envelope, timeout: float) -> str:
    """One call, recorded. The exceptions of the gateway go through."""
    start = monotonic()
    result = "accepted"
    try:
        return gateway.send(envelope, timeout)
    except (Refused, Unavailable) as error:
        result = f"{'refused' if isinstance(error, Refused) else 'unavailable'}: {error}"
        raise
    finally:
        spent = int((monotonic() - start) * 1000)
        GATEWAY_SECONDS.labels(gateway.name, result.partition(":")[0]).observe(spent / 1000)
        _NEW_ATTEMPT.insert(Attempt(message=message, gateway=gateway.name, milliseconds=spent, result=result[:80]))
        log.info("message.attempt", gateway=gateway.name, milliseconds=spent, result=result)


_NEW_ATTEMPT = PreparedInsert(Attempt)


def _settle(message: Message, state: State, *, gateway: str, gateway_reference: str = "", problem: str = "") -> None:
    """Write down the outcome, if the claim is still ours. A receipt that was faster than we are stays."""
    now = timezone.now()
    _SETTLE.run(
        pk=message.pk,
        claim=message.claim,
        outcome=state,
        gateway=gateway,
        gateway_reference=gateway_reference,
        problem=problem[:80],
        sent_at=now if state == State.SENT else None,
        settled_at=now,
    )
    MESSAGES.labels(message.channel, state.value).inc()


_SETTLED = ("gateway", "gateway_reference", "problem", "sent_at", "settled_at")
_SETTLE = PreparedUpdate(
    lambda: (
        Message.objects.filter(pk=slot(Message, "id", "pk"), claim=slot(Message, "claim")),
        {
            "state": Case(When(state=State.SENDING, then=slot(Message, "state", "outcome")), default=F("state")),
            "sealed": None,
            "claim": None,
            **{name: slot(Message, name) for name in _SETTLED},
        },
    )
)


def due(now: datetime) -> list[tuple[UUID, bool]]:
    """What a sweep should hand out, and whether it is a code: codes before notices, the oldest first. An index has
    them in this order, so that it costs the same however many wait."""
    oldest = waiting_since()
    QUEUE_AGE.set((now - oldest).total_seconds() if oldest else 0)
    return list(
        Message.objects.filter(_TAKEABLE, due_at__lte=now)
        .order_by("-is_code", "created_at")
        .values_list("pk", "is_code")[: policy.SWEEP_BATCH]
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that have not left: how many, `policy.WAITING_COUNTED` at most, and since when the oldest waits."""

    length: int
    since: datetime | None


def waiting(*, codes: bool) -> Waiting:
    """The codes, or the others, that have not left."""
    queued = Message.objects.filter(_TAKEABLE, is_code=codes).order_by("created_at")
    length = queued[: policy.WAITING_COUNTED].count()
    return Waiting(length, queued.values_list("created_at", flat=True).first())


def waiting_since() -> datetime | None:
    """When the oldest message that waits was put; None when none waits."""
    # Of codes and of others in turn: each is at the end of an index, the oldest of both is not.
    oldest = [
        at
        for is_code in (True, False)
        for at in Message.objects.filter(_TAKEABLE, is_code=is_code)
        .order_by("created_at")
        .values_list("created_at", flat=True)[:1]
    ]
    return min(oldest, default=None)


def purge(now: datetime) -> int:
    """Erase what finds a number from messages older than RETENTION_NUMBERS, and counts whose window is over, a batch at
    a time; how many messages. The masked number stays, and what became of each."""
    delete_in_batches(SendCount.objects.filter(resets_at__lt=now), size=policy.PURGE_BATCH)
    old = Message.objects.filter(created_at__lt=now - settings.RETENTION_NUMBERS).exclude(to_index="")
    masked = 0
    while batch := list(old.values_list("pk", flat=True)[: policy.PURGE_BATCH]):
        masked += Message.objects.filter(pk__in=batch).update(to_index="", gateway_reference="")
    return masked
