"""Delivery receipts: they move a message forward, and touch nothing else."""

from uuid import UUID

import structlog
from django.utils import timezone

from portal.messaging.gateways.base import Receipt
from portal.messaging.models import Message, State

log = structlog.get_logger(__name__)


def take(gateway: str, receipt: Receipt) -> bool:
    """Apply one receipt; whether it moved anything. Repeated and late receipts change nothing."""
    try:
        reference = UUID(receipt.reference)
    except ValueError:
        return False
    now = timezone.now()
    moved = Message.objects.filter(
        pk=reference, state__in=[State.SENDING, State.SENT], gateway__in=["", gateway]
    ).update(
        state=State.DELIVERED if receipt.delivered else State.FAILED,
        problem="" if receipt.delivered else "not delivered",
        sealed=None,
        settled_at=now,
    )
    log.info("message.receipt", message=str(reference), delivered=receipt.delivered, moved=bool(moved))
    return bool(moved)
