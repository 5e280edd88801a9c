"""Reporting the phone with the mobile security code as lost, at the point of a login where its code is asked for."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.decorators import pending_required, session_ended
from accounts.models import Method, SignIn
from twofactor import errors
from twofactor.services import loss
from twofactor.services.loss import Report


@require_http_methods(["GET", "HEAD", "POST"])
@pending_required
def lost(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """What to do in which order, with the one button; then what comes next."""
    if sign_in.customer is None or sign_in.customer.method != Method.SOFT_TOKEN:
        return redirect("twofactor:challenge")
    if request.method != "POST":
        return render(request, "twofactor/lost.html", {"known_browser": sign_in.known_browser})
    reported = loss.report_lost(sign_in)
    if reported.report == Report.GONE:
        return session_ended("gone")
    if reported.report == Report.TOO_OFTEN:
        messages.warning(request, str(errors.REPORTED_TODAY))
        return redirect("twofactor:lost")
    sessions.forget(request)
    response = render(
        request,
        "twofactor/lost_reported.html",
        {"reference": reported.reference, "known_browser": sign_in.known_browser},
    )
    sessions.drop_session_cookie(response)
    return response
