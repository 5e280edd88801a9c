"""Requests that no browser of ours would send."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client, RequestFactory
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer, SignIn
from portal.lib.source import client_address, request_address
from portal.messaging.models import Message
from tests.accounts.steps import WRONG, key_of
from tests.actors import PASSWORD, Handset, Visitor, text_of
from tests.sweeps.routes import client_paths, other_paths
from tests.sweeps.states import inside, nobody, pending

pytestmark = pytest.mark.django_db
HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "host", ["evil.example", "portal.example.com.hk.evil.example", "[::1]:99999", "a b", "x" * 300]
)
@pytest.mark.parametrize("path", ["/", "/en/login/", "/en/home/", "/staff/login/", "/receipts/sms/http/"])
def test_a_wrong_host_is_refused(path: str, host: str, amy: Customer) -> None:
    """O2"""
    client = Client(raise_request_exception=False)
    assert client.get(path, secure=True, HTTP_HOST=host).status_code == 400
    assert client.post(path, {"password": PASSWORD}, secure=True, HTTP_HOST=host).status_code == 400


@pytest.mark.parametrize("state", [nobody, pending, inside], ids=lambda state: state.__name__)
def test_a_form_that_is_not_ours_changes_nothing(
    state: Callable[[Customer, Handset], Visitor], amy: Customer, handset: Handset
) -> None:
    """L5: on every address that takes a form"""
    visitor = state(amy, handset)
    visitor.client.handler.enforce_csrf_checks = True
    rows = list(SignIn.objects.values("pk", "ended_at", "wrong_codes"))
    for path in client_paths():
        for form in ({}, {"csrfmiddlewaretoken": "x" * 32, "code": "123456", "password": PASSWORD}):
            response = visitor.post(path, form)
            assert response.status_code == 403, path
            assert "This page has expired" in text_of(response), path
    assert list(SignIn.objects.values("pk", "ended_at", "wrong_codes")) == rows


def test_a_right_token_from_another_site_is_refused(amy: Customer, handset: Handset) -> None:
    """L5"""
    visitor = inside(amy, handset)
    visitor.client.handler.enforce_csrf_checks = True
    page = visitor.get("home/").content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = {"csrfmiddlewaretoken": token}
    for headers in (
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_REFERER": "https://evil.example/"},
        {"HTTP_ORIGIN": "null"},
    ):
        assert visitor.post("logout/", form, **headers).status_code == 403
    assert visitor.post("logout/", form, HTTP_ORIGIN="https://testserver").status_code == 302


def test_a_body_over_64_kb_is_refused_unread(amy: Customer) -> None:
    """O2"""
    visitor = Visitor("en")
    for path in [f"/en/{path}" for path in client_paths()] + ["/receipts/sms/http/", "/staff/login/"]:
        for kind in (
            "application/x-www-form-urlencoded",
            "application/octet-stream",
            "multipart/form-data; boundary=x",
        ):
            assert visitor.client.post(path, b"a=" + b"1" * 66_000, content_type=kind, secure=True).status_code == 413
    fits = visitor.client.post(
        "/en/login/", b"a=" + b"1" * 60_000, content_type="application/x-www-form-urlencoded", secure=True
    )
    assert fits.status_code == 200


@pytest.mark.parametrize("length", ["-1", "1e9", "abc", "²", " "])
def test_a_length_that_is_none_is_refused(length: str, amy: Customer) -> None:
    """O2"""
    response = Client(raise_request_exception=False).post("/en/login/", {}, secure=True, CONTENT_LENGTH=length)
    assert response.status_code in {400, 413}


def test_more_fields_than_a_form_has_are_refused(amy: Customer) -> None:
    """O2"""
    client = Client(raise_request_exception=False)
    assert client.post("/en/login/", {f"f{place}": "1" for place in range(101)}, secure=True).status_code == 400


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "198.51.100.1", "203.0.113.7"), (0, "", "203.0.113.7"), (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"), (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "203.0.113.7"), (1, "", "203.0.113.7"), (1, "evil", "203.0.113.7"),
        (1, "198.51.100.1:80", "203.0.113.7"), (1, "2001:db8:1:2:3::4", "2001:db8:1:2::"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"), (1, ", ,", "203.0.113.7"), (1, "9" * 9000, "203.0.113.7"),
    ],
)  # fmt: skip
def test_only_our_own_proxies_are_believed(proxies: int, header: str, address: str) -> None:
    """L6, L11"""
    assert client_address({"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": header}, proxies) == address


def test_the_address_on_record_is_the_believed_one(amy: Customer, settings: SettingsWrapper) -> None:
    """L6, L11"""
    Visitor("en").password_step("100001", WRONG)
    for proxies, expected in ((0, "203.0.113.7"), (1, "198.51.100.1")):
        settings.TRUSTED_PROXY_COUNT = proxies
        visitor = Visitor("en")
        visitor.client.defaults["HTTP_X_FORWARDED_FOR"] = "6.6.6.6, 198.51.100.1"
        visitor.password_step("100001", WRONG)
        assert SignIn.objects.latest("at").address == expected
    assert request_address(RequestFactory().get("/", REMOTE_ADDR="")) == "0.0.0.0"


def test_a_spoofed_address_gives_no_fresh_tries(amy: Customer) -> None:
    """L6"""
    for place in range(25):
        visitor = Visitor("en")
        visitor.client.defaults["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{place}"
        last = visitor.password_step(f"{300000 + place}", WRONG)
    assert last.status_code == 429


@pytest.mark.parametrize(
    "path",
    ["/fr/login/", "/zh/login/", "/zh-tw/login/", "/EN/login/", "/login/", "/en", "/en//login/", "/en/%00/",
     "/en/%ff%fe/", "/en/help/%E2%80%AE/", "/en/help/../home/", "/en/login/verify", "/zh-hant/../en/home/",
     "/en/help/unknown/", "/%2e%2e/"],
)  # fmt: skip
def test_an_unknown_address_is_not_found_or_led_to_one(path: str, db: None) -> None:
    """O5"""
    response = Client(raise_request_exception=False).get(path, secure=True)
    assert response.status_code in {301, 302, 404}
    assert response.headers.get("Location", "/").startswith("/")


@pytest.mark.parametrize("language", ["fr", "zh-TW", "zh-Hant-HK,en;q=0.1", "*", "x" * 5000, "zh-cn;q=nan", "\xff", ""])
def test_the_root_leads_to_a_language_we_speak(language: str, db: None) -> None:
    """O5"""
    response = Client().get("/", secure=True, HTTP_ACCEPT_LANGUAGE=language)
    assert response.headers["Location"] in {"/zh-hant/login/", "/zh-hans/login/", "/en/login/"}


@pytest.mark.parametrize("state", [nobody, pending, inside], ids=lambda state: state.__name__)
def test_head_is_get_without_a_body_and_changes_nothing(
    state: Callable[[Customer, Handset], Visitor], amy: Customer, handset: Handset
) -> None:
    """S3"""
    visitor = state(amy, handset)
    messages, rows = Message.objects.count(), SignIn.objects.count()
    for path in [f"/en/{path}" for path in client_paths()] + other_paths():
        visitor.client.raise_request_exception = False
        seen, head = visitor.client.get(path, secure=True), visitor.client.head(path, secure=True)
        assert head.status_code == seen.status_code, path
        assert head.content == b"", path
    assert (Message.objects.count(), SignIn.objects.count()) == (messages, rows)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "x" * 300])
def test_other_methods_are_refused(method: str, amy: Customer, handset: Handset) -> None:
    """L2"""
    visitor = inside(amy, handset)
    visitor.client.raise_request_exception = False
    for path in client_paths():
        assert visitor.client.generic(method, f"/en/{path}", secure=True).status_code in {404, 405}, path
    assert visitor.inside


@pytest.mark.parametrize("back", [timedelta(seconds=5), timedelta(minutes=5), timedelta(days=400)], ids=str)
def test_a_clock_that_jumps_backwards_breaks_nothing_and_lets_nobody_in(
    back: timedelta,
    amy: Customer,
    make_client: Callable[..., Customer],
    handset: Handset,
    clock: time_machine.Traveller,
) -> None:
    """C7, L8"""
    ben = make_client("100002", mobile="+85298765432")
    waiting, within, gone = Visitor("en"), Visitor("en", "192.0.2.1"), Visitor("en", "192.0.2.2")
    within.log_in(handset, amy)
    used = handset.code(amy.mobile)
    gone.client.cookies["__Host-client"] = key_of(within)
    within.post("logout/")
    waiting.password_step(ben.login)
    for place in range(7):
        Visitor("en", f"198.51.100.{place}").password_step("100002", WRONG)
    clock.shift(-back)
    for visitor in (waiting, within, gone):
        visitor.client.raise_request_exception = False
        for path in client_paths():
            assert visitor.get(path).status_code < 500, path
        visitor.post("login/verify/", {"code": used})
        visitor.post("login/resend/")
        assert not visitor.inside
    assert Visitor("en").password_step("100002", PASSWORD).status_code in {200, 302, 429}
