"""Scheduled doors of accounts."""

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from accounts import policy
from accounts.services import contact, freeze_runs, password, reset, sign_ins, surveillance, unfreeze_runs


@shared_task(name="accounts.purge")
def purge() -> None:
    """Delete tries to log in that are older than the retention, contacts that were replaced long ago, and journeys of
    forgotten passwords."""
    now = timezone.now()
    reset.purge(now)
    sign_ins.purge(now)
    contact.purge(now)


@shared_task(name="accounts.remind_of_passwords")
def remind_of_passwords() -> None:
    """Tell clients whose password is old."""
    password.remind(timezone.now())


@shared_task(name="accounts.clear_staff_sessions")
def clear_staff_sessions() -> None:
    """Delete staff sessions that have expired."""
    call_command("clearsessions")


@shared_task(name="accounts.surveil")
def surveil() -> None:
    """Make the daily report of each day that lacks one, and delete those that are too old."""
    now = timezone.now()
    for day in surveillance.due(now):
        surveillance.make(day, now=now)
    surveillance.purge(now)


@shared_task(name="accounts.freeze_on")
def freeze_on() -> None:
    """Go on where lists of accounts stopped, freezing first; forget those that were never confirmed."""
    frozen = freeze_runs.work_off()
    unfreeze_runs.work_off(bite=policy.FREEZE_RUN_BITE - frozen)
    freeze_runs.purge(timezone.now())
