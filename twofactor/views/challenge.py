"""The code page, wherever a code is asked for: typing it, asking for a new one, what became of the message.

Every answer to a POST is a redirect, so that reload and back never send anything twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import policy as accounts_policy
from accounts import sessions
from accounts.decorators import handles_secrets, pending_required, session_ended
from accounts.models import Method, Purpose, SignIn
from accounts.words import METHOD_LABELS, PURPOSE_LABELS
from portal import brand
from portal.lib.pages import address, go_to
from portal.lib.source import request_address
from portal.lib.user_agent import device_label
from portal.messaging import policy as sending
from portal.messaging.gateways.base import OPTED_OUT
from portal.messaging.models import State
from twofactor import errors
from twofactor.forms import AnswerForm, CodeForm
from twofactor.methods import METHODS
from twofactor.models import Challenge
from twofactor.services import challenges
from twofactor.services.challenges import Outcome, Resent, Verdict
from twofactor.services.login import Granted, second_step
from twofactor.views import reasons


@dataclass(frozen=True, slots=True)
class Journey:
    """Where a code is asked for: its purpose, and the URL names of its pages."""

    purpose: Purpose
    page: str
    resend: str
    delivery: str
    cancel: str
    resync: str = ""  # where two codes in a row are typed, if there is such a page
    outside: str = ""  # for one that is no session's: the page that knows how it goes on when it is over

    def over(self) -> HttpResponse:
        """To that page, or to the one that says that the session is over."""
        return redirect(self.outside) if self.outside else session_ended("gone")


def _addresses(journey: Journey, language: str) -> dict[str, str]:
    """Where the pages of a journey are, in a language that is in force."""
    return {
        "delivery_url": address(journey.delivery, language),
        "resend_url": address(journey.resend, language),
        "action_url": address(journey.page, language),
        "cancel_url": address(journey.cancel, language),
        "resync_url": address(journey.resync, language) if journey.resync else "",
    }


LOGIN = Journey(
    Purpose.LOGIN,
    page="twofactor:challenge",
    resend="twofactor:resend",
    delivery="twofactor:delivery",
    cancel="twofactor:login",
    resync="twofactor:resync",
)


@handles_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@pending_required
def challenge(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """The code page of a login."""
    if request.method != "POST":
        return show(request, sign_in, LOGIN)
    return enter(request, sign_in, LOGIN, CodeForm(request.POST))


def enter(request: HttpRequest, sign_in: SignIn, journey: Journey, form: AnswerForm) -> HttpResponse:
    """Judge an answer of a login and, if it is right, let the client in."""
    granted: list[Granted] = []

    def judge(typed: str) -> Outcome:
        outcome, grant = second_step(sign_in, typed, device=device_label(sign_in.user_agent))
        granted.extend([grant] if grant else [])
        return outcome

    response = answer(request, sign_in, journey, form, judge, onward=sessions.kept_page(request))
    for grant in granted:
        let_in(request, response, grant)
    return response


def let_in(request: HttpRequest, response: HttpResponse, granted: Granted) -> None:
    """Hand out the keys of a login that is complete."""
    rotate_token(request)  # forms from before the login are worth nothing inside
    sessions.set_session_cookie(response, granted.key)
    sessions.set_browser_cookie(response, granted.browser)
    if sessions.kept_page(request) != sessions.HOME:
        sessions.forget_page(response)


@require_POST
@pending_required
def resend(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Send a new code for this login."""
    return send_again(request, sign_in, LOGIN)


@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """What became of the message, for the script of the page."""
    return report(sessions.lookup(request).sign_in, LOGIN)


# --- Shared with every other journey ---------------------------------------------------------------


def show(request: HttpRequest, sign_in: SignIn, journey: Journey) -> HttpResponse:
    """The code page as it stands now. Sends nothing, changes nothing."""
    asked, customer = challenges.current(sign_in, journey.purpose), sign_in.customer
    if asked is None or customer is None:
        return journey.over()
    if asked.capped and not asked.code_digest:
        return no_more_codes(request, asked)
    method = METHODS[asked.method]
    destination = method.destination(customer)
    context = {
        **(sms_facts(asked, now=timezone.now()) if destination else {}),
        "method": asked.method,
        "method_label": METHOD_LABELS[asked.method],
        "destination": destination,
        "device": method.device(customer),
        **_addresses(journey, get_language() or ""),
        "purpose": journey.purpose.value,
        "purpose_label": PURPOSE_LABELS[journey.purpose],
        "tries_left": accounts_policy.FREEZE_AT - customer.wrong_codes,
        "sender": brand.current().sms_sender,
    }
    return render(request, "twofactor/challenge.html", context)


