"""The daily report: made once for each day, kept, and announced to the security mailbox."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import Customer, Finding, FindingClient, FindingKind, SignIn, StaffDay, SurveillanceReport
from accounts.services import pace, suspicions
from accounts.services.staff import NotAllowedError
from accounts.services.suspicions import Period, Suspicion, Suspicions
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.messaging import notices

#: The deeds of staff that are counted.
_DEEDS: dict[FindingKind, tuple[str, Event]] = {
    FindingKind.SEARCHES_OF_STAFF: ("searches", Event.STAFF_SEARCHED),
    FindingKind.REVEALS_OF_STAFF: ("reveals", Event.STAFF_REVEALED),
    FindingKind.UNFREEZES_OF_STAFF: ("unfreezes", Event.ACCOUNT_UNFROZEN),
}

#: The column of a try that the key of these findings stands in; each of the others is about one client.
_BY_TRIES = {FindingKind.ACCOUNTS_OF_ADDRESS: "address", FindingKind.ACCOUNTS_OF_DEVICE: "device"}


def due(now: datetime) -> list[date]:
    """The days that lack a report, the oldest first: yesterday, and those before it that were left out."""
    yesterday = timezone.localdate(now, timezone.get_default_timezone()) - timedelta(days=1)
    window = [yesterday - timedelta(days=back) for back in reversed(range(policy.REPORT_CATCH_UP.days))]
    reports = SurveillanceReport.objects.filter(made_at__isnull=False)
    first = reports.aggregate(first=Min("day"))["first"] or yesterday
    made = set(reports.filter(day__gte=window[0]).values_list("day", flat=True))
    return [day for day in window if day not in made and (day > first or day == yesterday)]


def make(day: date, *, now: datetime) -> SurveillanceReport | None:
    """Look through one day; None if that was done before, or somebody else is at it.

    The counting holds no lock. Whoever stores first wins, and the e-mail leaves with what was stored.
    """
    if not _claim(day, now):
        return None
    period = _period(day)
    found = [suspicions.of_clients(kind, period) for kind in FindingKind if kind not in _DEEDS]
    attempts = suspicions.attempts(period)
    staff = _staff_days(period)
    found += [_of_staff(kind, staff, period) for kind in _DEEDS]
    with transaction.atomic():
        report = SurveillanceReport.objects.select_for_update().get(day=day)
        if report.made_at is not None:
            return None
        report.made_at = now
        report.attempts = attempts
        report.totals = {each.kind.value: each.total for each in found}
        report.save(update_fields=["made_at", "attempts", "totals"])
        for each in found:
            _keep(report, each)
        StaffDay.objects.bulk_create(_line(report, each) for each in staff)
        notices.alarm(f"Surveillance report {report.reference}", _summary(report), now=now)
    return report


def _claim(day: date, now: datetime) -> bool:
    """Whether this run may work on the report of the day."""
    SurveillanceReport.objects.get_or_create(day=day, defaults={"claimed_until": now})
    free = SurveillanceReport.objects.filter(day=day, made_at__isnull=True, claimed_until__lte=now)
    return bool(free.update(claimed_until=now + policy.REPORT_LEASE))


def _period(day: date) -> Period:
    """From midnight to midnight in Hong Kong."""
    zone = timezone.get_default_timezone()
    start = datetime.combine(day, time.min, tzinfo=zone)
    return Period(start, datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone))


def _keep(report: SurveillanceReport, found: Suspicions) -> None:
    names = Customer.objects.in_bulk([each.customer for each in found.worst if each.customer])
    findings = Finding.objects.bulk_create(
        Finding(
            report=report,
            kind=found.kind,
            place=place,
            key=names[each.customer].login if each.customer else each.key,
            measure=each.measure,
            successes=each.successes,
            clients=each.clients,
        )
        for place, each in enumerate(found.worst, 1)
    )
    FindingClient.objects.bulk_create(
        FindingClient(finding=finding, customer_id=client, place=place)
        for finding, each in zip(findings, found.worst, strict=True)
        for place, client in enumerate(each.concerned, 1)
    )


def _summary(report: SurveillanceReport) -> str:
    """Counts and the reference: whom it concerns is read on the desk alone."""
    with translation.override("en"):
        lines = [f"{FindingKind(kind).label}: {total}" for kind, total in report.totals.items()]
    return (
        f"Report {report.reference} on {report.day:%Y-%m-%d} in Hong Kong: {report.attempts} attempts to log in.\n\n"
        + "\n".join(lines)
        + "\n\nThe findings and the clients concerned stand on the staff desk, under Surveillance.\n"
    )


# --- Staff -------------------------------------------------------------------------------------------


def _deeds(period: Period) -> Q:
    return Q(pace.ALONE, at__gte=period.start, at__lt=period.end, actor__is_staff=True)


def _staff_days(period: Period) -> list[dict[str, Any]]:
    """Who did how much, the busiest first."""
    counted = {name: Count("pk", filter=Q(event=event)) for name, event in _DEEDS.values()}
    events = [event for _, event in _DEEDS.values()]
    by_staff = AuditRecord.objects.filter(_deeds(period), event__in=events).order_by().values("actor")
    busiest = by_staff.annotate(deeds=Count("pk"), **counted).order_by("-deeds", "actor")
    return [dict(row) for row in busiest[: policy.REPORT_STAFF]]


def _line(report: SurveillanceReport, day: Mapping[str, int]) -> StaffDay:
    return StaffDay(
        report=report,
        staff_id=day["actor"],
        searches=day["searches"],
        reveals=day["reveals"],
        unfreezes=day["unfreezes"],
    )


def _of_staff(kind: FindingKind, staff: Iterable[Mapping[str, int]], period: Period) -> Suspicions:
    """Members of staff who did more of one kind than the day's number, with the clients whom they did it to."""
    name, event = _DEEDS[kind]
    limit = policy.REPORT_DEEDS_OF_STAFF[name]
    over = sorted((day for day in staff if day[name] > limit), key=lambda day: -day[name])
    found = []
    for day in over[: policy.REPORT_FINDINGS]:
        deeds = AuditRecord.objects.filter(_deeds(period), event=event, actor=day["actor"], subject__is_staff=False)
        subjects = deeds.order_by().values("subject").annotate(deeds=Count("pk")).order_by("-deeds", "subject")
        found.append(
            Suspicion(
                key="",
                measure=day[name],
                customer=day["actor"],
                clients=deeds.aggregate(clients=Count("subject", distinct=True))["clients"],
                concerned=[row["subject"] for row in subjects[: policy.REPORT_CLIENTS]],
            )
        )
    return Suspicions(kind, found, len(over))


