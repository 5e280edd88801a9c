"""The key passes from a page of the portal to the token app, from window to window, and from nobody else."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pyotp
import pytest
from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests import loopback
from tests.browser.conftest import ROOT, Portal
from tests.browser.front import Front
from tests.browser.test_token_app import BROKER, KEY, NOW, OTHER, STORED, code_of, type_key

pytestmark = pytest.mark.browser
HANDOVER = ROOT / "twofactor" / "static" / "twofactor" / "handover.js"
BINDING = "/en/binding-page/"


@dataclass
class Stage:
    """A portal and its token app, and a phone that knows both."""

    portal: str
    app: str
    phone: BrowserContext

    def binding_page(self, *, key: str = KEY, app: str | None = None, opener: str = "same-origin-allow-popups") -> Page:
        """A page of the portal with the handover, as the portal would serve it."""
        given = {"app": self.app if app is None else app, "account": "··01", "issuer": BROKER, "key": key}
        with translation.override("en"):
            body = render_to_string("twofactor/handover.html", given)
        page = f"<!doctype html><html lang=en><title>Bind</title>{body}<script src=handover.js defer></script></html>"
        headers = {"Content-Type": "text/html; charset=utf-8", "Cross-Origin-Opener-Policy": opener}

        def answer(route: Route) -> None:
            if route.request.url.endswith(".js"):
                route.fulfill(body=HANDOVER.read_text(), content_type="text/javascript")
            else:
                route.fulfill(body=page, headers=headers)

        self.phone.unroute_all()
        self.phone.route(f"{self.portal}{BINDING}**", answer)
        opened = self.phone.new_page()
        opened.goto(f"{self.portal}{BINDING}")
        return opened

    def hand_over(self, page: Page) -> Page:
        """Press the button of the binding page; the app that opens."""
        with self.phone.expect_page() as opened:
            page.click("[data-handover] button")
        return opened.value


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser in English at a time that stands still."""
    context = chromium.new_context(locale="en-GB", has_touch=True)
    context.clock.set_fixed_time(NOW)
    yield context
    context.close()


