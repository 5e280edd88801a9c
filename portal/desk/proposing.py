"""Proposing what takes a second person: one page for each kind, with its checklist and the reason."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import UnfreezeForm
from accounts.models import Customer, FreezeRun, ItemState
from accounts.services import freeze_runs, lockout, unfreeze_runs
from portal.approvals import policy
from portal.approvals.models import Proposal, State
from portal.approvals.rules import RefusedError
from portal.desk import kinds
from portal.desk.checklists import ChecklistForm, PaperForm
from portal.desk.guards import client_for, door, page, staff_with
from portal.desk.kinds import KINDS, Kind
from portal.lib.digits import six_digits
from portal.lib.masking import mask_mobile

_REVISION_DIGITS = 6
_LONGEST_LIST = policy.ACCOUNTS * 8  # characters


class ListForm(ChecklistForm):
    """Why, and what was done before."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {
        "over": gettext_lazy("What these accounts were frozen for is over"),
        "list": gettext_lazy("The list was compared with the one of the freeze"),
    }


class BulkForm(ListForm):
    """Which accounts, what was done before, and why."""

    accounts = forms.CharField(
        label=gettext_lazy("Account numbers"),
        max_length=_LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("accounts", "checklist", "reason")


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "accounts/customer/<int:pk>/propose-unfreeze/", unfreeze, "desk_propose_unfreeze"),
        door(site, "accounts/customer/<int:pk>/withdraw-method/", withdraw_method, "desk_withdraw_method"),
        door(site, "accounts/customer/<int:pk>/rebinding-letter/", rebinding_letter, "desk_rebinding_letter"),
        door(site, "accounts/customer/<int:pk>/password-letter/", password_letter, "desk_password_letter"),
        door(site, "queue/bulk-unfreeze/", bulk_unfreeze, "desk_bulk_unfreeze"),
        door(site, "queue/list-unfreeze/<int:pk>/", list_unfreeze, "desk_list_unfreeze"),
        door(site, "queue/<uuid:pk>/mend/", mend, "desk_mend"),
    ]