# --- Reading -----------------------------------------------------------------------------------------


@transaction.atomic
def read(day: date, *, staff: Customer) -> SurveillanceReport | None:
    """The report of a day for one who may read it, which is written down; None if there is none.

    Raises `NotAllowedError`.
    """
    if not staff.has_perm("accounts.read_surveillance"):
        raise NotAllowedError(_("Your role does not read the surveillance report."))
    report = SurveillanceReport.objects.filter(day=day, made_at__isnull=False).first()
    if report:
        record(Event.SURVEILLANCE_READ, actor=staff, facts={"reference": report.reference})
    return report


def concerned(finding: Finding) -> QuerySet[Customer]:
    """Every client whom a finding concerns, by number: the report itself keeps the first of them."""
    period = _period(finding.report.day)
    kind = FindingKind(finding.kind)
    clients = Customer.objects.filter(is_staff=False).order_by("login")
    if kind in _BY_TRIES:
        key = {_BY_TRIES[kind]: finding.key}
        tries = SignIn.objects.filter(at__gte=period.start, at__lt=period.end, **key).exclude(platform="staff")
        return clients.filter(pk__in=tries.exclude(customer=None).values("customer"))
    if kind in _DEEDS:
        deeds = AuditRecord.objects.filter(_deeds(period), event=_DEEDS[kind][1], actor__login=finding.key)
        return clients.filter(pk__in=deeds.exclude(subject=None).values("subject"))
    return clients.filter(pk__in=finding.concerned.values("customer"))


def purge(now: datetime) -> int:
    """Delete reports that are older than the attempts they speak of; how many."""
    day = timezone.localdate(now, timezone.get_default_timezone()) - settings.RETENTION_SIGN_INS
    old = SurveillanceReport.objects.filter(day__lt=day)
    deleted = old.count()
    old.delete()
    return deleted
