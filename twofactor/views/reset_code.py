"""The method in use, proven where the password is forgotten."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import sessions
from accounts.decorators import handles_secrets
from accounts.models import PasswordReset, Purpose, Result
from accounts.services.reset import Step
from twofactor.forms import AnswerForm, CodeForm
from twofactor.methods import METHODS
from twofactor.services import challenges
from twofactor.services import reset as service
from twofactor.views.challenge import Journey, answer, report, send_again, show
from twofactor.views.reset import at

JOURNEY = Journey(
    Purpose.RESET,
    page="twofactor:reset_code",
    resend="twofactor:reset_resend",
    delivery="twofactor:reset_delivery",
    cancel="twofactor:login",
    resync="twofactor:reset_resync",
    outside="twofactor:reset_code",
)
#: Where there is nothing to prove it with: what the client can do.
_NOT_READY = {Result.NO_MOBILE: "accounts/no_mobile.html", Result.PHONE_LOST: "twofactor/phone_lost.html"}


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@at(Step.PROVE)
def code(request: HttpRequest, reset: PasswordReset) -> HttpResponse:
    """The code page, or where to turn without a method."""
    sign_in = reset.sign_in
    if sign_in.customer is not None and challenges.current(sign_in, Purpose.RESET) is None:
        return render(request, _NOT_READY[METHODS[sign_in.customer.method].not_ready])
    if request.method != "POST":
        return show(request, sign_in, JOURNEY)
    return enter(request, reset, JOURNEY, CodeForm(request.POST))


def enter(request: HttpRequest, reset: PasswordReset, journey: Journey, form: AnswerForm) -> HttpResponse:
    """Judge an answer and, if it is right, go on to the new password."""
    return answer(
        request,
        reset.sign_in,
        journey,
        form,
        lambda typed: service.prove(reset, typed),
        onward="twofactor:reset_password",
    )


@require_POST
@at(Step.PROVE)
def resend(request: HttpRequest, reset: PasswordReset) -> HttpResponse:
    """Send a new code for this journey."""
    return send_again(request, reset.sign_in, JOURNEY)


@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """What became of the message, for the script of the page."""
    reset = sessions.reset_of(request)
    return report(reset.sign_in if reset and reset.recognised_at else None, JOURNEY)
