"""Binding a phone with a letter in a real browser: nothing that axe finds, at 320 px, in the dark, with scripts off."""

import sqlite3
import time
from base64 import b32decode
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from portal.letters import codes
from portal.letters.models import Kind
from tests.browser.conftest import OpenPage, Portal, fill_login
from tests.browser.test_journeys import check, type_the_picture
from tests.rebinding.steps import CODE, NO_CODE
from tests.twofactor.switches import app_code, not_the_code

pytestmark = pytest.mark.browser
ROWS = [("en", 320, True), ("zh-hant", 320, False), ("zh-hans", 1280, False)]
A_CLICK_LATER = 1.1  # seconds: a second click within one is taken for a double click


def post_letter(portal: Portal, settings: Settings, number: str) -> None:
    """Put a letter into the client's letter-box, as printer and post would."""
    settings.SEALING_KEYS = portal.sealing_keys()
    letter, run = uuid4(), uuid4()
    now = datetime.now(UTC).replace(tzinfo=None)
    with closing(sqlite3.connect(portal.folder / "portal.sqlite3", timeout=20)) as database, database:
        (client,) = database.execute("SELECT id FROM accounts_customer WHERE login = ?", [number]).fetchone()
        staff = database.execute("SELECT id FROM accounts_customer WHERE is_staff LIMIT 2").fetchall()
        (maker,), (checker,) = staff
        put(database, "letters_printrun", id=run.hex, reference=f"D{number}", printer_id=checker, state="good",
            letters_count=1, started_at=now, ended_at=now)  # fmt: skip
        put(database, "letters_letter", id=letter.hex, reference=f"R{number}", kind="rebinding", state="posted",
            customer_id=client, proposal=f"P{number}", maker_id=maker, checker_id=checker, made_at=now, reprints=0,
            run_id=run.hex, printer_id=checker, printed_at=now, unprintable="", posted_at=now, tracking="", tries=0,
            lapses_at=now + timedelta(days=30), void="",
            code_digest=codes.digest(str(letter), client, Kind.REBINDING, CODE))  # fmt: skip


def put(database: sqlite3.Connection, table: str, **row: object) -> None:
    """Insert a row."""
    values = [str(value) if isinstance(value, datetime) else value for value in row.values()]
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", values)


def send(page: Page, field: str, value: str) -> None:
    """Fill in the field, not too soon after the last click, and send its form."""
    time.sleep(A_CLICK_LATER)
    page.fill(field, value)
    page.click("main form.card button.primary")
    page.wait_for_load_state()


def bind(page: Page, width: int, *, scripts: bool) -> None:
    """From the page of the letter to the menu, with a slip at each step."""
    check(page, width, scripts)
    send(page, "#id_letter", "K7QM")
    page.wait_for_selector("#id_letter[aria-invalid=true]")
    check(page, width, scripts)
    send(page, "#id_letter", NO_CODE)
    page.wait_for_selector("#id_letter[aria-invalid=true]")
    check(page, width, scripts)
    send(page, "#id_letter", "k7qm-4txb-92hd")
    page.wait_for_url("**/login/rebind/phone/")
    check(page, width, scripts)
    send(page, "#id_name", "My phone")
    page.wait_for_selector("#key")
    seed = b32decode(page.inner_text("#key").replace(" ", ""))
    check(page, width, scripts)
    send(page, "#id_code", not_the_code(seed))
    page.wait_for_selector("#id_code[aria-invalid=true]")
    check(page, width, scripts)
    send(page, "#id_code", app_code(seed))
    page.wait_for_url("**/home/")
    assert "My phone" in page.inner_text(".notice.success")
    check(page, width, scripts)


@pytest.mark.parametrize(("language", "width", "dark"), ROWS)
def test_a_client_binds_a_phone_with_a_letter(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage, settings: Settings
) -> None:
    """T8, O6: from the page that asks for a code"""
    number = f"29600{ROWS.index((language, width, dark))}"
    portal.new_client(number, language=language)
    post_letter(portal, settings, number)
    page = open_page(language, width=width, dark=dark)
    fill_login(page, number)
    page.click("form.card button.primary")
    page.wait_for_url("**/login/verify/")
    check(page, width, scripts=True)
    page.click("main a[href$='/login/rebind/']")
    page.wait_for_url("**/login/rebind/")
    bind(page, width, scripts=True)


def test_without_scripts_and_without_a_number_the_letter_leads_in(
    portal: Portal, open_page: OpenPage, settings: Settings
) -> None:
    """T8, T11, O6"""
    portal.new_client("296009", language="en", mobile="")
    post_letter(portal, settings, "296009")
    page = open_page("en", width=320, scripts=False)
    fill_login(page, "296009")
    type_the_picture(page, portal, settings)
    page.click("form.card button.primary")
    page.wait_for_load_state()
    page.click("main a[href$='/login/rebind/']")
    page.wait_for_url("**/login/rebind/")
    bind(page, 320, scripts=False)
