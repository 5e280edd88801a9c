"""Delivery receipts: they move a message forward, and touch nothing else.

Forward is: waiting, sent, and then delivered or failed. These two are final and the first of them stays, so that a
receipt that comes again, late or in the wrong order changes nothing. A phone that got the text after all is noted
beside the failure; the client was told otherwise, and may have had the code by another way since. "Delayed" is a note.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.messaging import policy
from portal.messaging.gateways.base import Receipt
from portal.messaging.models import Attempt, Message, State
from portal.metrics import DELIVERY_SECONDS, RECEIPTS

log = structlog.get_logger(__name__)

LATE = "failed, then delivered"


def take(gateway: str, receipt: Receipt) -> bool:
    """Apply one receipt of a gateway that has proved itself; whether it moved anything.

    A gateway speaks for the messages that it was given, and for no others. Safe to repeat, at once or later.
    """
    now = timezone.now()
    reference = _ours(receipt)
    messages = _of(gateway, receipt, reference, now)
    moved = messages is not None and _APPLY[receipt.state](messages, gateway, receipt, now)
    if messages is not None and moved and receipt.state == "delivered":
        for sent_at in messages.values_list("sent_at", flat=True):
            DELIVERY_SECONDS.labels(gateway).observe((now - sent_at).total_seconds() if sent_at else 0)
    RECEIPTS.labels(gateway, receipt.state, "moved" if moved else "nothing").inc()
    log.info("message.receipt", gateway=gateway, message=str(reference or ""), state=receipt.state, moved=moved)
    return moved


def _ours(receipt: Receipt) -> UUID | None:
    try:
        return UUID(receipt.reference)
    except ValueError:
        return None


def _of(gateway: str, receipt: Receipt, reference: UUID | None, now: datetime) -> "QuerySet[Message] | None":
    """The message that the receipt is about, if it is young enough and this gateway's or still nobody's."""
    young = Message.objects.filter(created_at__gt=now - policy.RECEIPTS_UNTIL)
    if reference:
        return young.filter(pk=reference, gateway__in=["", gateway])
    if receipt.reference:
        return None
    if not receipt.gateway_reference:
        return None
    mine = young.filter(gateway=gateway, gateway_reference=receipt.gateway_reference)
    newest = mine.order_by("-created_at").values_list("pk", flat=True).first()
    return mine.filter(pk=newest) if newest else None


def _tried(gateway: str) -> Exists:
    return Exists(Attempt.objects.filter(message=OuterRef("pk"), gateway=gateway))


def _had_it(gateway: str) -> Q:
    """The gateway has it, or has it now, or had it and its answer was lost."""
    return Q(state=State.SENDING) | Q(Q(state=State.QUEUED), _tried(gateway))


def _same(receipt: Receipt) -> Q:
    """Not about an earlier copy, whose answer was lost and which the carrier knows by another name."""
    if not receipt.gateway_reference:
        return Q()
    return Q(gateway_reference__in=["", receipt.gateway_reference])


def _facts(gateway: str, receipt: Receipt, now: datetime) -> dict[str, Any]:
    """What is known of a message since the carrier has it: among it that its text is not needed any more."""
    known = When(gateway_reference="", then=Value(receipt.gateway_reference))
    return {
        "gateway": gateway,
        "gateway_reference": Case(known, default=F("gateway_reference")),
        "sent_at": Coalesce("sent_at", now),
        "settled_at": now,
        "sealed": None,
    }


def _sent(messages: "QuerySet[Message]", gateway: str, receipt: Receipt, now: datetime) -> bool:
    return bool(messages.filter(_had_it(gateway)).update(state=State.SENT, problem="", **_facts(gateway, receipt, now)))


def _delivered(messages: "QuerySet[Message]", gateway: str, receipt: Receipt, now: datetime) -> bool:
    open_ = _had_it(gateway) | Q(state=State.SENT)
    facts = _facts(gateway, receipt, now)
    if messages.filter(open_).update(state=State.DELIVERED, problem="", **facts):
        return True
    messages.filter(_same(receipt), state=State.FAILED, gateway=gateway, sent_at__isnull=False).update(problem=LATE)
    return False


def _failed(messages: "QuerySet[Message]", gateway: str, receipt: Receipt, now: datetime) -> bool:
    """Believed of the one copy there is. While another is on its way, or waits for its next try, that one counts."""
    first = Q(Q(state=State.SENDING), ~_tried(gateway))
    problem = receipt.problem[:80] or "not delivered"
    facts = _facts(gateway, receipt, now)
    failed = messages.filter(_same(receipt), first | Q(state=State.SENT))
    return bool(failed.update(state=State.FAILED, problem=problem, **facts))


def _delayed(messages: "QuerySet[Message]", gateway: str, receipt: Receipt, now: datetime) -> bool:
    moved = _sent(messages, gateway, receipt, now)
    noted = messages.filter(_same(receipt), state=State.SENT, delayed_at__isnull=True).update(delayed_at=now)
    return moved or bool(noted)


_APPLY = {"sent": _sent, "delivered": _delivered, "delayed": _delayed, "failed": _failed}
