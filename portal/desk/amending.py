"""Proposing new contacts: off a signed form, or back to what was on file before a change that was not the client's."""

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import UnfreezeForm
from accounts.models import ContactChange, Customer
from accounts.services import amending, paper
from portal.approvals import policy
from portal.approvals.models import Proposal
from portal.approvals.rules import RefusedError
from portal.desk import kinds
from portal.desk.checklists import PaperForm
from portal.desk.finding import found_form
from portal.desk.guards import client_for, door, page, staff_with
from portal.desk.kinds import KINDS
from portal.desk.proposing import checked_by, made, passed
from portal.lib.masking import mask_email, mask_mobile

_KIND = "contacts"


class RestoreForm(UnfreezeForm):
    """Which change is taken back, why, and how the caller was recognised."""

    change = forms.ChoiceField(
        label=gettext_lazy("Change to take back"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say which change is taken back.")},
    )


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "accounts/customer/<int:pk>/amend-contacts/", amend, "desk_amend_contacts"),
        door(site, "accounts/customer/<int:pk>/restore-contact/", restore, "desk_restore_contact"),
    ]


def amend(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Record a signed form with its scan and its checks, and propose what it says."""
    staff = staff_with(request, policy.PROPOSE)
    client = client_for(pk, staff, "amend contacts")
    posted = request.method == "POST"
    initial: dict[str, object] = {"form": found_form(request, client)}
    form = PaperForm(request.POST if posted else None, request.FILES if posted else None, initial=initial)
    if form.is_valid() and _is_of(client, form):
        after = {
            **form.contacts,
            "channel": form.cleaned_data["channel"],
            "form": form.cleaned_data["form"],
            "checked": ", ".join(form.cleaned_data["checklist"]),
        }
        done = _propose(client, staff, form, after, evidence=[form.cleaned_data["scan"].file])
        if done:
            return made(request, done)
    facts = {"form": form, "megabytes": policy.EVIDENCE_SIZE // 1024**2}
    return _page(site, request, "amend_contacts", _("Record a signed form of %(client)s"), client, facts)


def _is_of(client: Customer, form: PaperForm) -> bool:
    """Whether the reference on the form, if it has one, leads to this client."""
    reference = form.cleaned_data["form"]
    if not reference or paper.is_of(client, reference):
        return True
    form.add_error("form", _("The form of this reference was not handed out to this client."))
    return False


def restore(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """After the identity check of a caller, propose to put back what a change replaced."""
    staff = staff_with(request, policy.PROPOSE)
    client = client_for(pk, staff, "restore contact")
    changes = {str(each.pk): each for each in amending.replaced(client, now=timezone.now())}
    form = RestoreForm(request.POST if request.method == "POST" else None)
    field = form.fields["change"]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - it is declared above
    field.choices = [(key, _told(each)) for key, each in changes.items()]
    if changes and form.is_valid() and passed(form, client, staff):
        change = changes[form.cleaned_data["change"]]
        done = _propose(client, staff, form, {change.contact: change.old, **checked_by(form)})
        if done:
            return made(request, done)
    facts = {"form": form, "any": bool(changes)}
    return _page(site, request, "restore_contact", _("Take back a change of %(client)s"), client, facts)


def _propose(
    client: Customer, staff: Customer, form: forms.Form, after: dict[str, str], evidence: list[Any] | None = None
) -> Proposal | None:
    """The proposal, or None with the reason on the form."""
    try:
        return kinds.propose(
            KINDS[_KIND],
            client,
            maker=staff,
            reason=form.cleaned_data["reason"],
            after=after,
            evidence=evidence or [],
            now=timezone.now(),
        )
    except RefusedError as problem:
        form.add_error(None, str(problem))
        return None


def _told(change: ContactChange) -> str:
    """A change in one line, contacts masked."""
    at = f"{timezone.localtime(change.ended_at):%Y-%m-%d %H:%M:%S}"
    mask = {"mobile": lambda value: mask_mobile(value).shown, "email": mask_email}.get(change.contact)
    old, new = (mask(value) if mask else "•••" if value else "" for value in (change.old, change.new))
    return _("%(at)s, %(contact)s, reference %(reference)s: %(new)s goes, %(old)s comes back") % {
        "at": at,
        "contact": change.get_contact_display(),
        "reference": change.reference,
        "old": old or "—",
        "new": new or "—",
    }


def _page(
    site: AdminSite, request: HttpRequest, name: str, title: str, client: Customer, facts: dict[str, Any]
) -> HttpResponse:
    titled = title % {"client": f"{client.login} {client.name}"}
    refusal = amending.why_not(client)
    return page(site, request, name, {"title": titled, "client": client, "refusal": refusal, **facts})
