"""Pages without an app: home, help, policies, health, errors."""

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import sessions
from accounts.decorators import inside_with_previous
from accounts.models import Method, SignIn
from accounts.views import forms
from accounts.words import METHOD_LABELS
from portal.letters import paper_form
from portal.messaging import notices, relay
from portal.messaging.tasks import HEARTBEAT
from twofactor.methods import METHODS

HELP_PAGES = frozenset({"faq", "2fa-notes", "frozen", "lost-phone", "rebind-letter", "no-code", "contact"})

#: The worker's heart beats with every sweep, each 10 s; three missed beats and it is not ready.
_HEARTBEAT_AGE = 35  # seconds
#: A code lives 180 s; a message that waits this long means that nothing leaves.
_QUEUE_AGE = 60  # seconds


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """To the menu, or to the login."""
    found = sessions.lookup(request).sign_in
    return redirect("home" if found and found.inside else "twofactor:login")


@require_safe
@inside_with_previous
def home(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """The customer-service menu, with the login before this one and the method in use."""
    customer = sign_in.customer
    if customer is None:
        raise AssertionError("a session has an account")
    method = METHODS[customer.method]
    context = {
        "last": sign_in.previous,
        "method_label": METHOD_LABELS[customer.method],
        "destination": method.destination(customer),
        "device": method.device(customer),
        "needs_mobile": not METHODS[Method.SMS].ready(customer),
        "has_other_channel": notices.has_channel(customer),
        "password_age_days": (timezone.now() - customer.password_changed_at).days,
    }
    return render(request, "home.html", context)


@require_safe
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One public help page."""
    if slug not in HELP_PAGES:
        raise Http404
    return render(request, f"help/{slug}.html")


@require_safe
def blank_form(request: HttpRequest) -> HttpResponse:
    """The client information update form, to be filled in by hand."""
    return forms.shown(paper_form.blank(get_language() or settings.LANGUAGE_CODE), "client-information-update-form")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The privacy policy."""
    return render(request, "privacy.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "accessibility.html")


# --- Health ------------------------------------------------------------------------------------------


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether clients can get in and codes get out: database, broker, a worker that lives, nothing stuck."""
    checks = {"database": False, "broker": False, "worker": False, "outbox": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = True
        oldest = relay.waiting_since()
        checks["outbox"] = oldest is None or (timezone.now() - oldest).total_seconds() < _QUEUE_AGE
    except DatabaseError:
        pass
    try:
        beat = cache.get(HEARTBEAT)
        checks["broker"] = True
        checks["worker"] = beat is not None and timezone.now().timestamp() - beat < _HEARTBEAT_AGE
    except Exception:  # noqa: S110 - whatever the client library raises, the answer is "not ready"
        pass
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


# --- Errors ------------------------------------------------------------------------------------------


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old, or was not ours."""
    return render(request, "403_csrf.html", status=403)


def too_large(request: HttpRequest) -> HttpResponse:
    """A body above the bound: refused before it is read."""
    return render(request, "413.html", status=413)


def database_gone(request: HttpRequest) -> HttpResponse:
    """Nothing can be looked up, so nobody gets in."""
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "30"})


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    """A form's address opened like a page."""
    return render(request, "405.html", status=405)


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it unasked."""
    return HttpResponseRedirect(f"{settings.STATIC_URL}portal/favicon.svg")
