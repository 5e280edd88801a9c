"""Where the token app is served, what its answers carry, and that its host shows nothing else."""

import json
import re
from http import HTTPMethod
from typing import cast
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path
from pytest_django import Settings

from portal import urls
from tests.sweeps.routes import client_paths, other_paths
from tests.sweeps.test_headers import INLINE, LOADED
from twofactor.views.token_app import opens_token_app, token_app_url

HOST = "token.example.com.hk"
ADDRESSES = ["/", "/sw.js", "/manifest.webmanifest"]
#: As `portal.urls` is where the demo is on.
urlpatterns = [*urls.urlpatterns, path("token/", include("twofactor.token_urls"))]


@pytest.fixture
def production(settings: Settings) -> None:
    """The app at its own host name."""
    settings.TOKEN_APP_HOST = HOST
    settings.ALLOWED_HOSTS = [*django_settings.ALLOWED_HOSTS, HOST]


def ask(address: str, *, host: str = HOST, method: str = "GET", **more: str) -> HttpResponse:
    """One request, from a browser with every cookie that it could have."""
    client = Client(raise_request_exception=False, headers={"host": host, **more})
    for name in ("__Host-client", "__Host-browser", "__Host-csrf", "__Secure-staff", "django_language"):
        client.cookies[name] = "x" * 43
    return cast(HttpResponse, client.generic(method, address, secure=True))


def assert_strict(response: HttpResponse, what: object) -> None:
    """The app's own headers."""
    policy = {
        name: " ".join(values)
        for name, *values in (part.split() for part in response["Content-Security-Policy"].split(";"))
    }
    own = {f"{kind}-src": "'self'" for kind in ("script", "style", "img", "manifest", "connect", "worker")}
    nothing = dict.fromkeys(["default-src", "base-uri", "form-action", "frame-ancestors"], "'none'")
    assert policy == own | nothing, what
    assert "camera=(self)" in response["Permissions-Policy"], what
    assert "microphone=()" in response["Permissions-Policy"], what
    assert response["X-Frame-Options"] == "DENY", what
    assert response["X-Content-Type-Options"] == "nosniff", what
    assert response["Referrer-Policy"] == "no-referrer", what
    assert response["Cross-Origin-Opener-Policy"] == "unsafe-none", what
    assert response["Strict-Transport-Security"].startswith("max-age=31536000"), what
    assert response["Cache-Control"] == "no-cache", what
    assert "X-Request-ID" in response, what
    assert not response.cookies, what
    assert "Cookie" not in response.get("Vary", ""), what


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_app_is_strict_and_sets_no_cookie(address: str, method: str, production: None) -> None:
    """O6, L5: without a look into the database: these tests may not open it"""
    response = ask(address, method=method)
    assert response.status_code == 200
    assert_strict(response, address)


def test_the_page_holds_nothing_inline_and_nothing_from_elsewhere(production: None) -> None:
    body = ask("/").content.decode()
    assert not INLINE.search(body)
    for address in LOADED.findall(body):
        assert address.startswith("/static/twofactor/token/") or address == "manifest.webmanifest", address
    assert f'data-portal="{django_settings.PUBLIC_ORIGIN}"' in body


def test_the_page_is_the_same_for_everybody(production: None) -> None:
    answers = {ask("/", **{"accept-language": language}).content for language in ("en", "zh-hant", "zh-hans")}
    assert len(answers) == 1


@pytest.mark.parametrize("method", [method.value for method in HTTPMethod if method not in {"GET", "HEAD", "CONNECT"}])
def test_the_app_takes_nothing(method: str, production: None) -> None:
    for address in ADDRESSES:
        response = ask(address, method=method)
        assert response.status_code == 405, address
        assert response["Allow"] == "GET, HEAD"
        assert_strict(response, (method, address))
        assert b"<" not in response.content


def test_the_apps_host_serves_nothing_of_the_portal(production: None) -> None:
    """L2: every address of the site map, and no look at any cookie"""
    portal = [f"/{language}/{each}" for language in ("zh-hant", "zh-hans", "en") for each in client_paths()]
    for address in {*portal, *other_paths(), "/token/", "/token/sw.js", "/demo/handset/", "/x", "/index.html"} - {"/"}:
        for method in ("GET", "POST"):
            response = ask(address, method=method)
            assert response.status_code == 404, address
            assert_strict(response, address)
            assert response.content == b"404", address


