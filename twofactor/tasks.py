"""Scheduled doors of the second factor."""

from celery import shared_task
from django.utils import timezone

from twofactor.services import challenges, login, rebinding, reset, switching, tokens


@shared_task(name="twofactor.purge")
def purge() -> None:
    """Delete spent challenges, old changes of method, bindings by letter, and keys that were never confirmed."""
    challenges.purge(timezone.now())
    switching.purge(timezone.now())
    rebinding.purge(timezone.now())
    tokens.purge(timezone.now())


@shared_task(name="twofactor.report_unfinished_logins")
def report_unfinished_logins() -> None:
    """Tell owners of right passwords that were not followed by a right code."""
    login.tell_unfinished(timezone.now())


@shared_task(name="twofactor.answer_resets")
def answer_resets() -> None:
    """E-mail codes to those who have forgotten their password."""
    reset.answer_asked()
