"""Scheduled doors of letters and forms."""

from celery import shared_task
from django.utils import timezone

from portal.letters import paper_form


@shared_task(name="letters.purge_forms")
def purge_forms() -> None:
    """Delete what is known of forms that were handed out long ago."""
    paper_form.purge(timezone.now())
