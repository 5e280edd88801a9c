"""Letters with a code: what waits where, marking them posted, and one letter with what can be done about it."""

from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, reverse_lazy
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.forms import ReasonForm
from accounts.models import Customer
from accounts.services.staff import own_client_ids
from portal.desk.guards import client_for, door, page, staff_with
from portal.letters import policy, posting, printing
from portal.letters.models import Letter, PrintRun, RunState, State

SEES = "accounts.view_customer"
_PRINTED = reverse_lazy("admin:desk_letters", query={"show": "printed"})
_UNPRINTABLE = ~Q(unprintable="") | Q(customer__postal_address="")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A choice of letters, by where they are."""

    label: str | Promise
    rule: Q
    order: tuple[str, ...]


SHELVES: dict[str, Shelf] = {
    "waiting": Shelf(gettext_lazy("To be printed"), Q(state=State.MADE) & ~_UNPRINTABLE, ("made_at", "pk")),
    "held": Shelf(gettext_lazy("Cannot be printed"), Q(state=State.MADE) & _UNPRINTABLE, ("made_at", "pk")),
    "printer": Shelf(
        gettext_lazy("At the printer"), Q(state=State.PRINTED, run__state=RunState.OPEN), ("printed_at", "pk")
    ),
    "printed": Shelf(
        gettext_lazy("To be posted"), Q(state=State.PRINTED, run__state=RunState.GOOD), ("printed_at", "pk")
    ),
    "posted": Shelf(gettext_lazy("Posted"), Q(state=State.POSTED), ("-posted_at", "pk")),
    "over": Shelf(gettext_lazy("Over"), Q(state__in=[State.USED, State.LAPSED, State.VOIDED]), ("-ended_at", "pk")),
}


class TrackingForm(forms.Form):
    """The tracking number of every letter that is ticked, unless it has one of its own."""

    tracking = forms.CharField(
        label=gettext_lazy("Tracking number of those without their own"),
        required=False,
        max_length=Letter._meta.get_field("tracking").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "letters/", shelf, "desk_letters"),
        door(site, "letters/post/", post, "desk_post_letters"),
        door(site, "letters/<uuid:pk>/", letter, "desk_letter"),
    ]


# --- The shelves -----------------------------------------------------------------------------------------


def shelf(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The letters of one place, without those of own accounts; how many can be printed; the runs to be judged."""
    staff = staff_with(request, SEES)
    asked = request.GET.get("show", "")
    chosen = asked if asked in SHELVES else "waiting"
    paged: Page[Letter] = Paginator(_on(SHELVES[chosen], staff), policy.PAGE).get_page(request.GET.get("page"))
    prints = staff.has_perm(policy.PRINT)
    mine = printing.waiting(staff) if prints and chosen == "waiting" else Letter.objects.none()
    facts = {
        "title": _("Letters"),
        "shelves": [{"name": name, "label": each.label} for name, each in SHELVES.items()],
        "chosen": chosen,
        "paged": paged,
        "prints": prints,
        "ready": mine.filter(unprintable="").count(),
        "tries": mine.exists(),  # what lacked a sign is tried again with every run: it may have been mended
        "most": policy.RUN,
        "open_runs": PrintRun.objects.filter(state=RunState.OPEN).select_related("printer") if prints else [],
        "form": TrackingForm(),
    }
    return page(site, request, "letters", facts)


def _on(chosen: Shelf, staff: Customer) -> QuerySet[Letter]:
    found = Letter.objects.filter(chosen.rule).exclude(customer__in=own_client_ids(staff))
    return found.select_related("customer", "run", "maker").order_by(*chosen.order)


def post(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Mark the ticked letters posted, now."""
    staff = staff_with(request, policy.PRINT)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = TrackingForm(request.POST)
    ticked = request.POST.getlist("letter")[: policy.PAGE]
    if not form.is_valid() or not ticked:
        messages.error(request, _("Tick the letters that were posted."))
        return redirect(_PRINTED)
    shared = form.cleaned_data["tracking"]
    numbers = {key: request.POST.get(f"tracking-{key}", "").strip() or shared for key in map(_key, ticked) if key}
    posted = posting.post(numbers, staff=staff, now=timezone.now())
    if posted:
        said = ngettext(
            "%(count)d letter is posted; the client is told.",
            "%(count)d letters are posted; the clients are told.",
            len(posted),
        )
        messages.success(request, said % {"count": len(posted)})
    if len(posted) < len(ticked):
        messages.warning(request, _("Not all of them could be posted: look where the others are."))
    return redirect(_PRINTED)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- One letter ------------------------------------------------------------------------------------------


def letter(site: AdminSite, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Read how far it got; with a reason take it back."""
    staff = staff_with(request, SEES)
    if request.method == "POST" and not staff.has_perm(policy.PRINT):
        raise PermissionDenied
    shown = _shown(pk, staff)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        refusal = posting.withdraw(shown.pk, staff=staff, reason=form.cleaned_data["reason"], now=timezone.now())
        if not refusal:
            messages.success(request, _("Withdrawn. Its code is worth nothing."))
            return redirect("admin:desk_letter", pk)
        form.add_error(None, refusal)
        shown = _found(pk)
    facts = {
        "title": f"{shown.get_kind_display().capitalize()} {shown.reference}",
        "letter": shown,
        "no_address": shown.state == State.MADE and not shown.customer.postal_address,
        "withdraws": shown.live and staff.has_perm(policy.PRINT),
        "prints": staff.has_perm(policy.PRINT),
        "form": form,
    }
    return page(site, request, "letter", facts)


def _found(pk: UUID) -> Letter:
    found = Letter.objects.filter(pk=pk).select_related("customer", "run", "maker", "checker", "printer").first()
    if found is None:
        raise Http404
    return found


def _shown(pk: UUID, staff: Customer) -> Letter:
    """The letter; that it was opened is written down on its client. Raises `Http404`, `PermissionDenied`."""
    found = _found(pk)
    client_for(found.customer_id, staff, "letter")
    return found
