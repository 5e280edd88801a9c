"""The first step of a login: account number, password and system verification.

The door stands here and not in accounts because a right password at once asks for the second factor.
"""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import errors, sessions
from accounts.decorators import handles_secrets
from accounts.forms import LoginForm
from accounts.services import verification
from accounts.services.picture import BusyError, draw, speak
from portal.lib.pages import go_to
from twofactor.services.login import FirstStep, Step, end_earlier, first_step
from twofactor.views.verification import fresh_verification, verified_try


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Show the form, or judge what was sent."""
    if request.method == "POST":
        return _judge(request, LoginForm(request.POST))
    found = sessions.lookup(request)
    if found.sign_in and found.sign_in.inside:
        return redirect("home")
    return _show(request)


def _judge(request: HttpRequest, form: LoginForm) -> HttpResponse:
    now = timezone.now()
    end_earlier(sessions.lookup(request).sign_in, now=now)
    sessions.forget(request)
    if not form.is_valid():
        return _show(request, form)
    verified = verified_try(request, form, again=errors.VERIFICATION_FAILED)
    if verified is None:
        return _show(request, form, picture=True)
    step = first_step(verified, form.cleaned_data["password"], now=now)
    return _answer(request, form, step)


def _answer(request: HttpRequest, form: LoginForm, step: FirstStep) -> HttpResponse:
    match step.step:
        case Step.ASKED:
            response: HttpResponse = go_to("twofactor:challenge")
            sessions.set_session_cookie(response, step.key)
            return response
        case Step.SLOWED:
            return _wait(request, step.retry_at)
        case Step.FROZEN:
            facts = {"frozen_at": step.frozen_at, "reference": step.reference}
            return render(request, "accounts/frozen.html", facts)
        case Step.ALL_FROZEN:
            return render(request, "accounts/all_frozen.html")
        case Step.NO_METHOD | Step.PHONE_LOST:
            return _stranded(request, step)
        case Step.VERIFICATION_SPENT:
            form.add_error(None, errors.VERIFICATION_FAILED)
        case Step.WRONG:
            form.add_error(None, errors.WRONG_CREDENTIALS)
    return _show(request, form)


def _stranded(request: HttpRequest, step: FirstStep) -> HttpResponse:
    """No code can be asked for: what the client can do, and the way on for one who has a letter."""
    page = "accounts/no_mobile.html" if step.step == Step.NO_METHOD else "twofactor/phone_lost.html"
    response = render(request, page, {"letter_leads_on": True})
    sessions.set_session_cookie(response, step.key)
    return response


def _wait(request: HttpRequest, retry_at: datetime | None) -> HttpResponse:
    """Too many tries, from here or on this number, whether it exists or not: from when on it can be tried again."""
    seconds = max(1, round((retry_at - timezone.now()).total_seconds())) if retry_at else 1
    response = render(request, "accounts/wait.html", {"retry_at": retry_at}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _show(request: HttpRequest, form: LoginForm | None = None, *, picture: bool = False) -> HttpResponse:
    """The form, new or as it came, with a fresh verification. The number stays as it was typed, the password never."""
    return render(request, "accounts/login.html", {"form": form, **fresh_verification(picture=picture)})


@require_safe
def picture(request: HttpRequest) -> HttpResponse:
    """The digits of a token as a picture."""
    return HttpResponse(draw(*_asked(request)), content_type="image/png")


@require_safe
def sound(request: HttpRequest) -> HttpResponse:
    """The digits of a token, spoken."""
    try:
        return HttpResponse(speak(*_asked(request)), content_type="audio/wav")
    except BusyError:
        return HttpResponse(status=503, headers={"Retry-After": "5"})


def _asked(request: HttpRequest) -> tuple[str, str]:
    """The token and its digits."""
    token = request.GET.get("token", "")
    digits = verification.picture_digits(token, timezone.now())
    if digits is None:
        raise Http404
    return token, digits
