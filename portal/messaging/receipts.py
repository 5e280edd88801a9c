"""Delivery receipts: they move a message forward, and touch nothing else."""

from uuid import UUID

import structlog
from django.db.models import Q
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
    # Queued again after a try: the carrier had taken it, and its answer was lost.
    handed_over = Q(state__in=[State.SENDING, State.SENT]) | Q(state=State.QUEUED, tries__gt=0)
    moved = Message.objects.filter(handed_over, pk=reference, gateway__in=["", gateway]).update(
        state=State.DELIVERED if receipt.delivered else State.FAILED,
        problem="" if receipt.delivered else "not delivered",
        sealed=None,
        settled_at=now,
    )
    log.info("message.receipt", message=str(reference), delivered=receipt.delivered, moved=bool(moved))
    return bool(moved)
