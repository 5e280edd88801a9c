"""The client's cookies: the session's, the browser's, where to go on, and that of a forgotten password. Nothing else
reads or writes them."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone

from accounts import policy
from accounts.models import PasswordReset
from accounts.services import reset, sign_ins
from accounts.services.login import Browser

_SEPARATOR = "."
HOME = "home"
#: Pages, by URL name, that a client who was away too long comes back to. What a page had begun is proven anew.
_RETURNS = frozenset({"accounts:activity", "accounts:password", "twofactor:method"})


def lookup(request: HttpRequest, *, with_previous: bool = False) -> sign_ins.Found:
    """The session that this request's cookie leads to; looked up once per request, and only if somebody asks."""
    found: sign_ins.Found | None = getattr(request, "_client_session", None)
    if found is None:
        key = request.COOKIES.get(settings.CLIENT_COOKIE_NAME)
        found = sign_ins.find(key, now=timezone.now(), with_previous=with_previous) if key else sign_ins.Found(None)
        request._client_session = found  # type: ignore[attr-defined]
    return found


def forget(request: HttpRequest) -> None:
    """The session has just been ended: the page that follows is nobody's."""
    request._client_session = sign_ins.Found(None)  # type: ignore[attr-defined]


def set_session_cookie(response: HttpResponse, key: str) -> None:
    """Hand out a key. It lives until the browser closes; the server's limits are shorter anyway."""
    _set(response, settings.CLIENT_COOKIE_NAME, key, samesite="Lax")


def drop_session_cookie(response: HttpResponse) -> None:
    """Take the key back."""
    _drop(response, settings.CLIENT_COOKIE_NAME)


def keep_page(response: HttpResponse, path: str) -> None:
    """Let the next login of this browser go on at this page, if it is one to go on at.

    No address is ever followed: what is kept is the name of one of our pages.
    """
    try:
        name = resolve(path).view_name
    except Resolver404:
        return
    if name in _RETURNS:
        lifetime = int(policy.ABSOLUTE_LIFETIME.total_seconds())
        _set(response, settings.RETURN_COOKIE_NAME, name, samesite="Lax", max_age=lifetime)


def kept_page(request: HttpRequest) -> str:
    """The URL name of the page to go on at after a login."""
    name = request.COOKIES.get(settings.RETURN_COOKIE_NAME, "")
    return name if name in _RETURNS else HOME


def forget_page(response: HttpResponse) -> None:
    """The client has come back."""
    _drop(response, settings.RETURN_COOKIE_NAME)


def browser_of(request: HttpRequest) -> Browser | None:
    """What the device cookie says; None if there is none or it is no cookie of ours."""
    device, separator, token = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "").partition(_SEPARATOR)
    if not separator or not 0 < len(token) <= 64:
        return None
    try:
        return Browser(UUID(device), token)
    except ValueError:
        return None


def set_browser_cookie(response: HttpResponse, browser: Browser) -> None:
    """Let this browser be known at its next login."""
    _set(
        response,
        settings.BROWSER_COOKIE_NAME,
        f"{browser.device}{_SEPARATOR}{browser.token}",
        max_age=int(policy.BROWSER_LIFETIME.total_seconds()),
        samesite="Strict",
    )


def reset_of(request: HttpRequest) -> PasswordReset | None:
    """The journey of a forgotten password that this request's cookie leads to."""
    key = request.COOKIES.get(settings.RESET_COOKIE_NAME)
    return reset.find(key) if key else None


def set_reset_cookie(response: HttpResponse, key: str) -> None:
    """Hand out the key of such a journey. It opens no session, and no link from elsewhere leads into it."""
    lifetime = int(policy.RESET_LIFETIME.total_seconds())
    _set(response, settings.RESET_COOKIE_NAME, key, samesite="Strict", max_age=lifetime)


def _drop(response: HttpResponse, name: str) -> None:
    response.delete_cookie(name, samesite="Lax")
    response.cookies[name]["secure"] = not settings.DEMO


def _set(response: HttpResponse, name: str, value: str, *, samesite: str, max_age: int | None = None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/",
        secure=not settings.DEMO,
        httponly=True,
        samesite=samesite,  # type: ignore[arg-type]
    )
