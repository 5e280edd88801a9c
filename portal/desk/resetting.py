"""Starting a password reset for a caller who was recognised."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.forms import UnfreezeForm
from accounts.models import Customer
from accounts.services import voiding
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError
from portal.desk.guards import client_for, door, page, staff_with

MAY = "accounts.propose"


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of this page."""
    return [door(site, "accounts/customer/<int:pk>/reset-password/", reset, "desk_reset_password")]


def reset(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for identity check and reason, and void the password."""
    staff = staff_with(request, MAY)
    client = client_for(pk, staff, "reset password")
    refusal = voiding.may_void(client, staff)
    form = UnfreezeForm(request.POST if request.method == "POST" else None)
    if not refusal and form.is_valid():
        check = IdentityCheck(tuple(form.cleaned_data["questions"]), passed=form.cleaned_data["passed"])
        try:
            voiding.void(client, staff=staff, reason=form.cleaned_data["reason"], check=check, now=timezone.now())
        except NotAllowedError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _read_back(client))
            return redirect("admin:accounts_customer_change", client.pk)
    facts = {
        "title": _("Start a password reset for %(client)s") % {"client": f"{client.login} {client.name}"},
        "client": client,
        "form": form,
        "refusal": refusal,
        "by_email": bool(client.email),
    }
    return page(site, request, "reset_password", facts)


def _read_back(client: Customer) -> str:
    onward = (
        _("Tell the caller: “Choose ‘Forgotten password or first login’ on our login page.”")
        if client.email
        else _("There is no e-mail address on file: a password letter has to be proposed.")
    )
    return _("The password was voided at %(time)s and every session was ended. %(onward)s") % {
        "time": f"{timezone.localtime():%H:%M:%S}",
        "onward": onward,
    }
