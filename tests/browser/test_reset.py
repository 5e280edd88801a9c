"""A forgotten password in a real browser: nothing that axe finds, at 320 px, in the dark, with scripts off."""

import time

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from tests.actors import wrong
from tests.browser.conftest import OpenPage, Portal, fill_login
from tests.browser.test_contact import A_CLICK_LATER, code_by_email
from tests.browser.test_journeys import check, type_the_picture

pytestmark = pytest.mark.browser
ROWS = [
    ("zh-hant", True, 320, False),
    ("en", True, 1280, True),
    ("zh-hans", True, 320, True),
    ("en", False, 320, False),
]
NEW = "Quiet-Lantern-77"


def press(page: Page) -> None:
    """The one button that leads on."""
    page.click("form.card button.primary")


@pytest.mark.parametrize(("language", "scripts", "width", "dark"), ROWS)
def test_a_client_who_forgot_the_password_chooses_a_new_one(
    language: str, scripts: bool, width: int, dark: bool, portal: Portal, open_page: OpenPage, settings: Settings
) -> None:
    """L10, O5, O6"""
    number = f"26200{ROWS.index((language, scripts, width, dark))}"
    mobile, email = portal.new_client(number, language=language), f"c{number}@example.com"
    page = open_page(language, width=width, dark=dark, scripts=scripts)
    page.goto("login/")
    page.click("a[href$='/login/reset/']")
    page.wait_for_url("**/login/reset/")
    check(page, width, scripts)
    page.fill("#id_number", number)
    if not scripts:
        type_the_picture(page, portal, settings)
    press(page)
    page.wait_for_url("**/login/reset/email/")
    check(page, width, scripts)
    code = code_by_email(portal, email)  # which a worker sends within seconds
    page.fill("#id_code", wrong(code))
    page.click("[data-submit]")
    page.wait_for_selector("[aria-invalid=true]")
    check(page, width, scripts)
    time.sleep(A_CLICK_LATER)
    page.fill("#id_code", code)
    page.click("[data-submit]")
    page.wait_for_url("**/login/reset/code/")
    check(page, width, scripts)
    page.fill("#id_code", portal.next_code(mobile, 0))
    page.click("[data-submit]")
    page.wait_for_url("**/login/reset/password/")
    check(page, width, scripts)
    page.fill("#id_new_password", NEW)
    page.fill("#id_repeat_password", f"{NEW}8")
    press(page)
    page.wait_for_selector("[aria-invalid=true]")
    check(page, width, scripts)
    time.sleep(A_CLICK_LATER)
    page.fill("#id_new_password", NEW)
    page.fill("#id_repeat_password", NEW)
    press(page)
    page.wait_for_url("**/login/reset/done/")
    check(page, width, scripts)
    page.goto("login/reset/email/")
    assert page.url.endswith("/login/reset/done/"), "back leads nowhere else"
    page.click("a.primary")
    page.wait_for_url("**/login/")
    if scripts:
        portal.forget_waits()
        fill_login(page, number, NEW)
        press(page)
        page.wait_for_url("**/login/verify/")


def test_the_page_for_a_letter(portal: Portal, open_page: OpenPage) -> None:
    """T8, O6"""
    for language, width, dark in (("zh-hant", 320, True), ("en", 1280, False)):
        page = open_page(language, width=width, dark=dark)
        page.goto("login/reset/")
        page.fill("#id_number", "999998")
        page.check("#way-letter")
        press(page)
        page.wait_for_url("**/login/reset/letter/")
        check(page, width, scripts=True)
        page.fill("#id_letter", "abcd efgh jkm")
        press(page)
        page.wait_for_selector("[aria-invalid=true]")
        check(page, width, scripts=True)
