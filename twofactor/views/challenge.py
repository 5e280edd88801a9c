"""The code page, wherever a code is asked for: typing it, asking for a new one, what became of the message.

Every answer to a POST is a redirect, so that reload and back never send anything twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import policy as accounts_policy
from accounts import sessions
from accounts.decorators import handles_secrets, pending_required, session_ended
from accounts.models import Purpose, SignIn
from accounts.words import METHOD_LABELS, PURPOSE_LABELS
from portal import brand
from portal.lib.source import request_address
from portal.lib.user_agent import device_label
from portal.messaging import policy as sending
from portal.messaging.models import State
from twofactor import errors
from twofactor.forms import CodeForm
from twofactor.methods import METHODS
from twofactor.models import Challenge
from twofactor.services import challenges
from twofactor.services.challenges import Outcome, Resent, Verdict
from twofactor.services.login import Granted, second_step


@dataclass(frozen=True, slots=True)
class Journey:
    """Where a code is asked for: its purpose, and the URL names of its pages."""

    purpose: Purpose
    page: str
    resend: str
    delivery: str
    cancel: str


LOGIN = Journey(
    Purpose.LOGIN,
    page="twofactor:challenge",
    resend="twofactor:resend",
    delivery="twofactor:delivery",
    cancel="twofactor:login",
)


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@pending_required
def challenge(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """The code page of a login."""
    if request.method != "POST":
        return show(request, sign_in, LOGIN)
    granted: list[Granted] = []

    def judge(code: str) -> Outcome:
        outcome, grant = second_step(sign_in, code, device=device_label(sign_in.user_agent))
        granted.extend([grant] if grant else [])
        return outcome

    response = answer(request, sign_in, LOGIN, judge, onward="home")
    for grant in granted:
        rotate_token(request)  # forms from before the login are worth nothing inside
        sessions.set_session_cookie(response, grant.key)
        sessions.set_browser_cookie(response, grant.browser)
    return response


@require_POST
@pending_required
def resend(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Send a new code for this login."""
    return send_again(request, sign_in, LOGIN)


@never_cache
@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """What became of the message, for the script of the page."""
    return report(sessions.lookup(request).sign_in, LOGIN)


# --- Shared with every other journey ---------------------------------------------------------------


def show(request: HttpRequest, sign_in: SignIn, journey: Journey) -> HttpResponse:
    """The code page as it stands now. Sends nothing, changes nothing."""
    asked, customer = challenges.current(sign_in, journey.purpose), sign_in.customer
    if asked is None or customer is None:
        return session_ended("gone")
    now = timezone.now()
    sent = bool(asked.code_digest)
    if asked.capped and not sent:
        return render(request, "accounts/too_many_sends.html", {"retry_at": asked.resend_at})
    left = int((asked.expires_at - now).total_seconds())
    context = {
        "form": CodeForm(),
        "challenge": asked,
        "method": asked.method,
        "method_label": METHOD_LABELS[asked.method],
        "destination": METHODS[asked.method].destination(customer),
        "sent": sent,
        "expired": left < 0,
        "seconds_left": max(0, left),
        "resend_at": _resend_at(asked),
        "resend_seconds": _seconds_until(_resend_at(asked), now),
        "delivery": _delivery(asked, now),
        "delivery_url": reverse(journey.delivery),
        "resend_url": reverse(journey.resend),
        "action_url": reverse(journey.page),
        "cancel_url": reverse(journey.cancel),
        "purpose": journey.purpose.value,
        "purpose_label": PURPOSE_LABELS[journey.purpose],
        "tries_left": accounts_policy.FREEZE_AT - customer.wrong_codes,
        "sender": brand.current().sms_sender,
    }
    return render(request, "twofactor/challenge.html", context)


def answer(
    request: HttpRequest, sign_in: SignIn, journey: Journey, judge: Callable[[str], Outcome], *, onward: str
) -> HttpResponse:
    """Judge what was typed and go on, or back to the page with the reason. `onward` is a URL name."""
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _back(request, journey, errors.CODE_SHAPE)
    outcome = judge(form.cleaned_data["code"])
    match outcome.verdict:
        case Verdict.PASSED:
            return redirect(onward)
        case Verdict.FROZEN:
            return _frozen(request, sign_in)
        case Verdict.GONE:
            return session_ended("gone")
        case _:
            return _back(request, journey, _reason(outcome, sign_in, journey))


