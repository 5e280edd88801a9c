"""Choosing and changing the method in a real browser: nothing that axe finds, at 320 px and in the dark."""

import time
from base64 import b32decode

import pytest
from playwright.sync_api import Page

from tests.actors import PASSWORD, wrong
from tests.browser.conftest import OpenPage, Portal, fill_login
from tests.browser.test_journeys import check
from tests.twofactor.switches import app_code, not_the_code

pytestmark = pytest.mark.browser
ROWS = [("en", 320, True), ("zh-hant", 1280, False), ("zh-hans", 320, False)]


def enter(page: Page, portal: Portal, number: str, mobile: str) -> None:
    """Log in by text message."""
    fill_login(page, number)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.fill("#id_code", portal.next_code(mobile, 0))
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
    portal.forget_waits()


def prove(page: Page, number_of_texts: int, portal: Portal, mobile: str) -> None:
    """Password and a text message."""
    page.fill("#id_password", PASSWORD)
    page.click("form.card button.primary")
    page.wait_for_url("**/service/prove/code/")
    page.fill("#id_code", portal.next_code(mobile, number_of_texts))
    page.click("[data-submit]")


@pytest.mark.parametrize(("language", "width", "dark"), ROWS)
def test_a_client_binds_a_phone_and_loses_it(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """T4, T5, T12, O6"""
    number = f"26000{ROWS.index((language, width, dark))}"
    mobile = portal.new_client(number, language=language)
    page = open_page(language, width=width, dark=dark)
    enter(page, portal, number, mobile)
    page.goto("service/2fa/")
    assert page.query_selector("input[type=radio]:checked") is None
    check(page, width, scripts=True)
    page.click("form.card button.primary")
    page.wait_for_selector(".summary")
    check(page, width, scripts=True)
    time.sleep(1.1)  # a second click within the second is taken for a double click
    page.check("#method-soft_token")
    page.click("form.card button.primary")
    page.wait_for_url("**/service/prove/")
    check(page, width, scripts=True)
    prove(page, 1, portal, mobile)
    page.wait_for_url("**/service/2fa/bind/")
    check(page, width, scripts=True)
    page.fill("#id_name", "My phone")
    time.sleep(1.1)
    page.click("form.card button.primary")
    page.wait_for_selector("#key")
    seed = b32decode(page.inner_text("#key").replace(" ", ""))
    check(page, width, scripts=True)
    assert page.evaluate("document.querySelector('.qr img').naturalWidth") > 0
    page.click("[data-copy]")
    page.wait_for_selector("[data-copy] ~ [role=status]:not(:empty)")
    time.sleep(1.1)
    page.fill("#id_code", not_the_code(seed))
    page.click("[data-submit]")
    page.wait_for_selector("[aria-invalid=true]")
    assert page.query_selector("#key") is None
    check(page, width, scripts=True)
    time.sleep(1.1)
    page.fill("#id_code", app_code(seed))
    page.click("[data-submit]")
    page.wait_for_url("**/service/2fa/done/")
    check(page, width, scripts=True)
    page.goto("service/2fa/")
    check(page, width, scripts=True)
    lose(page, number, width)


def lose(page: Page, number: str, width: int) -> None:
    """Log out, and report the phone with the password alone."""
    page.click("#logout button")
    page.wait_for_url("**/session-ended/**")
    fill_login(page, number)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.goto("login/lost/")
    check(page, width, scripts=True)
    page.click("button.danger")
    page.wait_for_selector("main .card b.num")
    check(page, width, scripts=True)


def test_a_client_goes_back_to_text_messages_without_scripts_in_the_way(portal: Portal, open_page: OpenPage) -> None:
    """T5, O6"""
    mobile = portal.new_client("260009", language="en")
    page = open_page("en", width=320)
    enter(page, portal, "260009", mobile)
    page.goto("service/2fa/")
    page.check("#method-soft_token")
    page.click("form.card button.primary")
    page.wait_for_url("**/service/prove/")
    prove(page, 1, portal, mobile)
    page.wait_for_url("**/service/2fa/bind/")
    time.sleep(1.1)
    page.click("form.card button.primary")
    page.wait_for_selector("#key")
    seed = b32decode(page.inner_text("#key").replace(" ", ""))
    time.sleep(1.1)
    page.fill("#id_code", app_code(seed))
    page.click("[data-submit]")
    page.wait_for_url("**/service/2fa/done/")
    portal.next_code(mobile, 2)  # the alert has arrived
    portal.forget_waits()
    portal.forget_steps()
    page.goto("service/2fa/")
    page.check("#method-sms")
    page.click("form.card button.primary")
    page.wait_for_url("**/service/prove/")
    page.fill("#id_password", PASSWORD)
    page.click("form.card button.primary")
    page.wait_for_url("**/service/prove/code/")
    page.fill("#id_code", app_code(seed))
    page.click("[data-submit]")
    page.wait_for_url("**/service/2fa/confirm/")
    check(page, 320, scripts=True)
    code = portal.next_code(mobile, 3)
    time.sleep(1.1)
    page.fill("#id_code", wrong(code))
    page.click("[data-submit]")
    page.wait_for_selector("[aria-invalid=true]")
    check(page, 320, scripts=True)
    time.sleep(1.1)
    page.fill("#id_code", code)
    page.click("[data-submit]")
    page.wait_for_url("**/service/2fa/done/")
    check(page, 320, scripts=True)
