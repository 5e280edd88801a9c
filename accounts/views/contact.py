"""Amending contact details: what is on file, what it shall be, a last look, and what it says once it is done.

Between them the client proves password and method, and the new contact: `twofactor.views.new_contact`.
"""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import errors, sessions
from accounts.decorators import inside_required
from accounts.forms import CONTACT_FORMS
from accounts.models import Contact, ContactChange, Customer, SignIn
from accounts.services import contact as contacts
from accounts.services import holds
from accounts.services.contact import Refusal
from portal.lib.masking import mask_email, mask_mobile
from portal.lib.phone import grouped

LABELS: dict[str, Promise] = {
    Contact.MOBILE: _("Mobile number"),
    Contact.EMAIL: _("E-mail address"),
    Contact.POSTAL_ADDRESS: _("Correspondence address"),
}


@dataclass(frozen=True, slots=True)
class OnFile:
    """One contact as the page shows it. Of an address nothing is shown: a part of it tells where somebody lives."""

    kind: str
    label: Promise
    shown: str
    given: bool


@require_safe
@inside_required
def contact(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """What is on file, and what can be done about it."""
    customer, now = _owner(sign_in), timezone.now()
    underway = contacts.current(sign_in)
    context = {
        "on_file": [_on_file(kind.value, getattr(customer, kind)) for kind in Contact],
        "held_until": holds.contacts_held_until(customer, now=now),
        "underway": underway is not None,
        "continue_at": _continue_at(underway),
    }
    return render(request, "accounts/contact.html", context)


def _on_file(kind: str, value: str) -> OnFile:
    shown = {Contact.MOBILE: mask_mobile(value).shown, Contact.EMAIL: mask_email(value)}.get(Contact(kind), "")
    return OnFile(kind, LABELS[kind], shown, bool(value))


def _continue_at(underway: ContactChange | None) -> str:
    """The page on which a change that was proven in time goes on, as a URL name."""
    if underway is None or not contacts.in_time(underway, now=timezone.now()):
        return ""
    return "accounts:contact_review" if contacts.confirmed(underway) else "twofactor:new_contact"


@require_http_methods(["GET", "HEAD", "POST"])
@inside_required
def edit(request: HttpRequest, sign_in: SignIn, kind: str) -> HttpResponse:
    """Ask what one contact shall be."""
    if kind not in Contact.values:
        raise Http404
    contact, customer = Contact(kind), _owner(sign_in)
    if holds.contacts_held_until(customer, now=timezone.now()):
        return redirect("accounts:contact")
    form = CONTACT_FORMS[contact](request.POST or None)
    if request.method == "POST" and form.is_valid():
        match contacts.begin(sign_in, contact, form.cleaned_data[kind], now=timezone.now()):
            case None:
                return redirect("twofactor:prove")
            case Refusal.SAME:
                form.add_error(kind, errors.CONTACT_SAME)
            case Refusal.HELD:
                messages.warning(request, str(errors.CONTACT_HELD))
                return redirect("accounts:contact")
            case Refusal.GONE:
                return gone(request)
    context = {"form": form, "kind": kind, "on_file": _on_file(kind, getattr(customer, kind)), "field": form[kind]}
    return render(request, "accounts/contact_edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@inside_required
def review(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """A last look before it is saved."""
    if request.method == "POST":
        return _save(request, sign_in)
    change = contacts.current(sign_in)
    if change is None or not contacts.in_time(change, now=timezone.now()):
        return gone(request)
    if not contacts.confirmed(change):
        return redirect("twofactor:new_contact")
    context = {
        "old": _on_file(change.contact, change.old),
        "new": grouped(change.new) if change.contact == Contact.MOBILE else change.new,
    }
    return render(request, "accounts/contact_review.html", context)


def _save(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    saved = contacts.save(sign_in)
    if saved.refusal:
        # The button pressed twice: the first time did it.
        return redirect("accounts:contact_done") if contacts.completed(sign_in) else gone(request)
    response: HttpResponse = redirect("accounts:contact_done")
    sessions.set_session_cookie(response, saved.key)
    return response


@require_POST
@inside_required
def stop(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Keep what is on file."""
    if contacts.stop(sign_in):
        messages.success(request, str(errors.CONTACT_STOPPED))
    return redirect("accounts:contact")


@require_safe
@inside_required
def done(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """What is on file now, under which reference it was changed, and where we wrote of it."""
    completed = contacts.completed(sign_in)
    if completed is None:
        return redirect("accounts:contact")
    change, told = completed
    customer, now = _owner(sign_in), timezone.now()
    context = {
        "change": change,
        "on_file": _on_file(change.contact, getattr(customer, change.contact)),
        "told": told,
        "held_until": holds.contacts_held_until(customer, now=now),
    }
    return render(request, "accounts/contact_done.html", context)


def gone(request: HttpRequest) -> HttpResponse:
    """There is nothing to go on with: back to the start, with a word about it."""
    messages.warning(request, str(errors.CONTACT_GONE))
    return redirect("accounts:contact")


def _owner(sign_in: SignIn) -> Customer:
    if sign_in.customer is None:
        raise AssertionError("a session has an account")
    return sign_in.customer