def unfreeze(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to unfreeze what nobody unfreezes alone."""
    return _one(site, request, pk, KINDS["unfreeze"])


def withdraw_method(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to withdraw a mobile security code."""
    return _one(site, request, pk, KINDS["withdraw_method"])


def rebinding_letter(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to send a letter with which a client binds another phone."""
    return _one(site, request, pk, KINDS["rebinding_letter"])


def password_letter(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to send a letter with which a client sets a password."""
    return _one(site, request, pk, KINDS["password_letter"])


def _one(site: AdminSite, request: HttpRequest, pk: int, kind: Kind) -> HttpResponse:
    """Ask for the identity check and the reason, and propose."""
    staff = staff_with(request, policy.PROPOSE)
    client = client_for(pk, staff, f"propose {kind.name}")
    refusal = kind.why_not(staff, client, now=timezone.now())
    form = UnfreezeForm(request.POST if request.method == "POST" else None)
    if not refusal and form.is_valid() and passed(form, client, staff):
        try:
            proposal = kinds.propose(
                kind,
                client,
                maker=staff,
                reason=form.cleaned_data["reason"],
                after=checked_by(form),
                now=timezone.now(),
            )
        except RefusedError as problem:
            form.add_error(None, str(problem))
        else:
            return made(request, proposal)
    facts = {"client": client, "form": form, "refusal": refusal, "mobile": mask_mobile(client.mobile).shown}
    return _asked(site, request, kind, facts)


def passed(form: UnfreezeForm, client: Customer, staff: Customer) -> bool:
    """Whether the caller passed the identity check; one who did not is on record."""
    if form.cleaned_data["passed"]:
        return True
    asked, reason = form.cleaned_data["questions"], form.cleaned_data["reason"]
    lockout.record_failed_check(client, staff=staff, questions=asked, reason=reason)
    form.add_error(None, _("The identity check was not passed: nothing is proposed."))
    return False


def checked_by(form: UnfreezeForm) -> dict[str, str]:
    """The identity check as the facts of a proposal hold it: what was asked, never what was answered."""
    return {"questions": ", ".join(form.cleaned_data["questions"]), "passed": "yes"}


def made(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """To the proposal, with its number and its deadline."""
    messages.success(
        request,
        _("Proposed, case number %(reference)s. A colleague has to approve it by %(time)s.")
        % {"reference": proposal.reference, "time": f"{timezone.localtime(proposal.lapses_at):%Y-%m-%d %H:%M}"},
    )
    return redirect("admin:desk_proposal", proposal.pk)


def _asked(site: AdminSite, request: HttpRequest, kind: Kind, facts: dict[str, Any]) -> HttpResponse:
    return page(site, request, "propose", {"title": kind.label, "kind": kind, **facts})


# --- Many -------------------------------------------------------------------------------------------------


def bulk_unfreeze(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Propose to unfreeze typed accounts; whoever asks for a frozen list is led to its page."""
    staff = staff_with(request, policy.PROPOSE)
    kind = KINDS["bulk_unfreeze"]
    asked = request.GET.get("list", "")
    run = unfreeze_runs.find(asked)
    if run is not None:
        return redirect("admin:desk_list_unfreeze", run.pk)
    form = BulkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            proposal = kinds.propose(
                kind,
                *_listed(form.cleaned_data["accounts"]),
                maker=staff,
                reason=form.cleaned_data["reason"],
                after={"checked": ", ".join(form.cleaned_data["checklist"])},
                now=timezone.now(),
            )
        except RefusedError as problem:
            form.add_error(None, str(problem))
        else:
            return made(request, proposal)
    return _asked(site, request, kind, {"form": form, "most": policy.ACCOUNTS, "no_list": bool(asked)})


def _listed(typed: str) -> list[Customer]:
    """The clients of a typed list. Raises `RefusedError`."""
    numbers = {six_digits(word) or "" for word in typed.replace(",", " ").split()}
    found = list(Customer.objects.filter(login__in=numbers, is_staff=False)[: policy.ACCOUNTS + 1])
    if len(found) != len(numbers):
        raise RefusedError(
            _("Of %(count)d numbers %(found)d are account numbers of clients: correct the list.")
            % {"count": len(numbers), "found": len(found)}
        )
    return found


def list_unfreeze(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Say how many accounts a list still holds frozen, and propose to unfreeze them, however many they are."""
    staff = staff_with(request, policy.PROPOSE)
    kind = KINDS["list_unfreeze"]
    run = get_object_or_404(FreezeRun, pk=pk)
    form = ListForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            proposal = kinds.propose(
                kind,
                run,
                maker=staff,
                reason=form.cleaned_data["reason"],
                after={"checked": ", ".join(form.cleaned_data["checklist"])},
                now=timezone.now(),
            )
        except RefusedError as problem:
            form.add_error(None, str(problem))
        else:
            return made(request, proposal)
    facts = {
        "form": form,
        "run": run,
        "frozen": freeze_runs.progress(run)[ItemState.FROZEN],
        "held": freeze_runs.still_frozen(run).count(),
        "back": run.unfreezes.first(),
        "refusal": unfreeze_runs.why_not_propose(staff, run, now=timezone.now()),
    }
    return _asked(site, request, kind, facts)


# --- Mending ----------------------------------------------------------------------------------------------


def mend(site: AdminSite, request: HttpRequest, pk: str) -> HttpResponse:
    """Send one's own proposal again, after it was returned."""
    staff = staff_with(request, policy.PROPOSE)
    proposal = Proposal.objects.select_related("subject").filter(pk=pk, maker=staff, state=State.RETURNED).first()
    if proposal is None:
        raise Http404
    kind, client = KINDS[proposal.kind], None
    if proposal.subject_id:
        client = client_for(proposal.subject_id, staff, f"mend {kind.name}")
    form = _mending(proposal, request)
    if form.is_valid() and (client is None or not isinstance(form, UnfreezeForm) or passed(form, client, staff)):
        checked = {**proposal.after, **(checked_by(form) if isinstance(form, UnfreezeForm) else {})}
        try:
            sent = kinds.resubmit(
                proposal,
                revision=revision_of(request),
                maker=staff,
                reason=form.cleaned_data["reason"],
                after=checked,
                now=timezone.now(),
            )
        except RefusedError as problem:
            form.add_error(None, str(problem))
        else:
            return made(request, sent)
    facts = {"form": form, "proposal": proposal, "client": client, "most": policy.ACCOUNTS}
    return _asked(site, request, kind, facts)


def _mending(proposal: Proposal, request: HttpRequest) -> "ChecklistForm | UnfreezeForm":
    """The form of its kind, filled in as it was. Which accounts it is about does not change."""
    posted = request.POST if request.method == "POST" else None
    after = proposal.after
    if proposal.subject_id is None:
        return ListForm(posted, initial={"reason": proposal.reason})
    if "channel" in after:
        return PaperForm.without_contacts(posted, reason=proposal.reason)
    asked = after["questions"].split(", ")
    return UnfreezeForm(posted, initial={"reason": proposal.reason, "questions": asked})


def revision_of(request: HttpRequest) -> int:
    """Which revision of a proposal lay on the page that was sent; none that exists, if that is no number."""
    typed = request.POST.get("revision", "")
    return int(typed) if typed.isdecimal() and len(typed) <= _REVISION_DIGITS else 0
