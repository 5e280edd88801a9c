"""Proving again: password and code once more, before a sensitive act inside.

What has to be proven for stands in the session (`SignIn.proving`), never in a form.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import errors, sessions
from accounts.decorators import handles_secrets, inside_or_forced, session_ended
from accounts.forms import PasswordForm
from accounts.models import EndReason, Purpose, SignIn
from accounts.services import sign_ins
from accounts.words import PURPOSE_LABELS
from portal.lib.source import request_address
from twofactor.forms import AnswerForm, CodeForm
from twofactor.services.challenges import Outcome
from twofactor.services.login import Proving, begin_proof
from twofactor.services.login import prove as judge_proof
from twofactor.views import method, new_contact
from twofactor.views.challenge import Journey, answer, report, send_again, show

#: Where a proof leads, by its purpose.
_ONWARD = {
    Purpose.CHANGE_PASSWORD: "accounts:password",
    Purpose.CHANGE_METHOD: "twofactor:method",
    Purpose.CHANGE_CONTACT: "accounts:contact",
}
#: Where a client goes who does not go on.
_BACK = {
    Purpose.CHANGE_PASSWORD: "home",
    Purpose.CHANGE_METHOD: "twofactor:method",
    Purpose.CHANGE_CONTACT: "accounts:contact",
}
#: Journeys on which a proof is spent at once.
_GO_ON = {Purpose.CHANGE_METHOD: method.go_on, Purpose.CHANGE_CONTACT: new_contact.go_on}


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@inside_or_forced
def prove(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask for the password; if it is right, the code is on its way."""
    if sign_in.proving not in _ONWARD:
        return redirect("home")
    purpose = Purpose(sign_in.proving)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        language = get_language() or sign_in.language
        match begin_proof(
            sign_in,
            form.cleaned_data["password"],
            purpose,
            source=request_address(request),
            language=language,
        ):
            case Proving.ASKED:
                return redirect("twofactor:prove_code")
            case Proving.NO_METHOD:
                return render(request, "accounts/no_mobile.html")
            case Proving.ENDED:
                return session_ended(EndReason.GUESSING)
            case Proving.WRONG:
                form.add_error("password", errors.PASSWORD_WRONG)
    context = {
        "form": form,
        "purpose": purpose.value,
        "purpose_label": PURPOSE_LABELS[purpose],
        "method": sign_in.customer.method if sign_in.customer else "",
        "cancel_url": reverse(_BACK[purpose]),
    }
    return render(request, "twofactor/prove.html", context)


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@inside_or_forced
def code(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """The code page of the journey."""
    journey = journey_of(sign_in)
    if journey is None:
        return redirect("twofactor:prove")
    if request.method != "POST":
        return show(request, sign_in, journey)
    return enter(request, sign_in, journey, CodeForm(request.POST))


def enter(request: HttpRequest, sign_in: SignIn, journey: Journey, form: AnswerForm) -> HttpResponse:
    """Judge an answer of the journey and, if it is right, go on to what it was asked for."""
    keys: list[str] = []

    def judge(typed: str) -> Outcome:
        outcome, key = judge_proof(sign_in, journey.purpose, typed)
        keys.extend([key] if key else [])
        return outcome

    response = answer(request, sign_in, journey, form, judge, onward=_ONWARD[journey.purpose])
    for key in keys:
        if journey.purpose in _GO_ON:
            return _GO_ON[journey.purpose](request, sign_in, key)
        sessions.set_session_cookie(response, key)
    return response


@require_POST
@inside_or_forced
def resend(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Send a new code for the journey."""
    journey = journey_of(sign_in)
    return send_again(request, sign_in, journey) if journey else redirect("twofactor:prove")


@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """What became of the message, for the script of the page."""
    sign_in = sessions.lookup(request).sign_in
    journey = journey_of(sign_in) if sign_in and sign_in.inside else None
    return report(sign_in, journey) if journey else report(None, _journey_for(Purpose.CHANGE_PASSWORD))


def journey_of(sign_in: SignIn) -> Journey | None:
    """The journey that this session is on, if its password was proven and not too long ago."""
    if sign_in.proving not in _ONWARD or not sign_ins.password_still_proven(sign_in, now=timezone.now()):
        return None
    return _journey_for(Purpose(sign_in.proving))


def _journey_for(purpose: Purpose) -> Journey:
    return Journey(
        purpose,
        page="twofactor:prove_code",
        resend="twofactor:prove_resend",
        delivery="twofactor:prove_delivery",
        cancel=_BACK[purpose],
        resync="twofactor:prove_resync",
    )
