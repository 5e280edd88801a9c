"""The daily check of the trail, and the memory of every check."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import translation

from portal.audit import policy, sealing, verifying
from portal.audit.heads import Head
from portal.audit.models import AuditCheck, AuditDuty
from portal.audit.verifying import Report

#: Writes to those who must know: subject and text.
Alarm = Callable[[str, str], object]
_DAILY, _ASKED = "check", "asked"  # the duties


def check(now: datetime, *, kept: Mapping[str, Head] | None = None) -> tuple[Report, AuditCheck]:
    """Chain what is still open, verify everything, and keep the result."""
    began = time.monotonic()
    sealing.seal(now, everything=True)
    report = verifying.verify(kept or {})
    stored = AuditCheck.objects.create(
        at=now,
        seconds=round(time.monotonic() - began),
        records=report.rows,
        last=report.last,
        heads=report.heads,
        faults=report.faults,
        worst=[fault.stored() for fault in report.worst],
        unchecked=[each.stored() for each in report.unchecked],
    )
    return report, stored


def check_daily(now: datetime, *, alarm: Alarm) -> AuditCheck | None:
    """The check of a day; None if that was done, or somebody else is at it. Tells of a broken trail.

    What stops a check is raised, after an alarm: a trail that cannot be read is no trail.
    """
    if not _claim(now):
        return None
    try:
        report, stored = check(now)
    except Exception as error:
        _set(now)
        alarm("The audit trail could not be checked", f"The daily check stopped: {type(error).__name__}. See the logs.")
        raise
    _set(now + policy.CHECK_EVERY)
    if report.faults:
        with translation.override("en"):
            lines = "\n".join(str(fault) for fault in report.worst)
        alarm("The audit trail is broken", f"Faults: {report.faults}. The first of them:\n\n{lines}\n")
    return stored


def check_asked(now: datetime, *, kept: Mapping[str, Head], clock: Callable[[], datetime]) -> AuditCheck | None:
    """The check that somebody asked for, against heads that they kept; None if another such check is at work.

    A task that is handed out twice finds the other at it. The result is the answer: nobody is alarmed besides.
    """
    if not _claim(now, _ASKED):
        return None
    try:
        _report, stored = check(now, kept=kept)
    finally:
        _set(clock(), _ASKED)
    return stored


def is_asked(now: datetime) -> bool:
    """Whether a check that somebody asked for is at work."""
    return AuditDuty.objects.filter(name=_ASKED, taken_until__gt=now).exists()


def _claim(now: datetime, name: str = _DAILY) -> bool:
    """Whether this process may do it now."""
    with transaction.atomic():
        duty, _ = AuditDuty.objects.select_for_update().get_or_create(name=name)
        if duty.taken_until and duty.taken_until > now:
            return False
        _set(now + policy.DUTY_LEASE, name)
    return True


def _set(taken_until: datetime, name: str = _DAILY) -> None:
    AuditDuty.objects.filter(name=name).update(taken_until=taken_until)
