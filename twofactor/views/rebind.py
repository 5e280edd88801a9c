"""Binding a phone with a letter, in a login that waits: the letter's code, the phone's name and key, its first code."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.views.decorators.http import require_http_methods, require_POST

from accounts import errors as account_errors
from accounts import sessions
from accounts.decorators import handles_secrets, pending_or_stranded, session_ended
from accounts.forms import LetterForm
from accounts.models import SignIn
from portal.lib.user_agent import device_label
from twofactor import errors, policy
from twofactor.forms import CodeForm, DeviceForm
from twofactor.models import Rebinding
from twofactor.services import rebinding
from twofactor.services.challenges import Verdict
from twofactor.services.rebinding import Answer, Bound, Typed
from twofactor.views.bind import KeyPages, key_page, suggested_name
from twofactor.views.challenge import let_in

_PAGES = KeyPages("twofactor/rebind_key.html", code="twofactor:rebind_code")
_SAID: dict[Answer, Promise] = {
    Answer.SPOILT_NOW: errors.REBIND_SPOILT_NOW,
    Answer.OVER: errors.REBIND_OVER,
    Answer.LAPSED: errors.REBIND_LAPSED,
    Answer.USED: errors.REBIND_USED,
    Answer.REPLACED: errors.REBIND_REPLACED,
    Answer.SPOILT: errors.REBIND_SPOILT,
    Answer.WITHDRAWN: errors.REBIND_WITHDRAWN,
    Answer.NOT_POSTED: errors.REBIND_NOT_POSTED,
}


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@pending_or_stranded
def letter(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for the code of the letter, or judge it."""
    if request.method != "POST":
        if _proven(sign_in):
            return redirect("twofactor:rebind_phone")
        return render(request, "twofactor/rebind.html", {"stranded": sign_in.stranded})
    form = LetterForm(request.POST)
    if not form.is_valid():
        return _back(request, "letter", account_errors.LETTER_SHAPE)
    typed = rebinding.prove_letter(sign_in, form.cleaned_data["letter"])
    match typed.answer:
        case Answer.RIGHT:
            response = redirect("twofactor:rebind_phone")
            sessions.set_session_cookie(response, typed.key)
            return response
        case Answer.FROZEN:
            return session_ended("frozen")
        case Answer.GONE:
            return session_ended("gone")
        case Answer.OVER:
            messages.error(request, str(errors.REBIND_OVER))
            return redirect("twofactor:login")
        case _:
            return _back(request, "letter", _reason(typed))


def _reason(typed: Typed) -> str | Promise:
    if typed.answer == Answer.WRONG:
        return errors.REBIND_WRONG % {"count": typed.tries_left}
    if typed.answer == Answer.HELD and typed.held_until:
        return errors.REBIND_HELD % {"time": f"{timezone.localtime(typed.held_until):%Y-%m-%d %H:%M}"}
    return _SAID[typed.answer]


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@pending_or_stranded
def phone(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for the name; after that, say that the key was shown, and take its first code."""
    binding = _proven(sign_in)
    if binding is None or binding.letter_proven_at is None:
        return _gone(request)
    if request.method == "POST":
        return _make_key(request, sign_in)
    context = {
        "form": CodeForm(),
        "token": binding.token,
        "name": binding.token.name if binding.token else suggested_name(request),
        "until": binding.letter_proven_at + policy.KEY_LIFETIME,
        "code_page": _PAGES.code,
    }
    return render(request, "twofactor/rebind_phone.html", context)


def _proven(sign_in: SignIn) -> Rebinding | None:
    binding = rebinding.current(sign_in)
    return binding if binding and rebinding.in_time(binding, now=timezone.now()) else None


def _make_key(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    form = DeviceForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(errors.DEVICE_NAME), extra_tags="field-name")
        return redirect("twofactor:rebind_phone")
    shown = rebinding.show_key(sign_in, form.cleaned_data["name"], after=form.cleaned_data["after"])
    # A form that was sent before, or too late: the page tells which.
    return key_page(request, sign_in, shown, _PAGES) if shown else redirect("twofactor:rebind_phone")


@handles_secrets
@require_POST
@pending_or_stranded
def code(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Judge the first code of the app; with a right one the client is inside."""
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _back(request, "code", errors.APP_CODE_SHAPE)
    bound = rebinding.confirm(sign_in, form.cleaned_data["code"], device=device_label(sign_in.user_agent))
    match bound.outcome.verdict:
        case Verdict.PASSED:
            return _inside(request, bound)
        case Verdict.WRONG if bound.outcome.tries_left:
            return _back(request, "code", errors.APP_CODE_WRONG % {"count": bound.outcome.tries_left})
        case Verdict.WRONG:
            messages.error(request, str(errors.REBIND_TOO_MANY))
            return redirect("twofactor:rebind")
        case Verdict.FROZEN:
            return session_ended("frozen")
        case _:
            return _gone(request)


def _inside(request: HttpRequest, bound: Bound) -> HttpResponse:
    if bound.granted is None:
        raise AssertionError("a phone that is bound lets the client in")
    messages.success(request, str(errors.REBOUND % {"phone": bound.phone, "reference": bound.reference}))
    response: HttpResponse = redirect(sessions.kept_page(request))
    let_in(request, response, bound.granted)
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    """There is no key to go on with: back to the letter's code, with a word about it."""
    messages.warning(request, str(errors.REBIND_GONE))
    return redirect("twofactor:rebind")


def _back(request: HttpRequest, field: str, reason: str | Promise) -> HttpResponse:
    messages.error(request, str(reason), extra_tags=f"field-{field}")
    return redirect("twofactor:rebind" if field == "letter" else "twofactor:rebind_phone")
