"""Scheduled doors of proposals."""

from celery import shared_task
from django.utils import timezone

from portal.approvals import proposals, retention


@shared_task(name="approvals.lapse")
def lapse() -> None:
    """Close proposals that nobody decided in time."""
    proposals.lapse(timezone.now())


@shared_task(name="approvals.purge")
def purge() -> None:
    """Delete proposals and evidence that are kept no longer, and what is left of uploads that were broken off."""
    now = timezone.now()
    retention.purge(now)
    retention.drop_orphans(now)
