"""Amending contact details in a real browser: nothing that axe finds, at 320 px, in the dark, with scripts off."""

import re
import time

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage, Portal
from tests.browser.test_journeys import check
from tests.browser.test_method import enter, prove

pytestmark = pytest.mark.browser
ROWS = [("en", 320, True), ("zh-hant", 1280, False), ("zh-hans", 320, False)]
A_CLICK_LATER = 1.1  # seconds: a second click within one is taken for a double click


def code_by_email(portal: Portal, to: str) -> str:
    """The code in the newest e-mail."""
    text = portal.wait_for(1, to, "email")[0]
    found = re.search(r"\b\d{6}\b", text)
    assert found, text
    return found[0]


def press(page: Page) -> None:
    """The one button that leads on."""
    page.click("main button.primary")


@pytest.mark.parametrize(("language", "width", "dark"), ROWS)
def test_a_client_changes_the_email_address(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """K2, O6"""
    row = ROWS.index((language, width, dark))
    mobile, new = portal.new_client(f"26100{row}", language=language), f"new{row}@example.org"
    page = open_page(language, width=width, dark=dark)
    enter(page, portal, f"26100{row}", mobile)
    page.click("a[href$='/service/contact/']")
    check(page, width, scripts=True)
    page.click("a[href$='/edit/email/']")
    check(page, width, scripts=True)
    page.fill("#id_email", "nobody")
    press(page)
    page.wait_for_selector("[aria-invalid=true]")
    assert page.input_value("#id_email") == "nobody", "what was typed is still there"
    check(page, width, scripts=True)
    time.sleep(A_CLICK_LATER)
    page.fill("#id_email", new)
    press(page)
    page.wait_for_url("**/service/prove/")
    check(page, width, scripts=True)
    prove(page, 1, portal, mobile)
    page.wait_for_url("**/service/contact/confirm/")
    check(page, width, scripts=True)
    page.fill("#id_code", code_by_email(portal, new))
    page.click("[data-submit]")
    page.wait_for_url("**/service/contact/review/")
    assert new in page.inner_text("main")
    check(page, width, scripts=True)
    press(page)
    page.wait_for_url("**/service/contact/done/")
    check(page, width, scripts=True)
    page.goto("service/contact/")
    check(page, width, scripts=True)
    assert page.query_selector("a[href*='/edit/']") is None, "the contacts wait for a day now"


def test_a_client_changes_number_without_scripts(portal: Portal, open_page: OpenPage) -> None:
    """K2, O6"""
    mobile, new = portal.new_client("261009", language="en"), "+85262610099"
    page = open_page("en", width=320)
    enter(page, portal, "261009", mobile)
    without = open_page("en", width=320, scripts=False)
    without.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    without.goto("service/contact/edit/mobile/")
    check(without, 320, scripts=False)
    without.fill("#id_mobile", "6261 0099")
    press(without)
    without.wait_for_url("**/service/prove/")
    prove(without, 1, portal, mobile)
    without.wait_for_url("**/service/contact/confirm/")
    check(without, 320, scripts=False)
    assert "+852 6261 0099" in without.inner_text("main"), "in full: the client has to see a slip"
    without.fill("#id_code", portal.next_code(new, 0))
    without.click("[data-submit]")
    without.wait_for_url("**/service/contact/review/")
    check(without, 320, scripts=False)
    press(without)
    without.wait_for_url("**/service/contact/done/")
    assert any("mobile number" in text for text in portal.wait_for(3, mobile)), "the old number is told"


def test_an_address_has_room_for_its_lines(portal: Portal, open_page: OpenPage) -> None:
    """K2, O6"""
    mobile = portal.new_client("261008", language="zh-hant")
    page = open_page("zh-hant", width=320)
    enter(page, portal, "261008", mobile)
    page.goto("service/contact/edit/postal_address/")
    check(page, 320, scripts=True)
    page.fill("#id_postal_address", "九龍彌敦道9號\n2樓")
    press(page)
    page.wait_for_url("**/service/prove/")
    prove(page, 1, portal, mobile)
    page.wait_for_url("**/service/contact/review/")
    assert "九龍彌敦道9號\n2樓" in page.inner_text("main .typed")
    check(page, 320, scripts=True)
    press(page)
    page.wait_for_url("**/service/contact/done/")
