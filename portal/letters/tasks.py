"""Scheduled doors of letters and forms."""

from celery import shared_task
from django.utils import timezone

from portal.letters import letters, paper_form, printing


@shared_task(name="letters.end")
def end() -> None:
    """Close letters whose time is over, and fail runs of the printer that nobody judged."""
    now = timezone.now()
    letters.lapse(now)
    printing.fail_unjudged(now)


@shared_task(name="letters.purge")
def purge() -> None:
    """Delete letters that are kept no longer, and what is known of forms that were handed out long ago."""
    now = timezone.now()
    letters.purge(now)
    paper_form.purge(now)
