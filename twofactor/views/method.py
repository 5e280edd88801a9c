"""The application page: which method is in use, choosing another, stopping, and what it says once it is done."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import sessions
from accounts.decorators import inside_required
from accounts.models import Customer, Method, Purpose, SignIn
from accounts.services import holds, sign_ins
from accounts.words import METHOD_LABELS
from portal.lib.source import request_address
from twofactor import errors
from twofactor.methods import METHODS
from twofactor.models import MethodSwitch
from twofactor.services import swapping, switching, tokens
from twofactor.services.switching import Onward, Refusal

#: In the order in which they are offered: the recommended one first.
_OFFERED = (Method.SOFT_TOKEN, Method.SMS)
_NEXT = {Method.SOFT_TOKEN: "twofactor:bind", Method.SMS: "twofactor:confirm"}
_ONWARD = {
    Onward.BIND: "twofactor:bind",
    Onward.CONFIRM: "twofactor:confirm",
    Onward.DONE: "twofactor:method_done",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One method on the page; `refusal` is the reason why it is not offered, by name."""

    method: str
    label: Promise
    refusal: str


@require_http_methods(["GET", "HEAD", "POST"])
@inside_required
def method(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Show what is in use and what can be chosen, or take the choice."""
    if request.method == "POST":
        return _begin(request, sign_in)
    customer, now = owner(sign_in), timezone.now()
    underway = switching.current(sign_in)
    context = {
        "method": customer.method,
        "method_label": METHOD_LABELS[customer.method],
        "destination": METHODS[customer.method].destination(customer),
        "token": tokens.live(customer),
        "chosen_at": customer.method_chosen_at,
        "held_until": holds.method_held_until(customer, now=now),
        "choices": [_choice(customer, sign_in, each) for each in _OFFERED],
        "underway": underway,
        "continue_at": _continue_at(underway),
    }
    return render(request, "twofactor/method.html", context)


def _choice(customer: Customer, sign_in: SignIn, kind: Method) -> Choice:
    refusal = switching.why_not(customer, sign_in, kind, now=timezone.now())
    not_offered = refusal if refusal in {Refusal.NO_MOBILE, Refusal.UNKNOWN_BROWSER} else None
    return Choice(kind.value, METHOD_LABELS[kind], not_offered.name.lower() if not_offered else "")


def _continue_at(underway: MethodSwitch | None) -> str:
    """The page on which a change that was proven in time goes on, as a URL name."""
    if underway is None or not switching.in_time(underway, now=timezone.now()):
        return ""
    return _NEXT[Method(underway.to_method)]


def _begin(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    chosen = request.POST.get("method", "")
    if chosen not in Method.values:
        messages.error(request, str(errors.METHOD_MISSING), extra_tags="field-method")
        return redirect("twofactor:method")
    match switching.begin(sign_in, chosen, now=timezone.now()):
        case None:
            sign_ins.ask_proof(sign_in, Purpose.CHANGE_METHOD)
            return redirect("twofactor:prove")
        case Refusal.IN_USE:
            messages.info(request, str(errors.METHOD_IN_USE))
        case Refusal.HELD:
            messages.warning(request, str(errors.METHOD_HELD))
        case Refusal.GONE:
            return gone(request)
        case _:
            messages.warning(request, str(errors.METHOD_NOT_OFFERED))
    return redirect("twofactor:method")


@require_POST
@inside_required
def stop(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Keep the present method."""
    if switching.stop(sign_in):
        messages.success(request, str(errors.SWITCH_STOPPED))
    return redirect("twofactor:method")


@require_safe
@inside_required
def done(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """What is in use now, since when, under which reference, and where we wrote of it."""
    completed = swapping.completed(sign_in)
    if completed is None:
        return redirect("twofactor:method")
    customer = owner(sign_in)
    context = {
        "completed": completed,
        "method": customer.method,
        "method_label": METHOD_LABELS[customer.method],
        "destination": METHODS[customer.method].destination(customer),
        "token": tokens.live(customer),
    }
    return render(request, "twofactor/method_done.html", context)


# --- Shared with the pages of a change -----------------------------------------------------------------


def go_on(request: HttpRequest, sign_in: SignIn, key: str) -> HttpResponse:
    """Password and current method have just been proven, which gave the session this key: on to the new method."""
    language = get_language() or sign_in.language
    onward, newer = switching.after_proof(sign_in, source=request_address(request), language=language)
    response = redirect(_ONWARD[onward]) if onward in _ONWARD else gone(request)
    sessions.set_session_cookie(response, newer or key)
    return response


def finished(key: str) -> HttpResponse:
    """The change is done: the session goes on under its new key."""
    response: HttpResponse = redirect("twofactor:method_done")
    sessions.set_session_cookie(response, key)
    return response


def stopped(request: HttpRequest) -> HttpResponse:
    """Too many wrong codes of the new method: the change is over."""
    messages.error(request, str(errors.SWITCH_TOO_MANY))
    return redirect("twofactor:method")


def gone(request: HttpRequest) -> HttpResponse:
    """There is nothing to go on with: back to the start, with a word about it."""
    messages.warning(request, str(errors.SWITCH_GONE))
    return redirect("twofactor:method")


def owner(sign_in: SignIn) -> Customer:
    """Whose session it is."""
    if sign_in.customer is None:
        raise AssertionError("a session has an account")
    return sign_in.customer
