"""Login history, open sessions, and "this was not me"."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import errors, policy, sessions
from accounts.decorators import inside_required
from accounts.models import Customer, SignIn
from accounts.services import lockout, sign_ins
from accounts.words import METHOD_LABELS, RESULT_LABELS


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the login history, in the client's words."""

    pk: int
    at: datetime
    result_label: Promise
    method_label: Promise | str
    device_label: str
    address_masked: str
    is_current: bool
    live: bool


@require_safe
@inside_required
def activity(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """What happened on this account in the last three months, and where it is open now."""
    customer, now = _owner(sign_in), timezone.now()
    live = list(sign_ins.live(customer, now=now)[: policy.LIVE_SESSIONS_SHOWN])
    history = SignIn.objects.filter(customer=customer, at__gt=now - policy.ACTIVITY_WINDOW).order_by("-at")
    page = Paginator(history, policy.ACTIVITY_PAGE).get_page(request.GET.get("page"))
    open_now = {session.pk for session in live}

    def entry(row: SignIn) -> Entry:
        return Entry(
            pk=row.pk,
            at=row.at,
            result_label=RESULT_LABELS[row.result],
            method_label=METHOD_LABELS.get(row.method, ""),
            device_label=row.device_label,
            address_masked=row.address_masked,
            is_current=row.pk == sign_in.pk,
            live=row.pk in open_now,
        )

    context = {"page": page, "entries": map(entry, page.object_list), "sessions": list(map(entry, live))}
    return render(request, "accounts/activity.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@inside_required
def not_me(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """Ask once, then freeze the own account: whoever else is inside is out."""
    if request.method != "POST":
        return render(request, "accounts/not_me.html")
    now = timezone.now()
    reference = lockout.freeze_for_client(_owner(sign_in), now=now)
    sessions.forget(request)
    response = render(request, "accounts/frozen.html", {"frozen_at": now, "reference": reference})
    sessions.drop_session_cookie(response)
    return response


@require_POST
@inside_required
def end_session(request: HttpRequest, sign_in: SignIn, pk: int) -> HttpResponse:
    """End one of the own sessions."""
    if sign_ins.end_one(_owner(sign_in), pk, now=timezone.now()):
        messages.success(request, str(errors.SESSION_ENDED_BY_YOU))
    return redirect("accounts:activity")


@require_POST
@inside_required
def end_other_sessions(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """End every session but this one."""
    sign_ins.end_others(_owner(sign_in), sign_in, now=timezone.now())
    messages.success(request, str(errors.SESSIONS_ENDED_BY_YOU))
    return redirect("accounts:activity")


def _owner(sign_in: SignIn) -> Customer:
    if sign_in.customer is None:
        raise AssertionError("a session has an account")
    return sign_in.customer
