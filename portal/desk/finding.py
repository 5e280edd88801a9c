"""The one box that finds a client, and whom it found."""

from dataclasses import dataclass

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.models import Customer
from accounts.services import finding, paper
from accounts.services.finding import Found, QueryKind
from portal.desk.guards import door, page, staff_with
from portal.lib.masking import mask_email, mask_mobile, mask_name, mask_number

_NOBODY: dict[QueryKind, str | Promise] = {
    QueryKind.ACCOUNT_NUMBER: gettext_lazy("No client has this account number."),
    QueryKind.MOBILE: gettext_lazy("No client has this mobile number."),
    QueryKind.MOBILE_TAIL: gettext_lazy("No client has a mobile number that ends in these four digits."),
    QueryKind.EMAIL: gettext_lazy("No client has this e-mail address."),
    QueryKind.FREEZE_REFERENCE: gettext_lazy("No freeze has this reference."),
    QueryKind.PROPOSAL_REFERENCE: gettext_lazy("No proposal about one client has this reference."),
    QueryKind.FORM_REFERENCE: gettext_lazy("No form was handed out under this reference."),
    QueryKind.LETTER_REFERENCE: gettext_lazy("No letter has this reference."),
    QueryKind.CHANGE_REFERENCE: gettext_lazy("No client was told this reference of a change."),
    QueryKind.LOGIN_REFERENCE: gettext_lazy("No code of the last 24 hours carried this reference."),
    QueryKind.TOO_LONG: gettext_lazy("This is too long to be a number, an e-mail address or a reference."),
    QueryKind.UNKNOWN: gettext_lazy(
        "This is no account number, mobile number, e-mail address or reference. Names and parts of them are not "
        "searched for."
    ),
    QueryKind.USED_UP: gettext_lazy(
        "You have searched as often today as anybody may: for the rest of the day a colleague has to do it."
    ),
}

_FORM = "form"  # of the session


@dataclass(frozen=True, slots=True)
class Hit:
    """One of several clients: enough to ask the caller which one it is."""

    pk: int
    name: str
    number: str
    mobile: str
    email: str
    state: str


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of the box."""
    return [door(site, "accounts/customer/", find, "accounts_customer_changelist")]


def find(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Ask, and lead to the one client or list the few. The query travels in the body: no log of addresses keeps it."""
    staff = staff_with(request, "accounts.view_customer")
    found = None
    if request.method == "POST":
        found = finding.search(request.POST.get("query", ""), staff=staff, now=timezone.now())
    if found and found.only:
        _remember(request, found)
        return redirect("admin:accounts_customer_change", found.only.pk)
    return page(site, request, "find", {"title": _("Find a client"), **_shown(found)})


def _remember(request: HttpRequest, found: Found) -> None:
    """The form that led to a client is the one that is recorded next."""
    request.session.pop(_FORM, None)
    if found.only and found.kind == QueryKind.FORM_REFERENCE:
        request.session[_FORM] = [found.only.pk, paper.reference(request.POST["query"])]


def found_form(request: HttpRequest, client: Customer) -> str:
    """The reference of the form by which this client was found; empty if it was not by a form."""
    pk, reference = request.session.get(_FORM, [0, ""])
    return str(reference) if pk == client.pk else ""


def _shown(found: Found | None) -> dict[str, object]:
    if found is None:
        return {}
    return {
        "nobody": "" if found.clients else _NOBODY[found.kind],
        "hits": [_hit(client) for client in found.clients],
        "more": found.more,
        "most": policy.SEARCH_HITS,
    }


def _hit(client: Customer) -> Hit:
    return Hit(
        pk=client.pk,
        name=mask_name(client.name),
        number=mask_number(client.login),
        mobile=mask_mobile(client.mobile).shown,
        email=mask_email(client.email),
        state=client.get_state_display(),
    )
