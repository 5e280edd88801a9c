"""Lifting the holds that follow a change, by whoever may override them."""

from datetime import timedelta
from typing import ClassVar

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
from accounts.services import holds
from accounts.services.staff import NotAllowedError
from portal.desk.checklists import ChecklistForm
from portal.desk.guards import client_for, door, page, staff_with

MAY = "accounts.override_hold"


class LiftForm(ChecklistForm):
    """Why a hold is lifted, and what was done before."""

    CHECKLIST: ClassVar[dict[str, str | Promise]] = {
        "identity": gettext_lazy(
            "The client was recognised in person or by a call to a number that was on file before"
        ),
        "cause": gettext_lazy("The change that began the hold was made by the client"),
    }


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of this page."""
    return [door(site, "accounts/customer/<int:pk>/lift-hold/", lift, "desk_lift_hold")]


def _lifted() -> str:
    return _(
        "The hold was lifted. Method and contacts can be changed from now on, and letters proposed for %(hours)d hours."
    ) % {"hours": policy.LETTER_OVERRIDE // timedelta(hours=1)}


def lift(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for checklist and reason, and let the client change method and contacts at once, and be sent letters."""
    staff = staff_with(request, MAY)
    client = client_for(pk, staff, "lift hold")
    now = timezone.now()
    refusal = holds.may_lift(client, staff, now=now)
    form = LiftForm(request.POST if request.method == "POST" else None)
    if not refusal and form.is_valid():
        try:
            holds.lift(client, staff=staff, reason=form.cleaned_data["reason"], now=now)
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _lifted())
            return redirect("admin:accounts_customer_change", client.pk)
    facts = {
        "title": _("Lift the hold of %(client)s") % {"client": f"{client.login} {client.name}"},
        "client": client,
        "form": form,
        "refusal": refusal,
        "method_until": holds.method_held_until(client, now=now),
        "contacts_until": holds.contacts_held_until(client, now=now),
        "address_until": holds.address_held_until(client, now=now),
        "letters_held": holds.letters_held(client, now=now),
        "hours": policy.LETTER_OVERRIDE // timedelta(hours=1),
    }
    return page(site, request, "lift_hold", facts)
