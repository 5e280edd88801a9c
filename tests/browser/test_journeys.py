"""The journey of a client in a real browser: every pair of language, scripts, width and colours."""

import re

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from accounts.services import verification
from tests.actors import PASSWORD, wrong
from tests.browser.conftest import OpenPage, Portal, fill_login

pytestmark = pytest.mark.browser

#: Six rows in which every two values of different columns meet.
PAIRS = [
    ("zh-hant", True, 320, False),
    ("zh-hant", False, 1280, True),
    ("en", True, 1280, True),
    ("en", False, 320, False),
    ("zh-hans", True, 320, True),
    ("zh-hans", False, 1280, False),
]
#: What is looked for; of what passes nothing is said. Only the rule on sounds that play by themselves asks for files
#: to be loaded first, and no page that is checked here has a sound.
_AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,
}


def check(page: Page, width: int, scripts: bool) -> None:
    """Nothing that axe finds, nothing wider than the screen. (axe is a script itself, so it needs them on.)"""
    if scripts:
        # They take a long script at half of what the page's own door costs.
        devtools = page.context.new_cdp_session(page)
        devtools.send("Runtime.evaluate", {"expression": Axe().axe_script, "returnByValue": False})
        devtools.detach()
        results = AxeResults(page.evaluate("options => axe.run(options)", _AXE))
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("language", "scripts", "width", "dark"), PAIRS)
def test_a_client_logs_in_looks_round_and_leaves(
    language: str, scripts: bool, width: int, dark: bool, portal: Portal, open_page: OpenPage, settings: Settings
) -> None:
    """L1, L7, C9, S10, S11, O5, O6"""
    number = f"2{PAIRS.index((language, scripts, width, dark)):05d}"
    mobile = portal.new_client(number, language=language)
    page = open_page(language, width=width, dark=dark, scripts=scripts)

    fill_login(page, number)
    check(page, width, scripts)
    if not scripts:
        type_the_picture(page, portal, settings)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    code = portal.next_code(mobile, 0)
    reference = page.inner_text("dl.facts b.num")
    assert reference in portal.arrived(mobile)[0]
    check(page, width, scripts)

    page.fill("#id_code", wrong(code))
    page.click("[data-submit]")
    page.wait_for_selector("[aria-invalid=true]")
    check(page, width, scripts)

    page.fill("#id_code", f" {code[:3]} {code[3:]}")  # as it is often pasted
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
    check(page, width, scripts)
    page.goto("service/activity/")
    check(page, width, scripts)
    page.goto("service/activity/not-me/")
    check(page, width, scripts)
    page.goto("service/password/")
    page.wait_for_url("**/service/prove/")
    check(page, width, scripts)

    page.click("#logout button")
    page.wait_for_url("**/session-ended/**")
    check(page, width, scripts)
    page.goto("home/")
    assert "/home/" not in page.url


def type_the_picture(page: Page, portal: Portal, settings: Settings) -> None:
    """Read the picture as a person would: here with the portal's own key."""
    settings.SEALING_KEYS = portal.sealing_keys()
    token = page.get_attribute("[name=picture_token]", "value") or ""
    digits = verification.picture_digits(token, timezone.now())
    assert digits
    shown = page.get_attribute(".picture img", "src")
    assert shown
    assert page.request.get(portal.origin + shown).headers["content-type"] == "image/png"
    spoken = page.get_attribute(".picture audio", "src")
    assert spoken
    assert page.request.get(portal.origin + spoken).headers["content-type"] == "audio/wav"
    page.fill("#id_picture", digits)


@pytest.mark.parametrize("language", [code for code, _ in django_settings.LANGUAGES])
def test_a_client_changes_the_password(language: str, portal: Portal, open_page: OpenPage) -> None:
    """L10"""
    number = f"21000{['zh-hant', 'zh-hans', 'en'].index(language)}"
    mobile = portal.new_client(number, language=language)
    page = open_page(language, width=390)
    fill_login(page, number)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.fill("#id_code", portal.next_code(mobile, 0))
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
    portal.forget_waits()

    page.goto("service/password/")
    page.fill("#id_password", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url("**/service/prove/code/")
    check(page, 390, True)
    page.fill("#id_code", portal.next_code(mobile, 1))
    page.click("[data-submit]")
    page.wait_for_url("**/service/password/")
    page.fill("#id_new_password", "short")
    page.fill("#id_repeat_password", "short")
    page.click("main button.primary")
    page.wait_for_selector("[aria-invalid=true]")
    check(page, 390, True)
    page.fill("#id_new_password", "Quiet-Lantern-77")
    page.fill("#id_repeat_password", "Quiet-Lantern-77")
    page.click("main button.primary")
    page.wait_for_url("**/home/")
    assert len(portal.wait_for(2, f"c{number}@example.com", "email")) == 2


def test_the_language_can_change_in_the_middle_of_a_login(portal: Portal, open_page: OpenPage) -> None:
    """O5"""
    mobile = portal.new_client("220000")
    page = open_page("zh-hant")
    fill_login(page, "220000")
    page.click("form.card button.primary")
    page.wait_for_url("**/zh-hant/login/verify/")
    page.click("nav.lang a[hreflang=en]")
    page.wait_for_url("**/en/login/verify/")
    page.fill("#id_code", portal.next_code(mobile, 0))
    page.click("[data-submit]")
    page.wait_for_url(re.compile("/en/home/"))
