"""What the script adds: the countdown that speaks rarely, the idle warning, live delivery, the shown password."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import OpenPage, Portal, fill_login, log_in
from tests.browser.test_officer import rows

pytestmark = pytest.mark.browser


def test_a_screen_reader_hears_the_countdown_at_60_30_and_0_seconds_only(portal: Portal, open_page: OpenPage) -> None:
    """C9"""
    portal.new_client("240000")
    page = open_page("en")
    page.clock.install()
    fill_login(page, "240000")
    page.clock.run_for(2000)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.evaluate(
        "() => { window.heard = []; const say = document.querySelector('[data-say]');"
        "new MutationObserver(() => window.heard.push(say.textContent)).observe(say, {childList: true}); }"
    )
    page.clock.run_for(185_000)
    heard = page.evaluate("window.heard.filter((words, index, all) => words && words !== all[index - 1])")
    assert [words for words in heard if words != "You can ask for a new code now."] == [
        "The code is valid for 60 more seconds.",
        "The code is valid for 30 more seconds.",
        "The code has expired. You can ask for a new one.",
    ]


def test_the_delivery_state_comes_to_the_page_by_itself(portal: Portal, open_page: OpenPage) -> None:
    """S11"""
    portal.new_client("240001")
    page = open_page("en")
    fill_login(page, "240001")
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.get_by_text("Delivered to your phone").wait_for()


def test_a_receipt_is_on_the_page_within_two_seconds(portal: Portal, open_page: OpenPage) -> None:
    """S7, S11"""
    portal.new_client("240010")
    page = open_page("en")
    fill_login(page, "240010")
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.get_by_text("Delivered to your phone").wait_for()
    shown = datetime.now(UTC)
    ((settled,),) = rows(
        portal,
        "SELECT settled_at FROM messaging_message WHERE is_code AND customer_id ="
        " (SELECT id FROM accounts_customer WHERE login = '240010')",
    )
    told = datetime.fromisoformat(settled).replace(tzinfo=UTC)
    assert shown - told < timedelta(seconds=2)


def test_an_idle_client_is_warned_and_can_stay(portal: Portal, open_page: OpenPage) -> None:
    """L8"""
    mobile = portal.new_client("240002")
    page = open_page("en")
    page.clock.install()
    fill_login(page, "240002")
    page.clock.run_for(3000)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.fill("#id_code", portal.next_code(mobile, 0))
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
    assert not page.is_visible("dialog.idle")
    page.clock.run_for(13 * 60 * 1000 + 2000)
    assert page.is_visible("dialog.idle")
    with page.expect_response("**/session/extend/") as extended:
        page.click("dialog.idle button.primary")
    assert extended.value.status == 204
    page.clock.run_for(1000)
    assert not page.is_visible("dialog.idle")


def test_an_idle_client_who_does_not_answer_is_taken_out(portal: Portal, open_page: OpenPage) -> None:
    """L8"""
    mobile = portal.new_client("240003")
    page = open_page("en")
    page.clock.install()
    fill_login(page, "240003")
    page.clock.run_for(3000)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    page.fill("#id_code", portal.next_code(mobile, 0))
    page.click("[data-submit]")
    page.wait_for_url("**/home/")
    portal.forget_client("240003")
    page.clock.run_for(15 * 60 * 1000 + 3000)
    page.wait_for_url("**/session-ended/?reason=idle&next=/en/home/")


def test_a_password_can_be_shown_and_hidden(portal: Portal, open_page: OpenPage) -> None:
    """L10"""
    page = open_page("en")
    fill_login(page, "100001", "secret-word-1")
    page.click("[data-shows=id_password]")
    assert page.get_attribute("#id_password", "type") == "text"
    page.click("[data-shows=id_password]")
    assert page.get_attribute("#id_password", "type") == "password"


def test_a_page_whose_script_did_not_load_brings_the_picture(portal: Portal, open_page: OpenPage) -> None:
    """L7"""
    page = open_page("en")
    page.route("**/portal.*js", lambda route: route.abort())
    page.route("**/portal.js", lambda route: route.abort())
    fill_login(page, "100001")
    page.click("form.card button.primary")
    page.wait_for_selector("#id_picture")
    assert page.input_value("#id_number") == "100001"
    assert page.input_value("#id_password") == ""


def test_the_double_click_on_the_code_page_ends_inside(portal: Portal, open_page: OpenPage) -> None:
    """C2"""
    mobile = portal.new_client("240004")
    page = open_page("en")
    log_in(page, portal, "240004", mobile)
    page.goto("login/session-ended/?reason=gone")
    page.wait_for_url("**/home/")
