"""A clerk in a real browser: the whole call of a client whom wrong codes have frozen, and what else the page offers."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage, Portal
from tests.browser.test_journeys import check
from tests.browser.test_officer import enter, rows

pytestmark = pytest.mark.browser
CLERK = "clerk.mak"

#: Every two values of different columns meet: language, width, colours.
PAIRS = [("en", 1280, False), ("zh-hant", 320, False), ("zh-hant", 1280, True), ("en", 320, True)]


def keep(page: Page, name: str) -> None:
    """A picture for whoever wants to look: set SHOTS to a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"clerk-{name}.png", full_page=True)


def freeze(portal: Portal, number: str, cause: str = "wrong_codes") -> None:
    """What five wrong codes do, with two tries on record."""
    facts = (cause, f"F{number}Z", number)
    with closing(sqlite3.connect(portal.folder / "portal.sqlite3", timeout=20)) as database, database:
        database.create_function("REGEXP", 2, lambda pattern, value: True)
        database.execute(
            "UPDATE accounts_customer SET state = 'frozen', frozen_at = '2035-11-19 04:00:00', wrong_codes = 5, "
            "freeze_cause = ?, freeze_reference = ? WHERE login = ?",
            facts,
        )


class Counted:
    """A page on which every click is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, what: str) -> None:
        self.clicks += 1
        self.page.click(what)


@pytest.mark.parametrize(("language", "width", "dark"), PAIRS)
def test_a_whole_call_is_six_clicks(language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage) -> None:
    """A2, A4, O6"""
    nth = PAIRS.index((language, width, dark))
    number = f"29000{nth}"
    portal.new_client(number, name="Wong Siu Ming", language=language)
    freeze(portal, number)
    page = open_page(language, width=width, dark=dark)
    enter(page, portal, CLERK)
    name = f"{language}-{width}{'-dark' if dark else ''}"
    counted = Counted(page)

    check(page, width, scripts=True)
    keep(page, f"{name}-1-start")
    page.wait_for_selector("#query:focus")  # no click leads there, and none is needed to send it
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/customer/*/")
    check(page, width, scripts=True)
    keep(page, f"{name}-2-read")
    assert f"F{number}Z" in page.inner_text("#content")

    counted.click("[data-action=unfreeze] a")
    page.wait_for_url("**/unfreeze/")
    check(page, width, scripts=True)
    counted.click("#id_reason")
    page.keyboard.type("Mistyped on a new phone")
    counted.click("text=" + {"en": "Full name", "zh-hant": "姓名"}[language])
    counted.click("label[for=id_questions_4]")
    counted.click("label[for=id_passed]")
    keep(page, f"{name}-3-unfreeze")
    counted.click("input[type=submit].default")
    page.wait_for_url("**/accounts/customer/*/")
    check(page, width, scripts=True)
    keep(page, f"{name}-4-read-back")
    assert f"F{number}Z" in page.inner_text(".messagelist .success")
    assert rows(portal, "SELECT state FROM accounts_customer WHERE login = ?", number) == [("active",)]
    assert counted.clicks == 6


def test_the_keyboard_alone_does_it_too(portal: Portal, open_page: OpenPage) -> None:
    """A2, A4, O6"""
    number = "290010"
    portal.new_client(number, name="Wong Siu Ming")
    freeze(portal, number)
    page = open_page("en")
    enter(page, portal, CLERK)

    page.wait_for_selector("#query:focus")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/customer/*/")
    reach(page, "Unfreeze")
    page.keyboard.press("Enter")
    page.wait_for_url("**/unfreeze/")
    for box in ("questions:full name", "questions:recent trade", "passed:on"):
        reach(page, box)
        page.keyboard.press("Space")
    reach(page, "reason:")
    page.keyboard.type("Mistyped on a new phone")
    reach(page, "Unfreeze")
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist .success")
    assert rows(portal, "SELECT state FROM accounts_customer WHERE login = ?", number) == [("active",)]


def reach(page: Page, what: str, most: int = 60) -> None:
    """Press Tab until the focus, which is always to be seen, is on a link, a button or a field."""
    told = "() => { const at = document.activeElement; return at.innerText || (at.type === 'submit' && at.value) || "
    told += "`${at.name}:${at.value}`; }"
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(told) == what:
            assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"Tab never reaches {what}")


@pytest.mark.parametrize(("language", "width", "dark"), [("zh-hant", 320, True), ("en", 1280, False)])
def test_several_clients_and_a_contact_in_full(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """A2, N1, O6"""
    first = {"zh-hant": 29002, "en": 29003}[language]
    tail = str(first)[-4:]
    for nth in range(3):
        portal.new_client(f"{first}{nth}", name="Wong Siu Ming", mobile=f"+852610{nth}{tail}", email="")
    freeze(portal, f"{first}1", "fraud")
    page = open_page(language, width=width, dark=dark)
    enter(page, portal, CLERK)
    name = f"{language}-{width}"

    page.fill("#query", tail)
    page.keyboard.press("Enter")
    page.wait_for_selector(".hits li")
    check(page, width, scripts=True)
    keep(page, f"{name}-5-several")
    assert page.locator(".hits li").count() == 3
    page.fill("#query", "Wong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".errornote")
    check(page, width, scripts=True)
    keep(page, f"{name}-6-nobody")

    page.fill("#query", f"{first}1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/customer/*/")
    check(page, width, scripts=True)
    keep(page, f"{name}-7-fraud")
    client = page.url
    page.click("a[href$='/contacts/']")
    page.check("input[value=mobile]")
    page.fill("#id_reason", "Comparing what the caller says")
    check(page, width, scripts=True)
    keep(page, f"{name}-8-reason")
    page.click("input[type=submit].default")
    page.wait_for_selector("dl.chips")
    check(page, width, scripts=True)
    keep(page, f"{name}-9-shown")
    assert f"+8526101{tail}" in page.inner_text("dl.chips")
    page.goto(f"{client}end-sessions/")
    check(page, width, scripts=True)
    keep(page, f"{name}-a-end")
