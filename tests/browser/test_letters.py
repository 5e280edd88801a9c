"""A rebinding letter from the caller to the letter-box, in a real browser."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db.backends.sqlite3._functions import register as register_functions
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage, Portal
from tests.browser.test_journeys import check
from tests.browser.test_officer import enter, rows
from tests.letters.steps import ADDRESS, codes_in, pages

pytestmark = pytest.mark.browser


def keep(page: Page, name: str) -> None:
    """A picture for whoever wants to look: set SHOTS to a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"letters-{name}.png", full_page=True)


def settle(portal: Portal, number: str, **facts: str) -> int:
    """A client whose letter-box has long been on file; the key of the account."""
    portal.new_client(number, postal_address=ADDRESS, **facts)
    (key,) = rows(portal, "SELECT id FROM accounts_customer WHERE login = ?", number)[0]
    return int(key)


def propose(page: Page, home: str, width: int, language: str) -> str:
    """Ask for the letter after the identity check, with the keyboard alone; where the proposal is."""
    page.goto(home)
    check(page, width, scripts=True)
    keep(page, f"client-{language}")
    page.focus("[data-action=rebinding_letter] a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rebinding-letter/")
    for box in page.query_selector_all("input[name=questions]")[:2]:
        box.focus()
        page.keyboard.press("Space")
    page.focus("input[name=passed]")
    page.keyboard.press("Space")
    page.focus("#id_reason")
    page.keyboard.type("Lost the phone on a ferry")
    check(page, width, scripts=True)
    keep(page, f"propose-{language}")
    page.focus("input[type=submit].default")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue/*/")
    return page.url


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh-hant", 320, True)])
def test_a_clerk_proposes_a_rebinding_letter_and_a_supervisor_approves_prints_and_posts_it(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """T8, A5, O6"""
    number = "294000" if language == "en" else "294001"
    client = settle(portal, number, name="陳大文 Chan Tai Man")
    home = f"{portal.origin}/staff/accounts/customer/{client}/"
    desk = f"{portal.origin}/staff/letters/"

    clerk = open_page(language, width=width, dark=dark)
    enter(clerk, portal, "clerk.mak")
    proposal = propose(clerk, home, width, language)
    check(clerk, width, scripts=True)

    supervisor = open_page(language, width=width, dark=dark)
    enter(supervisor, portal, "super.chan")
    supervisor.goto(proposal)
    keep(supervisor, f"decide-{language}")
    supervisor.fill("#id_reason", "Called back, all in order")
    supervisor.click("button[value=approve]")
    supervisor.wait_for_selector(".messagelist .success")
    ((reference,),) = rows(portal, "SELECT reference FROM letters_letter WHERE customer_id = ?", client)

    supervisor.goto(desk)
    check(supervisor, width, scripts=True)
    keep(supervisor, f"waiting-{language}")
    supervisor.focus("form.unfreeze input[type=submit]")
    with supervisor.expect_download() as taken:
        supervisor.keyboard.press("Enter")
    assert re.fullmatch(r"letters-L[0-9A-Z]{7}\.pdf", taken.value.suggested_filename)
    sheets = [page for page in pages(taken.value.path().read_bytes()) if reference in page]
    assert len(sheets) == 1
    assert len(codes_in(sheets[0])) == 1
    assert "陳大文" in sheets[0].replace(" ", "")

    supervisor.goto(desk)
    check(supervisor, width, scripts=True)
    keep(supervisor, f"open-run-{language}")
    supervisor.click(f"text={taken.value.suggested_filename[8:16]}")
    supervisor.wait_for_url("**/letters/runs/*/")
    check(supervisor, width, scripts=True)
    keep(supervisor, f"run-{language}")
    supervisor.click("button[value=good]")
    supervisor.wait_for_selector(".messagelist .success")
    supervisor.click("a[href$='?show=printed']")
    check(supervisor, width, scripts=True)
    supervisor.check(f"input[aria-label={reference}]")
    supervisor.fill("#id_tracking", "RR123456785HK")
    keep(supervisor, f"printed-{language}")
    supervisor.click("input[type=submit].default")
    supervisor.wait_for_selector(".messagelist .success")
    assert rows(portal, "SELECT state, tracking FROM letters_letter WHERE customer_id = ?", client) == [
        ("posted", "RR123456785HK")
    ]
    assert portal.wait_for(1, f"c{number}@example.com", "email")

    clerk.goto(home)
    check(clerk, width, scripts=True)
    keep(clerk, f"told-{language}")
    clerk.goto(f"{home}timeline/?kind=letters")
    assert clerk.locator(".timeline li").count() == 3
    check(clerk, width, scripts=True)
    keep(clerk, f"timeline-{language}")
    supervisor.goto(f"{desk}?show=posted")
    check(supervisor, width, scripts=True)
    supervisor.click(f"text={reference}")
    supervisor.wait_for_url(re.compile(r"/letters/[0-9a-f-]{36}/$"))
    check(supervisor, width, scripts=True)
    keep(supervisor, f"letter-{language}")
    supervisor.fill("#id_reason", "Client found the phone")
    supervisor.click("input[type=submit].default")
    supervisor.wait_for_selector(".messagelist .success")
    supervisor.goto(f"{desk}?show=over")
    check(supervisor, width, scripts=True)
    keep(supervisor, f"over-{language}")


def test_without_scripts_the_file_is_handed_out_and_the_run_judged_all_the_same(
    portal: Portal, open_page: OpenPage
) -> None:
    """O6"""
    client = settle(portal, "294002", name="陳😀文")
    good = settle(portal, "294003", name="Wong Siu Ming")
    people = dict(rows(portal, "SELECT login, id FROM accounts_customer WHERE is_staff"))
    facts = "reference, kind, state, customer_id, proposal, maker_id, checker_id, made_at, id, reprints"
    with closing(sqlite3.connect(portal.folder / "portal.sqlite3", timeout=20)) as database, database:
        register_functions(database)
        for place, key in enumerate((client, good)):
            database.execute(
                f"INSERT INTO letters_letter ({facts}, code_digest, unprintable, tracking, tries, void) VALUES "
                "(?, 'rebinding', 'made', ?, 'PAB2CD3E', ?, ?, '2026-01-08 00:00:00', ?, 0, '', '', '', 0, '')",
                [f"RAB2CD3{place}", key, people["clerk.mak"], people["super.chan"], f"{place:032x}"],
            )
    page = open_page("en", scripts=False)
    enter(page, portal, "super.chan")
    page.goto(f"{portal.origin}/staff/letters/")
    with page.expect_download() as taken:
        page.click("form.unfreeze input[type=submit]")
    assert "Wong Siu Ming" in "".join(pages(taken.value.path().read_bytes()))
    page.goto(f"{portal.origin}/staff/letters/?show=held")
    assert "the font lacks 😀" in page.inner_text("#content")
    keep(page, "held-en")
    page.click(".panel a")
    page.click("button[value=failed]")
    page.wait_for_selector(".messagelist .success")
    keep(page, "failed-en")
    assert rows(portal, "SELECT void FROM letters_letter WHERE customer_id = ? ORDER BY made_at", good) == [
        ("run_failed",), ("",),
    ]  # fmt: skip
