"""The audit trail on the desk: read by page, exported by period, and what the last check found. Reading is recorded."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from portal.audit import exporting, policy
from portal.audit.events import Event
from portal.audit.exporting import FORMS, Period, PeriodError
from portal.audit.models import AuditCheck, AuditHead, AuditRecord
from portal.audit.trail import record
from portal.audit.words import Finding
from portal.desk.event_words import EVENTS
from portal.desk.guards import door, page, staff_with

SEES, EXPORTS = "audit.view_audit", "audit.export_audit"
PAGE = 50  # rows

_EVENTS = [(event.value, EVENTS[event]) for event in Event]


class DayField(forms.DateField):
    """A day within reach of every database and zone."""

    widget = forms.DateInput({"type": "date"})
    default_validators = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(9000, 1, 1)))  # type: ignore[assignment]


class FilterForm(forms.Form):
    """What to show; nothing is required."""

    first = DayField(label=gettext_lazy("From"), required=False)
    last = DayField(label=gettext_lazy("To"), required=False)
    event = forms.ChoiceField(
        label=gettext_lazy("Event"), required=False, choices=[("", gettext_lazy("Everything")), *_EVENTS]
    )
    actor = forms.CharField(label=gettext_lazy("Done by"), required=False, max_length=32)
    client = forms.CharField(label=gettext_lazy("Account"), required=False, max_length=32)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput())


class PeriodForm(forms.Form):
    """What to export."""

    first = DayField(label=gettext_lazy("From"))
    last = DayField(label=gettext_lazy("To"))
    form = forms.ChoiceField(label=gettext_lazy("Form"), choices=[(each, each) for each in FORMS])


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the trail."""

    record: AuditRecord
    event: str
    facts: str
    place: int | None  # in the chain; None: not chained yet


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "audit/", trail, "desk_audit"),
        door(site, "audit/export/", export, "desk_audit_export"),
    ]


def trail(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """A page of the trail, newest first, with the last check and the last head."""
    staff = staff_with(request, SEES)
    form = FilterForm(request.GET)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    rows, older = _rows(asked) if form.is_valid() else ([], 0)
    seen = {name: str(asked[name]) for name in ("first", "last", "event", "actor", "client") if asked.get(name)}
    record(Event.AUDIT_READ, actor=staff, facts={"filter": ", ".join(f"{name} {each}" for name, each in seen.items())})
    query = request.GET.copy()
    query["before"] = str(older)
    check = AuditCheck.objects.first()
    facts = {
        "title": _("Audit trail"),
        "form": form,
        "lines": rows,
        "older": query.urlencode() if older else "",
        "check": check,
        "faults": [str(Finding(each["code"], each["values"])) for each in check.worst] if check else [],
        "unchecked": [str(Finding(each["code"], each["values"])) for each in check.unchecked] if check else [],
        "head": AuditHead.objects.first(),
        "exports": staff.has_perm(EXPORTS),
    }
    return page(site, request, "audit", facts)


def _rows(asked: dict[str, Any]) -> tuple[list[Line], int]:
    """The rows that were asked for, and the id beyond which the next page begins; 0 if this is the last."""
    rules = Q()
    zone = timezone.get_default_timezone()
    if asked["first"]:
        rules &= Q(at__gte=datetime.combine(asked["first"], time.min, tzinfo=zone))
    if asked["last"]:
        rules &= Q(at__lt=datetime.combine(asked["last"] + timedelta(days=1), time.min, tzinfo=zone))
    if asked["event"]:
        rules &= Q(event=asked["event"])
    for name, column in (("actor", "actor"), ("client", "subject")):
        if asked[name]:
            person = Customer.objects.filter(login=asked[name].strip()).first()
            rules &= Q(**{column: person}) if person else Q(pk__in=[])
    if asked["before"]:
        rules &= Q(pk__lt=asked["before"])
    found = AuditRecord.objects.filter(rules).select_related("actor", "subject").order_by("-pk")
    rows = list(found.annotate(place=F("link__position"))[: PAGE + 1])
    return [_line(each) for each in rows[:PAGE]], rows[PAGE - 1].pk if len(rows) > PAGE else 0


def _line(each: AuditRecord) -> Line:
    words = EVENTS.get(Event(each.event)) if each.event in set(Event) else None
    facts = ", ".join(f"{name}: {value}" for name, value in each.facts.items())
    return Line(each, str(words or each.event), facts, getattr(each, "place", None))


def export(site: AdminSite, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Ask for a period, and hand it out as a file, a page of rows at a time."""
    staff = staff_with(request, EXPORTS)
    form = PeriodForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            file = exporting.export(Period(asked["first"], asked["last"]), asked["form"], by=staff)
        except PeriodError:
            words = _("A period of 1 to %(days)d days can be exported at a time.")
            form.add_error(None, words % {"days": policy.EXPORT_DAYS})
        else:
            headers = {
                "Content-Disposition": f'attachment; filename="{file.name}"',
                "X-Content-Type-Options": "nosniff",
            }
            return StreamingHttpResponse(file.lines, content_type=file.content_type, headers=headers)
    return page(site, request, "audit_export", {"title": _("Export of the audit trail"), "form": form})
