"""Guards of client views. A view that needs a session takes it as its second argument."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accounts import sessions
from accounts.models import AWAY, EndReason, Purpose, SignIn
from accounts.services import sign_ins

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
SessionView = Callable[Concatenate[HttpRequest, SignIn, P], HttpResponse]


def inside_required(view: SessionView[P]) -> View[P]:
    """Only for clients who have proven both factors, and who do not owe us a new password."""
    return _inside(view)


def inside_with_previous(view: SessionView[P]) -> View[P]:
    """Like `inside_required`; the session brings along the login before it."""
    return _inside(view, with_previous=True)


def inside_or_forced(view: SessionView[P]) -> View[P]:
    """Like `inside_required`, and also for a client who has to choose a new password first."""
    return _inside(view, forced_change=True)


def _inside(view: SessionView[P], *, forced_change: bool = False, with_previous: bool = False) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        found = sessions.lookup(request, with_previous=with_previous)
        signin = found.sign_in
        if signin is None:
            return session_ended(found.ended, at=request.path) if found.ended else redirect("twofactor:login")
        if not signin.inside:
            return redirect("twofactor:challenge")
        customer = signin.customer
        if customer is not None and customer.must_change_password and not forced_change:
            return redirect("accounts:password")
        sign_ins.see(signin, now=timezone.now())
        return view(request, signin, *args, **kwargs)

    return guarded


def pending_required(view: SessionView[P]) -> View[P]:
    """Only for a login whose password was right and whose code is still to come."""
    return _pending(view)


def pending_or_stranded(view: SessionView[P]) -> View[P]:
    """Like `pending_required`, and also for a login whose method cannot be asked for."""
    return _pending(view, stranded=True)


def _pending(view: SessionView[P], *, stranded: bool = False) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        found = sessions.lookup(request)
        if found.sign_in is None:
            return session_ended("gone")
        if found.sign_in.inside:
            return redirect("home")
        if not found.sign_in.pending and not stranded:
            return redirect("twofactor:rebind")
        return view(request, found.sign_in, *args, **kwargs)

    return guarded


def proof_required(purpose: Purpose, *, unless_forced: bool = False) -> Callable[[SessionView[P]], View[P]]:
    """Only with a fresh proof of password and code for this purpose; without one the client is asked for it.

    `unless_forced` lets a client in who has to choose a new password, if the login has just proven both.
    """

    def decorate(view: SessionView[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, signin: SignIn, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            now = timezone.now()
            must = unless_forced and signin.customer is not None and signin.customer.must_change_password
            forced = must and sign_ins.just_logged_in(signin, now=now)
            if forced or sign_ins.has_proof(signin, purpose, now=now):
                return view(request, signin, *args, **kwargs)
            sign_ins.ask_proof(signin, purpose)
            return redirect("twofactor:prove")

        return inside_or_forced(guarded) if unless_forced else inside_required(guarded)

    return decorate


def handles_secrets(view: View[P]) -> View[P]:
    """For views that take a password or a code: no error report shows what was typed."""
    guarded: Any = sensitive_post_parameters()(sensitive_variables()(view))
    return guarded  # type: ignore[no-any-return]


def session_ended(reason: EndReason | str, *, at: str = "") -> HttpResponse:
    """To the page that says why. Who was away too long goes on after a login at the page with the path `at`."""
    query = {"reason": str(reason), **({"next": at} if at and reason in AWAY else {})}
    return redirect(f"{reverse('accounts:ended')}?{urlencode(query)}")
