"""A forgotten password: which account, and who asks. What is answered is the same for every number.

The pages of the journey open at the step where it stands; any other leads there, so that a second tab, the back button
and a double click do no harm.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from accounts import errors as account_errors
from accounts import sessions
from accounts.decorators import handles_secrets
from accounts.forms import LetterForm, ResetForm
from accounts.models import PasswordReset, ResetWay
from accounts.services import reset as journeys
from accounts.services.reset import Step
from portal.lib.source import request_address
from twofactor import errors, policy
from twofactor.forms import CodeForm
from twofactor.services import reset as service
from twofactor.services.reset import Finding, Recognition
from twofactor.views.verification import fresh_verification, verified_try

ResetView = Callable[[HttpRequest, PasswordReset], HttpResponse]
_WAYS = {ResetWay.EMAIL: "twofactor:reset_email", ResetWay.LETTER: "twofactor:reset_letter"}
_PAGES = {
    Step.PROVE: "twofactor:reset_code",
    Step.CHOOSE: "twofactor:reset_password",
    Step.DONE: "twofactor:reset_done",
}
_WORDS: dict[Finding, Promise] = {
    Finding.EXPIRED: errors.RESET_CODE_EXPIRED,
    Finding.LAPSED: errors.LETTER_LAPSED,
    Finding.USED: errors.LETTER_USED,
    Finding.REPLACED: errors.LETTER_REPLACED,
    Finding.NOT_POSTED: errors.LETTER_NOT_POSTED,
}


def at(step: Step, way: ResetWay | None = None) -> Callable[[ResetView], Callable[[HttpRequest], HttpResponse]]:
    """Only for a journey that stands at this step; any other is led to where it stands, or to the beginning."""

    def decorate(view: ResetView) -> Callable[[HttpRequest], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            reset = sessions.reset_of(request)
            if reset is None:
                return redirect("twofactor:reset")
            if journeys.step(reset, now=timezone.now()) != step or way not in (None, reset.way):
                return where_it_stands(request, reset)
            return view(request, reset)

        return guarded

    return decorate


def where_it_stands(request: HttpRequest, reset: PasswordReset) -> HttpResponse:
    """To the page of the step that comes next."""
    step = journeys.step(reset, now=timezone.now())
    if step == Step.OVER:
        messages.warning(request, str(account_errors.RESET_GONE))
        return redirect("twofactor:reset")
    return redirect(_WAYS[ResetWay(reset.way)] if step == Step.RECOGNISE else _PAGES[step])


# --- Asking ----------------------------------------------------------------------------------------------


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Which account, and by which way; nothing about the account is looked up."""
    if request.method != "POST":
        return _show(request, ResetForm(initial={"way": ResetWay.EMAIL}))
    form = ResetForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    waiting = _asked_a_moment_ago(request, form)
    if waiting:
        return waiting
    facts = verified_try(request, form, again=account_errors.RESET_VERIFICATION_FAILED)
    if facts is None:
        return _show(request, form, picture=True)
    way = ResetWay(form.cleaned_data["way"])
    key = journeys.ask(facts, way, now=timezone.now())
    if key is None:
        form.add_error(None, account_errors.RESET_VERIFICATION_FAILED)
        return _show(request, form)
    response: HttpResponse = redirect(_WAYS[way])
    sessions.set_reset_cookie(response, key)
    return response


def _asked_a_moment_ago(request: HttpRequest, form: ResetForm) -> HttpResponse | None:
    """Back to the journey of this browser, if it has just been begun for the same number."""
    reset, now = sessions.reset_of(request), timezone.now()
    if reset is None or (reset.sign_in.number, reset.way) != (form.cleaned_data["number"], form.cleaned_data["way"]):
        return None
    again_at = journeys.asked_again_at(reset)
    if again_at <= now or journeys.step(reset, now=now) != Step.RECOGNISE:
        return None
    messages.warning(request, str(errors.RESEND_WAIT % {"count": -int(-(again_at - now).total_seconds() // 1)}))
    return redirect(_WAYS[ResetWay(reset.way)])


def _show(request: HttpRequest, form: ResetForm, *, picture: bool = False) -> HttpResponse:
    context = {"form": form, "way": form["way"].value(), **fresh_verification(picture=picture)}
    return render(request, "twofactor/reset.html", context)


# --- Recognised ------------------------------------------------------------------------------------------


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@at(Step.RECOGNISE, ResetWay.EMAIL)
def email(request: HttpRequest, reset: PasswordReset) -> HttpResponse:
    """The code out of the e-mail, which was sent if there is an account that can have one."""
    if request.method == "POST":
        form = CodeForm(request.POST)
        if not form.is_valid():
            return _back(request, reset, errors.RESET_CODE_SHAPE)
        code, language = form.cleaned_data["code"], get_language() or reset.sign_in.language
        found = service.recognise_by_email(reset, code, source=request_address(request), language=language)
        return _judged(request, reset, found)
    now, until = timezone.now(), reset.created_at + policy.EMAIL_CODE_LIFETIME
    again_at = journeys.asked_again_at(reset)
    context = {
        "until": until,
        "expired": now > until,
        "seconds_left": max(0, int((until - now).total_seconds())),
        "again_at": again_at if again_at > now else None,
    }
    return render(request, "twofactor/reset_email.html", context)


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@at(Step.RECOGNISE, ResetWay.LETTER)
def letter(request: HttpRequest, reset: PasswordReset) -> HttpResponse:
    """The code out of the password letter."""
    if request.method != "POST":
        return render(request, "twofactor/reset_letter.html")
    form = LetterForm(request.POST)
    if not form.is_valid():
        return _back(request, reset, account_errors.LETTER_SHAPE)
    code, language = form.cleaned_data["letter"], get_language() or reset.sign_in.language
    found = service.recognise_by_letter(reset, code, source=request_address(request), language=language)
    return _judged(request, reset, found)


def _judged(request: HttpRequest, reset: PasswordReset, found: Recognition) -> HttpResponse:
    match found.finding:
        case Finding.RIGHT:
            return redirect(_PAGES[Step.PROVE])
        case Finding.FROZEN:
            return redirect("help", slug="frozen")
        case Finding.LAST_WRONG:
            messages.error(request, str(account_errors.RESET_TOO_MANY))
            return redirect("twofactor:reset")
        case Finding.GONE:
            return redirect(_WAYS[ResetWay(reset.way)])  # which knows where it stands
        case Finding.WRONG:
            return _back(request, reset, errors.TRIES_LEFT % {"count": found.tries_left})
        case Finding.OTHER:
            return _back(request, reset, errors.RESET_CODE_OTHER % {"other": found.other_reference})
        case finding:
            return _back(request, reset, _WORDS[finding])


def _back(request: HttpRequest, reset: PasswordReset, reason: str | Promise) -> HttpResponse:
    field = "letter" if reset.way == ResetWay.LETTER else "code"
    messages.error(request, str(reason), extra_tags=f"field-{field}")
    return redirect(_WAYS[ResetWay(reset.way)])
