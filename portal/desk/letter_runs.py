"""Printing letters: the file that leaves once, and the run that is called good or failed."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import Customer
from accounts.services.staff import own_client_ids
from portal.desk.guards import door, page, staff_with
from portal.letters import policy, printing
from portal.letters.models import Letter, PrintRun, RunState
from portal.letters.typesetting import TypesettingFailed


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "letters/print/", start, "desk_print_letters"),
        door(site, "letters/runs/<uuid:pk>/", run, "desk_letter_run"),
    ]


@sensitive_variables()
def start(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Begin a run, and hand out its file as a download. No other request gets it, and nothing here keeps it.

    No report of a fault shows a variable from here on down: some hold codes.
    """
    staff = staff_with(request, policy.PRINT)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        started = printing.start(staff, now=timezone.now())
    except TypesettingFailed:
        messages.error(request, _("The file could not be made. The letters wait as before; tell the operator."))
        return redirect("admin:desk_letters")
    if started is None:
        messages.warning(request, _("There is nothing that you could print now."))
        return redirect("admin:desk_letters")
    return HttpResponse(
        started.pdf,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="letters-{started.run.reference}.pdf"',
            "Cache-Control": "no-store, private",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )


def run(site: AdminSite, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Look whether every sheet is there, and call the run good or failed."""
    staff = staff_with(request, policy.PRINT)
    shown = PrintRun.objects.filter(pk=pk).select_related("printer").first()
    if shown is None:
        raise Http404
    if request.POST.get("verdict") in _VERDICTS:
        said = _judged(shown, request.POST["verdict"], staff)
        if said:
            messages.success(request, said)
        else:
            messages.error(request, _("It is judged already."))
        return redirect("admin:desk_letter_run", pk)
    sheets = Letter.objects.filter(run=shown).exclude(customer__in=own_client_ids(staff)).select_related("customer")
    facts = {
        "title": _("Print run %(reference)s") % {"reference": shown.reference},
        "run": shown,
        "open": shown.state == RunState.OPEN,
        "until": shown.started_at + policy.CONFIRM_WITHIN,
        "sheets": sheets.order_by("made_at", "pk"),
    }
    return page(site, request, "letter_run", facts)


_VERDICTS = {RunState.GOOD.value, RunState.FAILED.value}


def _judged(shown: PrintRun, verdict: str, staff: Customer) -> str:
    """What came of the verdict, in words; empty if the run was judged before."""
    now = timezone.now()
    if verdict == RunState.GOOD:
        return _("The letters can be posted.") if printing.confirm(shown, staff=staff, now=now) else ""
    failed = printing.fail(shown, staff=staff, now=now)
    if failed is None:
        return ""
    return _(
        "The codes of %(voided)d letters are void; %(made)d of them wait to be printed anew, with other codes."
    ) % {"voided": failed.voided, "made": failed.made}
