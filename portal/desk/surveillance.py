"""The daily report on the desk."""

from datetime import date

from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import FindingKind, SurveillanceReport
from accounts.services import surveillance
from portal.desk.guards import door, page, staff_with

PERMISSION = "accounts.read_surveillance"
_PER_PAGE = 31  # days
_CLIENTS_PER_PAGE = 100

#: What was counted, as the head of a column.
_MEASURES = {
    FindingKind.SUCCESS_AFTER_FAILURES: gettext_lazy("Wrong passwords before"),
    FindingKind.RIGHT_PASSWORD_WRONG_CODES: gettext_lazy("Wrong codes"),
    FindingKind.ACCOUNTS_OF_ADDRESS: gettext_lazy("Account numbers tried"),
    FindingKind.ACCOUNTS_OF_DEVICE: gettext_lazy("Account numbers tried"),
    FindingKind.PLACES_OF_ACCOUNT: gettext_lazy("Network addresses"),
    FindingKind.SEARCHES_OF_STAFF: gettext_lazy("Searches"),
    FindingKind.REVEALS_OF_STAFF: gettext_lazy("Contacts shown"),
    FindingKind.UNFREEZES_OF_STAFF: gettext_lazy("Unfrozen"),
}


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "surveillance/", reports, "desk_surveillance"),
        door(site, "surveillance/<str:day>/", report, "desk_surveillance_report"),
        door(site, "surveillance/<str:day>/<int:pk>/", concerned, "desk_surveillance_clients"),
    ]


def reports(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The days, a month a page."""
    staff_with(request, PERMISSION)
    days = SurveillanceReport.objects.filter(made_at__isnull=False)
    before = _day(request.GET["before"]) if "before" in request.GET else None
    if before:
        days = days.filter(day__lt=before)
    shown = list(days[: _PER_PAGE + 1])
    facts = {
        "title": _("Surveillance"),
        "reports": [(each, sum(each.totals.values())) for each in shown[:_PER_PAGE]],
        "older": shown[_PER_PAGE - 1].day.isoformat() if len(shown) > _PER_PAGE else "",
    }
    return page(site, request, "surveillance", facts)


def report(site: AdminSite, request: HttpRequest, day: str) -> HttpResponse:
    """One day: what was found, and the clients whom it leads to."""
    staff = staff_with(request, PERMISSION)
    found = surveillance.read(_day(day), staff=staff)
    if found is None:
        raise Http404
    findings = list(found.findings.prefetch_related("concerned__customer"))
    facts = {
        "title": _("Surveillance report %(reference)s") % {"reference": found.reference},
        "report": found,
        "kinds": [
            {
                "name": kind.value,
                "label": kind.label,
                "measure": _MEASURES[kind],
                "total": found.totals.get(kind, 0),
                "findings": [each for each in findings if each.kind == kind],
            }
            for kind in FindingKind
        ],
        "staff_days": found.staff_days.select_related("staff"),
    }
    return page(site, request, "surveillance_report", facts)


def concerned(site: AdminSite, request: HttpRequest, day: str, pk: int) -> HttpResponse:
    """Every client of one finding, a page at a time."""
    staff = staff_with(request, PERMISSION)
    found = surveillance.read(_day(day), staff=staff)
    finding = found.findings.filter(pk=pk).select_related("report").first() if found else None
    if finding is None:
        raise Http404
    clients = surveillance.concerned(finding)
    facts = {
        "title": _("Clients of a finding"),
        "finding": finding,
        "report": finding.report,
        "paged": Paginator(clients, _CLIENTS_PER_PAGE).get_page(request.GET.get("page")),
    }
    return page(site, request, "surveillance_clients", facts)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
