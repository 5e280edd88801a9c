"""Scheduled doors of accounts."""

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from accounts.services import sign_ins


@shared_task(name="accounts.purge")
def purge() -> None:
    """Delete tries to log in that are older than the retention."""
    sign_ins.purge(timezone.now())


@shared_task(name="accounts.clear_staff_sessions")
def clear_staff_sessions() -> None:
    """Delete staff sessions that have expired."""
    call_command("clearsessions")
