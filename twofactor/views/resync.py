"""Two codes in a row, for a phone whose clock is off."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.decorators import handles_secrets, inside_or_forced, pending_required
from accounts.models import Method, PasswordReset, SignIn
from accounts.services.reset import Step
from accounts.words import PURPOSE_LABELS
from twofactor.forms import TwoCodesForm
from twofactor.views import challenge, reset_code
from twofactor.views import prove as proving
from twofactor.views.challenge import LOGIN, Journey
from twofactor.views.reset import at


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@pending_required
def login(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for two codes at the door, or judge them."""
    if not _by_token(sign_in):
        return redirect(LOGIN.page)
    if request.method != "POST":
        return _show(request, LOGIN)
    return challenge.enter(request, sign_in, _staying(LOGIN), TwoCodesForm(request.POST))


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@inside_or_forced
def prove(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for two codes on a journey inside, or judge them."""
    journey = proving.journey_of(sign_in)
    if journey is None or not _by_token(sign_in):
        return redirect("twofactor:prove_code")
    if request.method != "POST":
        return _show(request, journey)
    return proving.enter(request, sign_in, _staying(journey), TwoCodesForm(request.POST))


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@at(Step.PROVE)
def reset(request: HttpRequest, journey: PasswordReset) -> HttpResponse:
    """Ask for two codes where the password is forgotten, or judge them."""
    if not _by_token(journey.sign_in):
        return redirect(reset_code.JOURNEY.page)
    if request.method != "POST":
        return _show(request, reset_code.JOURNEY)
    return reset_code.enter(request, journey, _staying(reset_code.JOURNEY), TwoCodesForm(request.POST))


def _by_token(sign_in: SignIn) -> bool:
    return sign_in.customer is not None and sign_in.customer.method == Method.SOFT_TOKEN


def _staying(journey: Journey) -> Journey:
    """The same journey, whose wrong answers come back to this page."""
    return replace(journey, page=journey.resync)


def _show(request: HttpRequest, journey: Journey) -> HttpResponse:
    context = {
        "form": TwoCodesForm(),
        "purpose": journey.purpose.value,
        "purpose_label": PURPOSE_LABELS[journey.purpose],
        "action_url": reverse(journey.resync),
        "back_url": reverse(journey.page),
    }
    return render(request, "twofactor/resync.html", context)