@pytest.fixture(scope="module")
def apart(portal: Portal) -> Iterator[tuple[str, str]]:
    """A portal with production's settings at localhost, and its token app at 127.0.0.1, which is another origin."""
    socket = portal.folder / "apart.sock"
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    environment = {
        **kept, **{name: value.strip("'\"") for name, value in portal.secrets().items()},
        "DATA_DIR": str(portal.folder), "DATABASE_URL": f"sqlite://{portal.folder}/portal.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:1/0", "ALLOWED_HOSTS": "localhost,127.0.0.1", "TOKEN_APP_HOST": "127.0.0.1",
        "TRUSTED_PROXY_COUNT": "1", "GUNICORN_WORKERS": "1", "SMS_HTTP_URL": "http://127.0.0.1:1/messages",
        "SMS_HTTP_TOKEN": "unused", "SMS_RECEIPT_SECRET": "unused",
    }  # fmt: skip
    with Front(socket, {"X-Forwarded-Proto": "https", "X-Forwarded-For": "100.64.0.1"}) as front:
        origin = f"http://localhost:{front.port}"
        command = [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn_conf.py", "-b", f"unix:{socket}"]
        web = subprocess.Popen(
            [*command, "portal.wsgi:application"], cwd=ROOT, env={**environment, "PUBLIC_ORIGIN": origin}
        )
        try:
            for _ in range(200):
                if socket.exists():
                    break
                time.sleep(0.1)
            yield origin, f"http://127.0.0.1:{front.port}/"
        finally:
            web.terminate()
            web.wait(20)


@pytest.fixture(params=["one host", "two hosts"])
def stage(request: pytest.FixtureRequest, portal: Portal, phone: BrowserContext) -> Stage:
    """The demo, where portal and app share a host, and production, where they do not."""
    if request.param == "one host":
        return Stage(portal.origin, f"{portal.origin}/token/", phone)
    origin, app = request.getfixturevalue("apart")
    return Stage(origin, app, phone)


def test_the_app_is_at_its_own_host_and_nowhere_else(apart: tuple[str, str]) -> None:
    origin, app = apart
    assert "保安編碼" in loopback.get(app).text
    assert loopback.get(f"{origin}/token/").status_code == 404
    assert loopback.get(f"{app}zh-hant/login/").status_code == 404


def test_the_key_passes_after_a_question(stage: Stage) -> None:
    """T4"""
    page = stage.binding_page()
    app = stage.hand_over(page)
    expect(app.locator("#asking-text")).to_contain_text(f"Add “Account ending 01” of {BROKER}?")
    assert app.locator(".code").count() == 0
    app.locator("#asking").get_by_role("button", name="Add").click()
    assert code_of(app) == pyotp.TOTP(KEY).at(NOW)
    expect(app.locator("#status")).to_contain_text("go back to the web site")
    expect(page.locator("[role=status]")).to_contain_text("The key was handed to the app.")
    stored = app.evaluate(STORED)
    assert stored["extractable"] is False
    assert KEY not in stored["words"]
    for window in (app, page):
        assert KEY not in window.url
        assert KEY not in window.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    app.reload()
    assert code_of(app) == pyotp.TOTP(KEY).at(NOW)


def test_a_computer_without_a_touch_screen_offers_no_handover(portal: Portal, chromium: Browser) -> None:
    """T4: the key would come to lie in the browser in which the password is typed."""
    computer = chromium.new_context(locale="en-GB")
    page = Stage(portal.origin, f"{portal.origin}/token/", computer).binding_page()
    expect(page.locator("[data-handover]")).to_be_hidden()
    page.wait_for_load_state()
    expect(page.locator("[data-handover]")).to_be_hidden()
    computer.close()


def test_an_account_of_the_app_is_recognised_when_it_is_bound_again(stage: Stage) -> None:
    """T5"""
    app = stage.phone.new_page()
    app.goto(stage.app)
    type_key(app, OTHER)
    assert code_of(app) == pyotp.TOTP(OTHER).at(NOW)
    app.close()
    app = stage.hand_over(stage.binding_page())
    app.locator("#asking").get_by_role("button", name="Add").click()
    app.locator("#asking").get_by_role("button", name="Replace").click()
    expect(app.locator(".left")).to_have_text(pyotp.TOTP(KEY).at(NOW)[:3])
    assert app.locator(".code").count() == 1


def test_a_no_adds_nothing(stage: Stage) -> None:
    app = stage.hand_over(stage.binding_page())
    app.locator("#asking").get_by_role("button", name="Cancel").click()
    app.reload()
    expect(app.locator("#empty")).to_be_visible()


def test_a_key_that_is_not_whole_is_refused(stage: Stage) -> None:
    app = stage.hand_over(stage.binding_page(key=KEY[:31]))
    expect(app.locator("#warning-text")).to_contain_text("a key that is not whole")
    assert app.locator(".code").count() == 0


def test_a_page_of_another_origin_is_not_listened_to(stage: Stage) -> None:
    """T4: whoever opens the app gets no word from it, and is not heard"""
    stranger = stage.phone.new_page()
    stage.phone.route(
        "http://localhost:9/**", lambda route: route.fulfill(body="<title>Stranger</title>", content_type="text/html")
    )
    stranger.goto("http://localhost:9/")
    with stage.phone.expect_page() as opened:
        stranger.evaluate(
            "app => { window.heard = []; addEventListener('message', event => heard.push(event.data));"
            "window.opened = open(app); }",
            stage.app,
        )
    app = opened.value
    expect(app.locator("#empty")).to_be_visible()
    assert stranger.evaluate("opened.closed") is False, "the stranger holds the window, so it could speak to it"
    app.evaluate("() => { window.got = []; addEventListener('message', event => got.push(event.origin)); }")
    stranger.evaluate(
        "key => opened.postMessage({ type: 'portal-token-key', key, account: '··01', issuer: 'X' }, '*')", KEY
    )
    app.wait_for_timeout(500)
    assert app.evaluate("got") == ["http://localhost:9"]
    assert stranger.evaluate("heard") == []
    assert not app.is_visible("#asking")
    assert app.locator(".code").count() == 0


def test_another_window_than_the_one_that_opened_it_is_not_listened_to(stage: Stage) -> None:
    app = stage.hand_over(stage.binding_page())
    app.locator("#asking").get_by_role("button", name="Cancel").click()
    app.evaluate("key => window.postMessage({ type: 'portal-token-key', key, account: '··01', issuer: 'X' }, '*')", KEY)
    app.wait_for_timeout(300)
    assert not app.is_visible("#asking")


def test_the_portal_gives_the_key_to_the_apps_origin_alone(stage: Stage) -> None:
    """T4: the window that it opened has gone elsewhere, and asks for the key in the app's words"""
    page = stage.binding_page()
    silent = "<!doctype html><title>Silent</title>"
    stage.phone.route(stage.app, lambda route: route.fulfill(body=silent, content_type="text/html"))
    stage.phone.route("http://localhost:9/**", lambda route: route.fulfill(body=silent, content_type="text/html"))
    page.evaluate("() => { window.asked = []; addEventListener('message', event => asked.push(event.origin)); }")
    other = stage.hand_over(page)
    other.evaluate("() => { location.href = 'http://localhost:9/'; }")  # a page's own step keeps its opener
    other.wait_for_url("http://localhost:9/")
    other.evaluate("() => { window.heard = []; addEventListener('message', event => heard.push(event.data)); }")
    other.evaluate("window.opener.postMessage({ type: 'portal-token-ready' }, '*')")
    other.wait_for_timeout(300)
    assert page.evaluate("asked") == ["http://localhost:9"]
    assert other.evaluate("heard") == []
    expect(page.locator("[role=status]")).to_have_text("")


def test_a_window_that_is_blocked_is_said(stage: Stage) -> None:
    page = stage.binding_page()
    page.evaluate("() => { window.open = () => null; }")
    page.click("[data-handover] button")
    expect(page.locator("[role=status]")).to_contain_text("Your browser did not open the app.")


def test_an_app_that_does_not_answer_is_said_after_20_seconds(stage: Stage) -> None:
    page = stage.binding_page(opener="same-origin")  # cuts the two windows apart
    page.clock.install(time=NOW)
    stage.hand_over(page)
    page.clock.run_for(19_000)
    expect(page.locator("[role=status]")).to_have_text("")
    page.clock.run_for(1_500)
    expect(page.locator("[role=status]")).to_contain_text("The app does not answer.")


def test_where_no_app_is_served_there_is_no_handover(stage: Stage) -> None:
    page = stage.binding_page(app="")
    page.wait_for_load_state()
    assert page.locator("[data-handover]").count() == 1
    assert not page.is_visible("[data-handover]")
