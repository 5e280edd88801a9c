"""The page of one client, and what a clerk does alone: unfreeze, end sessions, see a contact in full."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.forms import CallForm, ReasonForm
from accounts.models import Customer
from accounts.services import clients, contacting, holds, lockout
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError
from portal.approvals import proposals
from portal.desk import timeline
from portal.desk.actions import offered
from portal.desk.checklists import ChecklistForm
from portal.desk.guards import client_for, door, page, staff_with
from portal.desk.kinds import KINDS
from portal.letters.models import LIVE, Letter
from portal.messaging import notices

SEES = "accounts.view_customer"

_CONTACTS: dict[str, str | Promise] = {
    "mobile": gettext_lazy("Mobile"),
    "email": gettext_lazy("E-mail"),
    "postal_address": gettext_lazy("Correspondence address"),
}


class EndSessionsForm(ChecklistForm):
    """Why sessions are ended, and what was done before."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {
        "account": gettext_lazy("The account number was read back"),
        "told": gettext_lazy("Whoever asked knows that everybody on this account has to log in anew"),
    }


class RevealForm(ReasonForm):
    """Why, and which."""

    contacts = forms.MultipleChoiceField(
        label=gettext_lazy("Show in full"),
        choices=list(_CONTACTS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick what you need to see.")},
    )


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "accounts/customer/<int:pk>/", show, "accounts_customer_change"),
        door(site, "accounts/customer/<int:pk>/unfreeze/", unfreeze, "accounts_customer_unfreeze"),
        door(site, "accounts/customer/<int:pk>/end-sessions/", end_sessions, "accounts_customer_end_sessions"),
        door(site, "accounts/customer/<int:pk>/contacts/", reveal, "desk_contacts"),
    ]


def show(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """One client: state, what can be done, what waits, what happened."""
    staff = staff_with(request, SEES)
    client = client_for(pk, staff, "client")
    waiting = proposals.undecided().filter(subject=client)[: policy.OPEN_PROPOSALS_SHOWN]
    facts = {
        "title": f"{client.login} {client.name}",
        "file": clients.read(client),
        "timeline": timeline.read(client),
        "freeze_at": policy.FREEZE_AT,
        "refusal": lockout.may_unfreeze(client, staff, now=timezone.now()),
        "actions": offered(client, staff),
        "letters": Letter.objects.filter(customer=client, state__in=LIVE),
        "letters_free_until": holds.letters_lifted_until(client, now=timezone.now()),
        "unreachable": not notices.has_channel(client),
        "waiting": [{"proposal": each, "label": KINDS[each.kind].label} for each in waiting if each.kind in KINDS],
    }
    return page(site, request, "client", facts)


def unfreeze(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for reason and identity check, and unfreeze."""
    staff = staff_with(request, "accounts.unfreeze_wrong_codes")
    client = client_for(pk, staff, "unfreeze")
    form = CallForm(request.POST if request.method == "POST" else None)
    refusal = lockout.may_unfreeze(client, staff, now=timezone.now())
    if not refusal and form.is_valid():
        check = IdentityCheck(tuple(form.cleaned_data["questions"]), passed=form.cleaned_data["passed"])
        reason, call = form.cleaned_data["reason"], form.cleaned_data["call"]
        try:
            lockout.unfreeze(client, staff=staff, reason=reason, check=check, call=call, now=timezone.now())
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _read_back(client))
            return redirect("admin:accounts_customer_change", client.pk)
    facts = {"client": client, "form": form, "refusal": refusal, "unreachable": not notices.has_channel(client)}
    return page(site, request, "unfreeze", {"title": _titled(_("Unfreeze %(client)s"), client), **facts})


def _read_back(client: Customer) -> str:
    told = (
        _("A notice is on its way to the client.")
        if notices.has_channel(client)
        else _("No notice reaches this client: tell the client yourself.")
    )
    return _(
        'Unfrozen at %(time)s, reference %(reference)s. %(told)s Tell the caller: "Your online login is open '
        'again. Log in with your trading password and a new code."'
    ) % {
        "time": f"{timezone.localtime():%H:%M:%S}",
        "reference": client.freeze_reference,
        "told": told,
    }


def end_sessions(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for checklist and reason, and end every session of the client."""
    staff = staff_with(request, "accounts.end_sessions")
    client = client_for(pk, staff, "end sessions")
    form = EndSessionsForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            lockout.end_sessions(client, staff=staff, **form.cleaned_data)
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Every session of this client was ended."))
            return redirect("admin:accounts_customer_change", client.pk)
    facts = {"title": _titled(_("End sessions of %(client)s"), client), "client": client, "form": form}
    return page(site, request, "end_sessions", facts)


def reveal(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a reason, and show contacts in full in the answer, once: no other page and no cache holds it."""
    staff = staff_with(request, "accounts.reveal_contacts")
    client = client_for(pk, staff, "contacts")
    form = RevealForm(request.POST if request.method == "POST" else None)
    field = form.fields["contacts"]
    assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - it is declared above
    field.choices = [(name, label) for name, label in _CONTACTS.items() if getattr(client, name)]
    shown: list[dict[str, Any]] = []
    if form.is_valid():
        try:
            found = contacting.reveal(client, staff=staff, now=timezone.now(), **form.cleaned_data)
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            shown = [{"label": _CONTACTS[name], "value": value} for name, value in found.items()]
    facts = {"client": client, "form": form, "shown": shown, "any": bool(field.choices)}
    return page(site, request, "contacts", {"title": _titled(_("Contacts of %(client)s"), client), **facts})


def _titled(words: str, client: Customer) -> str:
    return words % {"client": f"{client.login} {client.name}"}
