"""A clerk proposes, a supervisor approves; what else the desk shows of a client, of colleagues and of the trail."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.approvals.steps import picture
from tests.browser.conftest import OpenPage, Portal
from tests.browser.test_clerk import freeze
from tests.browser.test_journeys import check
from tests.browser.test_officer import enter, rows

pytestmark = pytest.mark.browser


def keep(page: Page, name: str) -> None:
    """A picture for whoever wants to look: set SHOTS to a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"desk-{name}.png", full_page=True)


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh-hant", 320, True)])
def test_what_a_clerk_proposes_with_evidence_a_supervisor_approves_and_the_clerk_reads(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """A5, A3, O6"""
    number = "291000" if language == "en" else "291001"
    portal.new_client(number, name="Wong Siu Ming")
    freeze(portal, number, "fraud")
    (client,) = rows(portal, "SELECT id FROM accounts_customer WHERE login = ?", number)[0]
    home = f"{portal.origin}/staff/accounts/customer/{client}/"

    clerk = open_page(language, width=width, dark=dark)
    enter(clerk, portal, "clerk.mak")
    clerk.goto(home)
    check(clerk, width, scripts=True)
    keep(clerk, f"client-{language}")
    clerk.click("[data-action=propose_unfreeze] a")
    clerk.wait_for_url("**/propose-unfreeze/")
    for box in clerk.query_selector_all("input[name=questions]")[:2]:
        box.check()
    clerk.check("input[name=passed]")
    clerk.fill("#id_reason", "Caller explained the login abroad")
    check(clerk, width, scripts=True)
    keep(clerk, f"propose-{language}")
    clerk.click("input[type=submit].default")
    clerk.wait_for_url("**/queue/*/")
    (made,) = re.findall(r"/queue/([0-9a-f-]+)/", clerk.url)
    clerk.set_input_files("#id_file", {"name": "scan.png", "mimeType": "image/png", "buffer": picture()})
    clerk.click("form[enctype] input[type=submit]")
    clerk.wait_for_url("**/queue/*/")
    check(clerk, width, scripts=True)
    keep(clerk, f"proposal-{language}")

    supervisor = open_page(language, width=width, dark=dark)
    enter(supervisor, portal, "super.chan")
    supervisor.goto(f"{portal.origin}/staff/queue/")
    check(supervisor, width, scripts=True)
    keep(supervisor, f"queue-{language}")
    supervisor.click(f"a[href$='{made}/']")
    supervisor.fill("#id_reason", "Called back, all in order")
    check(supervisor, width, scripts=True)
    keep(supervisor, f"decide-{language}")
    supervisor.click("button[value=approve]")
    supervisor.wait_for_selector(".messagelist .success")
    assert rows(portal, "SELECT state FROM accounts_customer WHERE id = ?", client) == [("active",)]

    clerk.goto(f"{home}timeline/")
    assert clerk.locator(".timeline li").count() >= 4
    check(clerk, width, scripts=True)
    keep(clerk, f"timeline-{language}")
    clerk.goto(f"{home}codes/")
    check(clerk, width, scripts=True)
    clerk.goto(f"{portal.origin}/staff/logins/")
    check(clerk, width, scripts=True)

    supervisor.goto(f"{portal.origin}/staff/colleagues/")
    check(supervisor, width, scripts=True)
    keep(supervisor, f"colleagues-{language}")
    supervisor.click("text=clerk.mak")
    supervisor.wait_for_url("**/colleagues/*/")
    check(supervisor, width, scripts=True)
    keep(supervisor, f"colleague-{language}")
    supervisor.goto(f"{portal.origin}/staff/colleagues/new/")
    check(supervisor, width, scripts=True)


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 320, False), ("zh-hans", 1280, True)])
def test_an_auditor_reads_the_trail_and_takes_a_period_along(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """A6, O6"""
    page = open_page(language, width=width, dark=dark)
    enter(page, portal, "audit.lee")
    page.goto(f"{portal.origin}/staff/audit/")
    page.select_option("#id_event", "staff.logged_in")
    page.click(".filters input[type=submit]")
    page.wait_for_url("**/audit/?*")
    assert page.locator("tbody tr").count() >= 1
    check(page, width, scripts=True)
    keep(page, f"audit-{language}")
    page.goto(f"{portal.origin}/staff/audit/export/")
    check(page, width, scripts=True)
    page.fill("#id_first", "2026-01-01")
    page.fill("#id_last", "2026-12-31")
    with page.expect_download() as taken:
        page.click("input[type=submit].default")
    assert taken.value.suggested_filename == "audit-2026-01-01-2026-12-31.csv"
