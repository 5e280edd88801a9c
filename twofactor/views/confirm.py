"""The code by text message that proves the number as the new method."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import sessions
from accounts.decorators import handles_secrets, inside_required, session_ended
from accounts.models import Method, Purpose, SignIn
from portal.lib.source import request_address
from twofactor import errors
from twofactor.forms import CodeForm
from twofactor.methods import METHODS
from twofactor.services import challenges, switching
from twofactor.services.challenges import Verdict
from twofactor.views import reasons
from twofactor.views.challenge import Journey, no_more_codes, report, resent_message, sms_facts
from twofactor.views.method import finished, gone, owner, stopped

_JOURNEY = Journey(
    Purpose.NEW_METHOD,
    page="twofactor:confirm",
    resend="twofactor:confirm_resend",
    delivery="twofactor:confirm_delivery",
    cancel="twofactor:method",
)


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@inside_required
def confirm(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for the code, or judge it."""
    if request.method == "POST":
        return _judge(request, sign_in)
    switch = switching.current(sign_in)
    asked = challenges.current(sign_in, Purpose.NEW_METHOD)
    in_time = switch is not None and switching.in_time(switch, now=timezone.now())
    if switch is None or asked is None or not in_time or switch.to_method != Method.SMS:
        return gone(request)
    if asked.capped and not asked.code_digest:
        return no_more_codes(request, asked)
    context = {
        **sms_facts(asked, now=timezone.now()),
        "form": CodeForm(),
        "destination": METHODS[Method.SMS].destination(owner(sign_in)),
        "delivery_url": reverse(_JOURNEY.delivery),
        "resend_url": reverse(_JOURNEY.resend),
    }
    return render(request, "twofactor/method_confirm.html", context)


def _judge(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _back(request, errors.CODE_SHAPE)
    confirmed = switching.confirm_sms(sign_in, form.cleaned_data["code"])
    outcome = confirmed.outcome
    match outcome.verdict:
        case Verdict.PASSED:
            return finished(confirmed.key)
        case Verdict.WRONG if not outcome.tries_left:
            return stopped(request)
        case Verdict.FROZEN:
            return session_ended("frozen")
        case Verdict.GONE:
            return gone(request)
        case _:
            return _back(request, reasons.of_new(outcome))


def _back(request: HttpRequest, reason: str | Promise) -> HttpResponse:
    messages.error(request, str(reason), extra_tags="field-code")
    return redirect("twofactor:confirm")


@require_POST
@inside_required
def resend(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Send a new code to the number."""
    language = get_language() or sign_in.language
    resent = switching.resend(sign_in, source=request_address(request), language=language)
    if resent.gone:
        return gone(request)
    resent_message(request, resent)
    return redirect("twofactor:confirm")


@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """What became of the message, for the script of the page."""
    sign_in = sessions.lookup(request).sign_in
    return report(sign_in if sign_in and sign_in.inside else None, _JOURNEY)