@pytest.mark.parametrize("host", [HOST.upper(), f"{HOST}:443", f"{HOST}."])
def test_other_spellings_of_the_host_are_the_same_host(host: str, production: None) -> None:
    assert ask("/", host=host).status_code == 200
    assert ask("/en/login/", host=host).status_code == 404


@pytest.mark.django_db
def test_the_portals_host_has_no_app(production: None) -> None:
    for address in ("/token/", "/token/sw.js", "/token/manifest.webmanifest", "/sw.js", "/manifest.webmanifest"):
        assert ask(address, host="portal.example.com.hk").status_code == 404, address
    assert ask("/en/login/", host="portal.example.com.hk").status_code == 200


@pytest.mark.django_db
def test_where_no_host_is_set_the_app_is_nowhere(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [*django_settings.ALLOWED_HOSTS, HOST]
    assert settings.TOKEN_APP_HOST == ""
    for address in ADDRESSES[1:]:
        assert ask(address).status_code == 404, address
    assert token_app_url(RequestFactory().get("/", secure=True)) == ""


def test_the_worker_keeps_every_file_of_the_page(production: None) -> None:
    body, worker = ask("/").content.decode(), ask("/sw.js").content.decode()
    found = re.search(r"^const SHELL = (\[.*\]);$", worker, re.MULTILINE)
    assert found
    shell = json.loads(found[1])
    wanted = set(re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]+)"', body))
    assert {each for each in wanted if "icon-192" not in each} | {"./"} == set(shell)
    assert re.search(r'^const VERSION = "[0-9a-f]{16}";$', worker, re.MULTILINE)


def test_a_changed_page_is_another_version(production: None, settings: Settings) -> None:
    before = ask("/sw.js").content
    assert ask("/sw.js").content == before
    settings.BRAND = "gtjai"
    assert ask("/sw.js").content != before


def test_the_manifest_names_the_app_in_the_phones_language(production: None) -> None:
    """O5"""
    manifest = json.loads(ask("/manifest.webmanifest", **{"accept-language": "en-GB"}).content)
    assert manifest["name"] == "Security codes – DemoSec Securities"
    assert manifest["lang"] == "en"
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"any", "192x192", "512x512"}
    hant = json.loads(ask("/manifest.webmanifest", **{"accept-language": "zh-HK"}).content)
    assert (hant["short_name"], hant["lang"]) == ("保安編碼", "zh-Hant-HK")
    hans = json.loads(ask("/manifest.webmanifest", **{"accept-language": "zh-CN"}).content)
    assert (hans["short_name"], hans["lang"]) == ("保安编码", "zh-Hans")


def test_the_binding_page_learns_where_the_app_is(production: None, settings: Settings) -> None:
    request = RequestFactory().get("/", secure=True)
    assert token_app_url(request) == f"https://{HOST}/"
    settings.TOKEN_APP_HOST, settings.DEMO, settings.ROOT_URLCONF = "", True, __name__
    request = RequestFactory().get("/en/", headers={"host": "127.0.0.1:8001"})
    assert token_app_url(request) == "http://127.0.0.1:8001/token/"


def test_a_page_with_the_handover_may_hear_the_window_that_it_opens() -> None:
    response = opens_token_app(lambda _request: HttpResponse())(RequestFactory().get("/"))
    assert response["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"


@pytest.mark.parametrize(
    ("host", "allowed", "found"),
    [
        ("", [], set()),
        (HOST, [HOST], set()),
        (HOST, [], {"portal.E014"}),
        (HOST, [".example.com.hk"], {"portal.E014"}),
        (f"https://{HOST}", [HOST], {"portal.E014"}),
        (f"{HOST}:443", [HOST], {"portal.E014"}),
        (urlsplit(django_settings.PUBLIC_ORIGIN).hostname, [], {"portal.E013"}),
    ],
)
def test_a_host_that_cannot_be_is_refused_at_the_start(
    host: str, allowed: list[str], found: set[str], settings: Settings
) -> None:
    """O2"""
    settings.TOKEN_APP_HOST = host
    settings.ALLOWED_HOSTS = [*django_settings.ALLOWED_HOSTS, *allowed]
    problems = {each.id for each in run_checks(include_deployment_checks=True)}
    assert problems & {"portal.E013", "portal.E014"} == found
