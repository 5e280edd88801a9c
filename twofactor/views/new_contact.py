"""The code that proves a new number or address, between the proof of the present method and the last look."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import errors as account_errors
from accounts import sessions
from accounts.decorators import handles_secrets, inside_required, session_ended
from accounts.models import Contact, ContactChange, Purpose, SignIn
from accounts.services import contact as contacts
from accounts.views.contact import gone
from portal.lib.masking import Masked
from portal.lib.phone import grouped
from portal.lib.source import request_address
from twofactor import errors
from twofactor.forms import CodeForm
from twofactor.services import challenges, new_contact
from twofactor.services.challenges import Verdict
from twofactor.services.new_contact import PURPOSES, Onward
from twofactor.views import reasons
from twofactor.views.challenge import Journey, no_more_codes, report, resent_message, sms_facts


def _journey(purpose: Purpose) -> Journey:
    return Journey(
        purpose,
        page="twofactor:new_contact",
        resend="twofactor:new_contact_resend",
        delivery="twofactor:new_contact_delivery",
        cancel="accounts:contact",
    )


def go_on(request: HttpRequest, sign_in: SignIn, key: str) -> HttpResponse:
    """Password and method in use have just been proven, which gave the session this key: on to the new contact."""
    language = get_language() or sign_in.language
    match new_contact.after_proof(sign_in, source=request_address(request), language=language):
        case Onward.CODE:
            response: HttpResponse = redirect("twofactor:new_contact")
        case Onward.REVIEW:
            response = redirect("accounts:contact_review")
        case Onward.GONE:
            response = gone(request)
    sessions.set_session_cookie(response, key)
    return response


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@inside_required
def confirm(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for the code, or judge it."""
    if request.method == "POST":
        return _judge(request, sign_in)
    change = _proven(sign_in)
    asked = challenges.current(sign_in, PURPOSES[Contact(change.contact)]) if change else None
    if change is None or asked is None:
        return gone(request)
    if contacts.confirmed(change):
        return redirect("accounts:contact_review")
    if asked.capped and not asked.code_digest:
        return no_more_codes(request, asked)
    journey = _journey(PURPOSES[Contact(change.contact)])
    context = {
        **sms_facts(asked, now=timezone.now()),
        "form": CodeForm(),
        "kind": change.contact,
        "to": change.new,
        # In full: the client has just typed it, and has to see a slip.
        "destination": Masked(grouped(change.new), " ".join(change.new[-2:]))
        if change.contact == Contact.MOBILE
        else None,
        "delivery_url": reverse(journey.delivery),
        "resend_url": reverse(journey.resend),
    }
    return render(request, "twofactor/new_contact.html", context)


def _proven(sign_in: SignIn) -> ContactChange | None:
    """The change of this session whose new contact is sent a code, if it was proven in time."""
    change = contacts.current(sign_in)
    if change is None or Contact(change.contact) not in PURPOSES:
        return None
    return change if contacts.in_time(change, now=timezone.now()) else None


def _judge(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _back(request, errors.NEW_CONTACT_CODE_SHAPE)
    outcome = new_contact.confirm(sign_in, form.cleaned_data["code"])
    match outcome.verdict:
        case Verdict.PASSED:
            return redirect("accounts:contact_review")
        case Verdict.WRONG if not outcome.tries_left:
            messages.error(request, str(account_errors.CONTACT_TOO_MANY))
            return redirect("accounts:contact")
        case Verdict.FROZEN:
            return session_ended("frozen")
        case Verdict.GONE:
            return gone(request)
        case _:
            return _back(request, reasons.of_new(outcome))


def _back(request: HttpRequest, reason: str | Promise) -> HttpResponse:
    messages.error(request, str(reason), extra_tags="field-code")
    return redirect("twofactor:new_contact")


@require_POST
@inside_required
def resend(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Send another code to the new contact."""
    language = get_language() or sign_in.language
    resent = new_contact.resend(sign_in, source=request_address(request), language=language)
    if resent.gone:
        return gone(request)
    resent_message(request, resent)
    return redirect("twofactor:new_contact")


@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """What became of the message, for the script of the page."""
    sign_in = sessions.lookup(request).sign_in
    change = _proven(sign_in) if sign_in and sign_in.inside else None
    purpose = PURPOSES[Contact(change.contact)] if change else Purpose.NEW_MOBILE
    return report(sign_in if change else None, _journey(purpose))