def send_again(request: HttpRequest, sign_in: SignIn, journey: Journey) -> HttpResponse:
    """Ask for a new code, and back to the page."""
    language = get_language() or sign_in.language
    resent = challenges.resend(sign_in, journey.purpose, source=request_address(request), language=language)
    if resent.gone:
        return session_ended("gone")
    if resent.sent:
        messages.success(request, str(errors.RESENT))
    elif resent.capped and resent.again_at:
        when = {"time": f"{timezone.localtime(resent.again_at):%H:%M:%S}"}
        messages.warning(request, str(errors.TOO_MANY_CODES % when))
    else:
        messages.warning(request, _wait_text(resent))
    return redirect(journey.page)


def report(sign_in: SignIn | None, journey: Journey) -> JsonResponse:
    """The delivery state as JSON. Asking for it is not activity: the idle limit runs on."""
    asked = challenges.current(sign_in, journey.purpose) if sign_in else None
    if asked is None:
        return JsonResponse({"state": "gone", "resend_seconds": 0}, status=410)
    now = timezone.now()
    return JsonResponse({"state": _delivery(asked, now), "resend_seconds": _seconds_until(_resend_at(asked), now)})


def _back(request: HttpRequest, journey: Journey, reason: str | Promise) -> HttpResponse:
    messages.error(request, str(reason), extra_tags="field-code")
    return redirect(journey.page)


def _frozen(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    customer = sign_in.customer
    facts = {
        "frozen_at": customer.frozen_at if customer else None,
        "reference": customer.freeze_reference if customer else "",
    }
    sessions.forget(request)
    response = render(request, "accounts/frozen.html", facts)
    sessions.drop_session_cookie(response)
    return response


def _reason(outcome: Outcome, sign_in: SignIn, journey: Journey) -> str | Promise:
    match outcome.verdict:
        case Verdict.WRONG if outcome.tries_left == 1:
            return errors.ONE_TRY_LEFT
        case Verdict.WRONG:
            return errors.TRIES_LEFT % {"count": outcome.tries_left}
        case Verdict.OTHER_LOGIN:
            asked = challenges.current(sign_in, journey.purpose)
            words = errors.OTHER_LOGIN if asked and asked.code_digest else errors.OTHER_LOGIN_UNSENT
            return words % {"other": outcome.other_reference, "reference": outcome.reference}
        case verdict:
            return _NAMED[verdict]


_NAMED = {
    Verdict.EXPIRED: errors.EXPIRED,
    Verdict.SUPERSEDED: errors.SUPERSEDED,
    Verdict.USED: errors.USED,
}


def _wait_text(resent: Resent) -> str:
    seconds = max(1, _seconds_until(resent.again_at, timezone.now()))
    return str(errors.RESEND_WAIT % {"count": seconds})


def _seconds_until(moment: datetime | None, now: datetime) -> int:
    """Whole seconds, rounded up, none once it has passed."""
    return max(0, -int(-(moment - now).total_seconds() // 1)) if moment else 0


def _resend_at(asked: Challenge) -> datetime | None:
    """From when on a code can be asked for; at once if the carrier refused the last one."""
    message = asked.message
    refused = message is not None and message.state == State.FAILED and message.sent_at is None
    return None if refused else asked.resend_at


def _delivery(asked: Challenge, now: datetime) -> str:
    """The delivery state in the word that page and script know."""
    message = asked.message
    if message is None:
        return "none"
    match message.state:
        case State.DELIVERED:
            return "delivered"
        case State.FAILED | State.EXPIRED:
            return "failed"
        case State.SENT:
            late = message.sent_at and now - message.sent_at > sending.DELAYED_AFTER
            return "delayed" if late else "sent"
        case _:
            return "delayed" if now - message.created_at > sending.DELAYED_AFTER else "queued"
