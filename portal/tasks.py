"""Scheduled doors of the audit trail. What is told leaves through the outbox."""

from functools import partial

from celery import shared_task
from django.utils import timezone

from portal.audit import checking, heads, sealing
from portal.messaging import notices


@shared_task(name="audit.seal")
def seal() -> None:
    """Chain what was written since the last time."""
    sealing.seal(timezone.now())


@shared_task(name="audit.publish_head")
def publish_head() -> None:
    """The head of today: to the auditor, and into the folder off the box."""
    now = timezone.now()
    heads.publish(now, tell=partial(notices.to_auditor, now=now), alarm=partial(notices.alarm, now=now))


@shared_task(name="audit.check")
def check() -> None:
    """Verify the whole trail once a day."""
    now = timezone.now()
    checking.check_daily(now, alarm=partial(notices.alarm, now=now))


@shared_task(name="audit.verify")
def verify(kept: dict[str, str]) -> None:
    """Verify the trail because somebody asked for it, against the heads that they kept, by the name of their file."""
    parsed = {name: heads.parse(text) for name, text in kept.items()}
    checking.check_asked(timezone.now(), kept=parsed, clock=timezone.now)
