"""The security officer in a real browser: freeze one client, a list, everybody; read the report."""

import json
import os
import sqlite3
from base64 import b32decode
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page

from tests.actors import PASSWORD
from tests.browser.conftest import OpenPage, Portal
from tests.browser.test_journeys import check

pytestmark = pytest.mark.browser
OFFICER = "officer.ho"
_cookies: dict[str, list[Any]] = {}  # of one login each: an authenticator has a code every thirty seconds


def enter(page: Page, portal: Portal, who: str = OFFICER) -> None:
    """Stand at the desk: through the staff door the first time, later with the session that began there."""
    page.context.add_cookies(_cookies.get(who, []))
    page.goto(f"{portal.origin}/staff/")
    if "/staff/login/" in page.url:
        pass_the_door(page, portal, who)
        _cookies[who] = page.context.cookies()


def pass_the_door(page: Page, portal: Portal, who: str) -> None:
    """Name, password, and the code of the authenticator."""
    people = json.loads((portal.folder / "demo.json").read_text())
    seed = next(each["seed"] for each in people["staff"] if each["login"] == who)
    page.fill("#id_auth-username", who)
    page.fill("#id_auth-password", PASSWORD)
    page.click("input[type=submit]")
    page.fill("#id_token-otp_token", f"{totp(b32decode(seed)):06d}")
    page.click("input[type=submit]")
    page.wait_for_url("**/staff/")


def rows(portal: Portal, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the portal's own database."""
    with closing(sqlite3.connect(portal.folder / "portal.sqlite3", timeout=20)) as database, database:
        return database.execute(statement, values).fetchall()


def report_on(portal: Portal, number: str, day: str) -> None:
    """A report of this day with one finding that leads to this client."""
    (client,) = rows(portal, "SELECT id FROM accounts_customer WHERE login = ?", number)[0]
    (report,) = rows(
        portal,
        "INSERT INTO accounts_surveillancereport (day, claimed_until, made_at, attempts, totals) "
        "VALUES (?, '2026-01-08 00:00:00', '2026-01-08 00:35:00', 4321, ?) RETURNING id",
        day,
        json.dumps({"accounts_of_address": 61}),
    )[0]
    (finding,) = rows(
        portal,
        "INSERT INTO accounts_finding (report_id, kind, place, key, measure, successes, clients) "
        "VALUES (?, 'accounts_of_address', 1, '203.0.113.99', 25, 1, 24) RETURNING id",
        report,
    )[0]
    rows(
        portal,
        "INSERT INTO accounts_findingclient (finding_id, customer_id, place) VALUES (?, ?, 1) RETURNING id",
        finding,
        client,
    )


def keep(page: Page, name: str) -> None:
    """A picture for whoever wants to look: set SHOTS to a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"officer-{name}.png", full_page=True)


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh-hant", 320, True)])
def test_an_officer_reads_the_report_and_freezes_the_client_it_leads_to(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """L11, L9, A1, O6"""
    number, day = ("280000", "2026-01-05") if language == "en" else ("280001", "2026-01-06")
    portal.new_client(number, name="Wong Siu Ming")
    report_on(portal, number, day)
    page = open_page(language, width=width, dark=dark)
    enter(page, portal)

    page.click("text=" + {"en": "Surveillance", "zh-hant": "監察"}[language])
    page.wait_for_url("**/staff/surveillance/")
    check(page, width, scripts=True)
    keep(page, f"reports-{language}")
    page.click(f"text={day}")
    page.wait_for_url(f"**/surveillance/{day}/")
    check(page, width, scripts=True)
    keep(page, f"report-{language}")
    page.click(f"text={number}")
    page.wait_for_url("**/accounts/customer/*/")

    (client,) = rows(portal, "SELECT id FROM accounts_customer WHERE login = ?", number)[0]
    page.goto(f"{portal.origin}/staff/accounts/customer/{client}/test-notice/")
    check(page, width, scripts=True)
    keep(page, f"test-{language}")
    page.check("input[value=contacts]")
    page.check("input[value=told]")
    page.fill("#id_reason", "Caller gets no messages")
    page.click("input[type=submit]")
    page.wait_for_url(f"**/accounts/customer/{client}/")

    page.goto(f"{portal.origin}/staff/accounts/customer/{client}/freeze/")
    check(page, width, scripts=True)
    page.click("input[type=submit].default")
    page.check("input[value=fraud]")
    page.check("input[value=account]")
    page.fill("#id_reason", "Phishing site, report 7")
    page.click("input[type=submit].default")
    page.wait_for_selector(".errorlist")
    check(page, width, scripts=True)
    keep(page, f"freeze-{language}")
    page.check("input[value=told]")
    page.click("input[type=submit].default")
    page.wait_for_url(f"**/accounts/customer/{client}/")
    assert rows(portal, "SELECT freeze_cause FROM accounts_customer WHERE id = ?", client) == [("fraud",)]
    keep(page, f"frozen-{language}")


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 320, True), ("zh-hans", 1280, False)])
def test_an_officer_freezes_a_list_and_everybody_and_opens_again(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage, tmp_path: Path
) -> None:
    """L9, O6"""
    number = "280002" if language == "en" else "280003"
    portal.new_client(number)
    file = tmp_path / "numbers.csv"
    file.write_text(f"number\n{number}\n999998\nabc\n")
    page = open_page(language, width=width, dark=dark)
    enter(page, portal)

    page.goto(f"{portal.origin}/staff/freeze-lists/")
    check(page, width, scripts=True)
    keep(page, f"lists-{language}")
    page.set_input_files("#id_file", file)
    page.click("input[type=submit].default")
    page.wait_for_selector("#problems")
    check(page, width, scripts=True)
    keep(page, f"list-{language}")
    page.fill("#id_reason", "Numbers found on a forum")
    page.fill("#id_typed", page.inner_text("form strong"))
    page.click("input[type=submit].default")
    page.wait_for_selector("p[role=status]")
    check(page, width, scripts=True)

    page.goto(f"{portal.origin}/staff/emergency/")
    check(page, width, scripts=True)
    keep(page, f"emergency-{language}")
    for word in ("FREEZE ALL", "OPEN ALL"):
        page.fill("#id_reason", "A drill of the emergency")
        page.fill("#id_typed", word)
        page.click("input[type=submit].default")
        page.wait_for_selector(".messagelist .success")
        check(page, width, scripts=True)
        keep(page, f"{word.split()[0].lower()}-{language}")

    page.goto(f"{portal.origin}/staff/freeze-lists/")
    page.click("#runs ~ .scroll a >> nth=0")
    for _ in range(30):
        if rows(portal, "SELECT 1 FROM accounts_customer WHERE login = ? AND state = 'frozen'", number):
            break
        page.wait_for_timeout(500)
    page.reload()
    keep(page, f"done-{language}")
    assert rows(portal, "SELECT freeze_cause FROM accounts_customer WHERE login = ?", number) == [("fraud",)]
