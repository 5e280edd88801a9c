"""Leaving, staying, and the page after the end of a session."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import sessions
from accounts.decorators import inside_or_forced, session_ended
from accounts.models import AWAY, EndReason, SignIn
from accounts.services import sign_ins

_REASONS = {*EndReason.values, "gone"}


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session of this browser. Twice is as good as once."""
    sign_in = sessions.lookup(request).sign_in
    if sign_in is not None:
        sign_ins.end(sign_in, EndReason.USER, now=timezone.now())
    response = session_ended(EndReason.USER)
    sessions.drop_session_cookie(response)
    return response


@require_POST
@inside_or_forced
def extend(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """The client answered the warning and stays: the guard has taken note."""
    return HttpResponse(status=204)


@require_safe
def ended(request: HttpRequest) -> HttpResponse:
    """Why the session is over. A browser that has a live one (a double click on the code page) goes to it."""
    sign_in = sessions.lookup(request).sign_in
    if sign_in is not None and sign_in.inside:
        return redirect("home")
    reason = request.GET.get("reason", "")
    response = render(request, "accounts/ended.html", {"reason": reason if reason in _REASONS else ""})
    if reason in AWAY:
        sessions.keep_page(response, request.GET.get("next", ""))
    return response
