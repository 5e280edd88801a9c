"""Every other page and state: nothing that axe finds, in every language, at 320 px and in the dark."""

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page

from portal.views import HELP_PAGES
from tests.browser.conftest import OpenPage, Portal, fill_login
from tests.browser.test_journeys import check

pytestmark = pytest.mark.browser
LANGUAGES = [code for code, _ in django_settings.LANGUAGES]
REASONS = ["user", "idle", "absolute", "elsewhere", "frozen", "limit", "gone"]


def heading(page: Page) -> str:
    return page.inner_text("h1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_public_pages_are_accessible(language: str, open_page: OpenPage) -> None:
    """O5, O6"""
    page = open_page(language, width=320, dark=language == "zh-hans")
    for path in [*(f"help/{slug}/" for slug in sorted(HELP_PAGES)), "privacy/", "accessibility/"]:
        page.goto(path)
        assert heading(page)
        check(page, 320, scripts=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_out_of_the_first_step_is_accessible(language: str, open_page: OpenPage) -> None:
    """L3, T11, O6"""
    page = open_page(language, width=390)
    for number, password, mark in [
        ("12345", "Harbour-2026-demo", "[aria-invalid=true]"),
        ("100001", "wrong-password-1", ".summary"),
        ("100004", "Harbour-2026-demo", "main ol .lines"),
        ("100005", "Harbour-2026-demo", "main .lines.big"),
    ]:
        fill_login(page, number, password)
        page.click("form.card button.primary")
        page.wait_for_selector(mark)
        check(page, 390, scripts=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_after_a_session_says_why_it_ended(language: str, open_page: OpenPage) -> None:
    """L8"""
    page = open_page(language, width=320)
    said = set()
    for reason in REASONS:
        page.goto(f"login/session-ended/?reason={reason}")
        said.add(page.inner_text(".lead"))
        check(page, 320, scripts=True)
    assert len(said) == len(REASONS)


def test_a_code_page_says_when_nothing_was_sent_and_when_too_much_was_asked_for(
    portal: Portal, open_page: OpenPage
) -> None:
    """S2"""
    portal.new_client("230000")
    page = open_page("en", width=320)
    for expected in ["Enter the one-time code", "Enter the one-time code"]:
        fill_login(page, "230000")
        page.click("form.card button.primary")
        page.wait_for_url("**/login/verify/")
        assert heading(page) == expected
        check(page, 320, scripts=True)
    assert page.query_selector("#id_code") is None
    assert page.inner_text(".resend button") == "Send code"


def test_five_wrong_codes_end_on_the_page_of_a_frozen_account(portal: Portal, open_page: OpenPage) -> None:
    """C3"""
    mobile = portal.new_client("230001")
    page = open_page("zh-hant", width=390)
    fill_login(page, "230001")
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    right = portal.next_code(mobile, 0)
    for nth in range(5):
        page.fill("#id_code", f"{(int(right) + 1 + nth) % 10**6:06d}")
        page.click("[data-submit]")
        page.wait_for_load_state()
        check(page, 390, scripts=True)
    assert page.query_selector("#id_code") is None
    assert page.query_selector("main .lines.big")


@pytest.mark.parametrize("path", ["no-such-page/", "login/resend/"])
def test_error_pages_are_accessible(path: str, open_page: OpenPage) -> None:
    """O6"""
    page = open_page("zh-hant", width=320)
    answer = page.goto(path)
    assert answer
    assert answer.status in {404, 405, 302}
    check(page, 320, scripts=True)


def test_the_handset_shows_what_arrived(portal: Portal, open_page: OpenPage) -> None:
    """The demo's phone."""
    mobile = portal.new_client("230002")
    page = open_page("en")
    fill_login(page, "230002")
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    code = portal.next_code(mobile, 0)
    page.goto(f"{portal.origin}/demo/handset/")
    assert code in page.inner_text("body")
