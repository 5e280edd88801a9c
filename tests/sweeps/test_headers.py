"""What every answer carries, and what no page contains."""

import re
from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.http import HttpResponse

from accounts.models import Customer
from accounts.services import sign_ins
from portal.messaging import notices
from tests.actors import Handset, Visitor
from tests.sweeps.routes import client_paths
from tests.sweeps.states import inside, nobody, pending

pytestmark = pytest.mark.django_db
REQUIRED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)
LOADED = re.compile(
    r"<(?:script|img|audio|source|iframe|link|form|object|embed)\b[^>]*\s(?:src|href|action|data)=\"([^\"]*)\""
)


def assert_headers(response: HttpResponse, what: str) -> None:
    """Kept out of caches, out of frames, and strict about scripts."""
    assert "no-store" in response.headers.get("Cache-Control", ""), what
    for name, value in REQUIRED.items():
        assert response.headers.get(name) == value, (what, name)
    policy = response.headers.get("Content-Security-Policy", "")
    for part in (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ):
        assert part in policy, (what, part)
    assert "unsafe" not in policy
    assert "X-Request-ID" in response.headers
    assert "Server" not in response.headers


def assert_body(response: HttpResponse, what: str) -> None:
    """Nothing inline, nothing from elsewhere, all in the page's language."""
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    body = response.content.decode()
    assert not INLINE.search(body), (what, INLINE.search(body))
    for address in LOADED.findall(body):
        assert address.startswith(("/", "data:")) or address == "", (what, address)
        assert not address.startswith("//"), (what, address)


@pytest.mark.parametrize("state", [nobody, pending, inside], ids=lambda state: state.__name__)
def test_every_client_page_is_strict_and_kept_nowhere(
    state: Callable[[Customer, Handset], Visitor], amy: Customer, handset: Handset
) -> None:
    """L8, O6"""
    visitor = state(amy, handset)
    for path in client_paths():
        response = visitor.get(path)
        assert_headers(response, path)
        assert_body(response, path)
        assert "no-store" in visitor.client.head(f"/en/{path}", secure=True).headers["Cache-Control"]


def error_page(status: int) -> HttpResponse:
    """One error page, as a browser gets it."""
    visitor = Visitor("en")
    match status:
        case 400:
            visitor.client.defaults["HTTP_HOST"] = "evil.example"
            return visitor.get("login/")
        case 403:
            visitor.client.handler.enforce_csrf_checks = True
            return visitor.post("login/")
        case 404:
            return visitor.get("nothing/")
        case 405:
            return visitor.get("logout/")
        case _:
            return visitor.post("login/", {"number": "1" * 70_000})


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413])
def test_error_pages_too(status: int, amy: Customer) -> None:
    """O6"""
    response = error_page(status)
    assert response.status_code == status
    assert len(response.content) > 500, "a page, not an empty answer"
    if status in {403, 404, 405, 413}:
        assert re.search(
            r'<html lang="en">.*<title>[^<]+ – DemoSec Securities</title>', response.content.decode(), re.DOTALL
        )
    assert response.headers["Content-Type"].startswith("text/html")
    assert_headers(response, str(status))
    assert_body(response, str(status))


def test_an_error_of_ours_says_so_and_nothing_else(
    amy: Customer, handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O6, C6"""
    visitor = inside(amy, handset)

    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError("boom")

    monkeypatch.setattr(notices, "has_channel", broken)
    visitor.client.raise_request_exception = False
    response = visitor.get("home/")
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()
    assert b"boom" not in response.content
    assert b"Traceback" not in response.content
    assert_headers(response, "500")
    assert_body(response, "500")


def test_a_database_that_is_away_lets_nobody_in_and_says_so(
    amy: Customer, handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C7"""
    visitor = inside(amy, handset)

    def away(*_: object, **__: object) -> object:
        raise OperationalError("no connection")

    monkeypatch.setattr(sign_ins, "find", away)
    for path in ("home/", "service/activity/", "login/verify/", "login/"):
        response = visitor.get(path)
        assert response.status_code == 503, path
        assert "Service is paused" in response.content.decode()
        assert int(response.headers["Retry-After"]) > 0
        assert_headers(response, path)
