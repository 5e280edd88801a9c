"""What every request passes through, outermost first; settings.MIDDLEWARE has the order."""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from csp.constants import HEADER as CSP_HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, ProgrammingError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone
from django_otp.middleware import OTPMiddleware

from accounts.policy import ABSOLUTE_LIFETIME
from portal.views import database_gone, method_not_allowed, too_large
from twofactor.views import token_app

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger(__name__)

#: What a proxy of ours may send as a request id; anything else is replaced.
_REQUEST_ID = re.compile(r"[0-9a-zA-Z-]{8,32}\Z")
_LENGTH_DIGITS = 12  # of a Content-Length; what is longer is no number that anybody means
#: Errors of the database that say nothing of the database.
_OUR_FAULT = (IntegrityError, ProgrammingError, DataError)
_QUIET = ("/static/", "/health/")


class RequestContextMiddleware:
    """Gives the request an id, keeps its answer out of caches, and writes one line about it.

    A database that is away becomes a plain page: nobody gets in on a guess.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.monotonic()
        request_id = self._request_id(request)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.content = method_not_allowed(request).content
            response["Content-Length"] = str(len(response.content))  # an inner middleware has counted none
        response["X-Request-ID"] = request_id
        if not request.path.startswith(_QUIET):
            response.setdefault("Cache-Control", "no-store, private")
            self._log(request, response, time.monotonic() - start)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called by Django when a view raises."""
        if isinstance(error, DatabaseError | InterfaceError) and not isinstance(error, _OUR_FAULT):
            log.error("database.gone", problem=type(error).__name__)
            return database_gone(request)
        return None

    @staticmethod
    def _request_id(request: HttpRequest) -> str:
        given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.TRUSTED_PROXY_COUNT else ""
        return given if _REQUEST_ID.match(given) else secrets.token_hex(8)

    @staticmethod
    def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        match = request.resolver_match
        log.info(
            "request",
            method=request.method,
            # The route and not the path: a path may hold a token.
            route=match.route if match else "",
            status=response.status_code,
            milliseconds=round(seconds * 1000),
        )


class PolicyMiddleware(CSPMiddleware):
    """The content security policy, which is the same on every page and therefore written once in each process.

    An answer that was given a policy of its own gets that one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self._ours = build_policy()

    def __call__(self, request: HttpRequest) -> Any:
        response: Any = self.get_response(request)  # no page of ours uses a nonce, which it would get here
        if hasattr(response, "_csp_config"):
            return self.process_response(request, response)
        response.setdefault(CSP_HEADER, self._ours)
        return response


class TokenAppHostMiddleware:
    """Answers for the token app's own host name, where the portal has no page and sets no cookie."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        ours = settings.TOKEN_APP_HOST
        if ours and split_domain_port(request.get_host())[0] == ours:
            return token_app.serve(request)
        return self.get_response(request)


class LanguageMiddleware(LocaleMiddleware):
    """The language of a page is that of its address. It is remembered for the next visit to an address without one."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        language = request.LANGUAGE_CODE
        remembered = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) == language
        if not remembered and request.path_info.startswith(f"/{language}/"):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return super().process_response(request, response)


class BodyBoundMiddleware:
    """Refuses a body above the bound before anybody reads it. Where staff send files the bound is that of the file."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if len(length) > _LENGTH_DIGITS or not length.isdecimal():
            return too_large(request)
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and int(length) > self._bound(request):
            return too_large(request)
        return self.get_response(request)

    @staticmethod
    def _bound(request: HttpRequest) -> int:
        file = next((size for route, size in settings.UPLOADS.items() if re.search(route, request.path)), 0)
        return file + settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class StaffPathOnly:
    """Mixed into Django's middleware: it acts below the staff path, and elsewhere stands aside.

    On a client's page there is no `request.session` and no `request.user`: a staff cookie is worth nothing
    there, and is not even sent there.
    """

    _aside: Callable[[HttpRequest], Any]

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)  # type: ignore[call-arg]  # what it is mixed into
        # Django wraps each in a function. Who stands aside for one of these need not pass through the next.
        following = getattr(get_response, "__wrapped__", None)
        self._aside = following._aside if isinstance(following, StaffPathOnly) else get_response

    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(settings.STAFF_PATH):
            return super().__call__(request)  # type: ignore[misc]
        return self._aside(request)


class StaffSessionMiddleware(StaffPathOnly, SessionMiddleware):
    """The session of staff."""


class StaffAuthenticationMiddleware(StaffPathOnly, AuthenticationMiddleware):
    """`request.user` for staff, whose session has an absolute limit beside the idle one of its cookie."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        super().process_request(request)
        if not request.user.is_authenticated:
            return None
        now = timezone.now().timestamp()
        began = request.session.setdefault("began", now)
        if now - began <= ABSOLUTE_LIFETIME.total_seconds() and request.user.is_staff:
            return None
        request.session.flush()
        return redirect_to_login(request.path)


class StaffOTPMiddleware(StaffPathOnly, OTPMiddleware):
    """`request.user.is_verified()` for staff."""
