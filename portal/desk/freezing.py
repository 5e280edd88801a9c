"""Freezing one client, and trying whether a client can be reached."""

from typing import ClassVar

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

from accounts.models import Customer, FreezeCause
from accounts.services import contacting, freezing
from accounts.services.staff import NotAllowedError
from portal.desk.checklists import ChecklistForm
from portal.desk.guards import client_for, door, page, staff_with
from portal.messaging import notices

_CAUSES = {
    FreezeCause.STAFF: gettext_lazy("At the client’s request, or as a precaution"),
    FreezeCause.FRAUD: gettext_lazy("Suspected fraud: a second person has to approve the unfreeze"),
}


class FreezeForm(ChecklistForm):
    """Why, for which cause, and what was done before."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {
        "account": gettext_lazy("The account number was read back, or stands in the report in front of me"),
        "told": gettext_lazy("Whoever asked knows that online login stays shut until the client’s identity is checked"),
    }

    cause = forms.ChoiceField(label=gettext_lazy("Cause"), widget=forms.RadioSelect)
    field_order = ("cause", "checklist", "reason")

    def __init__(self, data: object, *, causes: list[FreezeCause]) -> None:
        super().__init__(data)
        field = self.fields["cause"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - it is declared above
        field.choices = [(cause.value, _CAUSES[cause]) for cause in causes]
        field.initial = causes[0].value if causes else None


class TestNoticeForm(ChecklistForm):
    """Why a test is sent, and what was done before."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {
        "contacts": gettext_lazy("The caller named the contacts on file, or their last signs"),
        "told": gettext_lazy("The client knows that a test comes, and that nobody asks for a code"),
    }


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages."""
    return [
        door(site, "accounts/customer/<int:pk>/freeze/", freeze, "desk_freeze"),
        door(site, "accounts/customer/<int:pk>/test-notice/", test_notice, "desk_test_notice"),
    ]


def freeze(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for cause, checklist and reason, and freeze."""
    staff = staff_with(request, "accounts.freeze_one")
    client = client_for(pk, staff, "freeze")
    refusals = {cause: freezing.may_freeze(client, staff, cause) for cause in _CAUSES}
    open_causes = [cause for cause, refusal in refusals.items() if not refusal]
    form = FreezeForm(request.POST if request.method == "POST" else None, causes=open_causes)
    if open_causes and form.is_valid():
        try:
            reference = _freeze(client, staff, form)
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _read_back(client, reference))
            return redirect("admin:accounts_customer_change", client.pk)
    facts = {
        "title": _("Freeze %(client)s") % {"client": f"{client.login} {client.name}"},
        "client": client,
        "form": form,
        "refusal": "" if open_causes else refusals[FreezeCause.STAFF],
        "unreachable": not notices.has_channel(client),
    }
    return page(site, request, "freeze", facts)


def _freeze(client: Customer, staff: Customer, form: FreezeForm) -> str:
    return freezing.freeze_one(
        client,
        staff=staff,
        cause=FreezeCause(form.cleaned_data["cause"]),
        reason=form.cleaned_data["reason"],
        checklist=form.cleaned_data["checklist"],
        now=timezone.now(),
    )


def _read_back(client: Customer, reference: str) -> str:
    told = (
        _("A notice is on its way to the client.")
        if notices.has_channel(client)
        else _("No notice reaches this client: tell the client yourself.")
    )
    return _("Frozen at %(time)s, reference %(reference)s. Every session was ended. %(told)s") % {
        "time": f"{timezone.localtime():%H:%M:%S}",
        "reference": reference,
        "told": told,
    }


def test_notice(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a reason, and send a test to every contact on file."""
    staff = staff_with(request, "accounts.reveal_contacts")
    client = client_for(pk, staff, "test notice")
    now = timezone.now()
    refusal = contacting.may_send_test(client, staff, now=now)
    form = TestNoticeForm(request.POST if request.method == "POST" else None)
    if not refusal and form.is_valid():
        try:
            sent = contacting.send_test(client, staff=staff, now=now, **form.cleaned_data)
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            where = ", ".join(f"{message.get_channel_display()} {message.to_masked}" for message in sent)
            messages.success(
                request, _("A test is on its way: %(where)s. What became of it shows here.") % {"where": where}
            )
            return redirect("admin:accounts_customer_change", client.pk)
    facts = {
        "title": _("Test notice to %(client)s") % {"client": f"{client.login} {client.name}"},
        "client": client,
        "form": form,
        "refusal": refusal,
        "left": contacting.tests_left(client, now),
    }
    return page(site, request, "test_notice", facts)