def no_more_codes(request: HttpRequest, asked: Challenge) -> HttpResponse:
    """The page of a client who cannot have a code now: until when, why, and what helps."""
    facts = {"retry_at": asked.resend_at, "over_budget": asked.over_budget}
    return render(request, "accounts/too_many_sends.html", facts)


def sms_facts(asked: Challenge, *, now: datetime) -> dict[str, Any]:
    """What a page says of a code by text message: how long it is good, when there can be another, where it is."""
    left = int((asked.expires_at - now).total_seconds())
    return {
        "challenge": asked,
        "sent": bool(asked.code_digest),
        "expired": left < 0,
        "seconds_left": max(0, left),
        "resend_at": _resend_at(asked),
        "resend_seconds": _seconds_until(_resend_at(asked), now),
        "delivery": (state := _delivery(asked, now)),
        "moving": state in _MOVING,
        "undelivered": state in _UNDELIVERED,
    }


def answer(
    request: HttpRequest,
    sign_in: SignIn,
    journey: Journey,
    form: AnswerForm,
    judge: Callable[[str], Outcome],
    *,
    onward: str,
) -> HttpResponse:
    """Judge what was typed and go on, or back to the page with the reason. `onward` is a URL name."""
    field = next(iter(form.fields))
    if not form.is_valid():
        return _back(request, journey, field, reasons.shape(form, sign_in))
    outcome = judge(form.cleaned_data["answer"])
    match outcome.verdict:
        case Verdict.PASSED:
            return go_to(onward)
        case Verdict.FROZEN:
            return _frozen(request, sign_in, journey)
        case Verdict.GONE:
            return journey.over()
        case verdict:
            if verdict == Verdict.CLOCK_SLOW:
                messages.info(request, str(errors.CLOCK_HELP))
            return _back(request, journey, field, reasons.reason(outcome, sign_in, journey.purpose))


def send_again(request: HttpRequest, sign_in: SignIn, journey: Journey) -> HttpResponse:
    """Ask for a new code, and back to the page."""
    language = get_language() or sign_in.language
    resent = challenges.resend(sign_in, journey.purpose, source=request_address(request), language=language)
    if resent.gone:
        return journey.over()
    resent_message(request, resent)
    return redirect(journey.page)


def resent_message(request: HttpRequest, resent: Resent) -> None:
    """Say what became of asking for a new code."""
    if resent.sent:
        messages.success(request, str(errors.RESENT))
    elif resent.capped and resent.again_at:
        when = {"time": f"{timezone.localtime(resent.again_at):%Y-%m-%d %H:%M:%S}"}
        words = errors.BUDGET_GONE if resent.over_budget else errors.TOO_MANY_CODES
        messages.warning(request, str(words % when))
    elif resent.again_at:
        messages.warning(request, _wait_text(resent))


def report(sign_in: SignIn | None, journey: Journey) -> JsonResponse:
    """The delivery state as JSON. Asking for it is not activity: the idle limit runs on."""
    asked = challenges.current(sign_in, journey.purpose) if sign_in else None
    if asked is None:
        return JsonResponse({"state": "gone", "resend_seconds": 0}, status=410)
    now = timezone.now()
    return JsonResponse({"state": _delivery(asked, now), "resend_seconds": _seconds_until(_resend_at(asked), now)})


def _back(request: HttpRequest, journey: Journey, field: str, reason: str | Promise) -> HttpResponse:
    messages.error(request, str(reason), extra_tags=f"field-{field}")
    return redirect(journey.page)


def _frozen(request: HttpRequest, sign_in: SignIn, journey: Journey) -> HttpResponse:
    customer = sign_in.customer
    facts = {
        "frozen_at": customer.frozen_at if customer else None,
        "reference": customer.freeze_reference if customer else "",
    }
    if journey.outside:
        return render(request, "accounts/frozen.html", facts)
    sessions.forget(request)
    response = render(request, "accounts/frozen.html", facts)
    sessions.drop_session_cookie(response)
    return response


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


#: The words for what may still change, and for what will bring no code.
_MOVING = frozenset({"queued", "sent", "delayed"})
_UNDELIVERED = frozenset({"failed", "refused", "opted_out"})


def _delivery(asked: Challenge, now: datetime) -> str:
    """The delivery state in the word that page and script know."""
    message = asked.message
    if message is None:
        return "none"
    match message.state:
        case State.DELIVERED:
            return "delivered"
        case State.FAILED if asked.method == Method.SMS and message.sent_at is None:
            # No gateway takes it: another text to the same number would fare no better.
            return "opted_out" if message.problem.startswith(OPTED_OUT) else "refused"
        case State.FAILED | State.EXPIRED:
            return "failed"
        case State.SENT:
            late = message.sent_at and now - message.sent_at > sending.DELAYED_AFTER
            return "delayed" if late or message.delayed_at else "sent"
        case _:
            return "delayed" if now - message.created_at > sending.DELAYED_AFTER else "queued"
