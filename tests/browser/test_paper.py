"""The paper round trip and a stranger's change taken back: the clerk records, the supervisor approves."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.approvals.steps import picture
from tests.browser.conftest import OpenPage, Portal
from tests.browser.test_journeys import check
from tests.browser.test_officer import enter, rows

pytestmark = pytest.mark.browser


def keep(page: Page, name: str) -> None:
    """A picture for whoever wants to look: set SHOTS to a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"paper-{name}.png", full_page=True)


def approve(page: Page, portal: Portal, proposal: str) -> None:
    """Read it, say why, approve."""
    page.goto(f"{portal.origin}/staff/queue/{proposal}/")
    page.fill("#id_reason", "Form and call-back are in order")
    page.click("button[value=approve]")
    page.wait_for_selector(".messagelist .success")


def propose(page: Page) -> str:
    """Press the button; the number of the proposal."""
    page.click("input[type=submit].default")
    page.wait_for_url("**/queue/*/")
    (made,) = re.findall(r"/queue/([0-9a-f-]+)/", page.url)
    return str(made)


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh-hant", 320, True)])
def test_a_signed_form_is_recorded_and_approved_and_then_taken_back(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage
) -> None:
    """K4, A5, O6"""
    number = "292000" if language == "en" else "292001"
    mobile, new = portal.new_client(number, name="Wong Siu Ming", language="en"), f"wong{number}@example.org"
    (client,) = rows(portal, "SELECT id FROM accounts_customer WHERE login = ?", number)[0]
    home = f"{portal.origin}/staff/accounts/customer/{client}/"
    clerk, supervisor = (open_page(language, width=width, dark=dark) for _ in range(2))
    enter(clerk, portal, "clerk.mak")
    enter(supervisor, portal, "super.chan")

    clerk.goto(home)
    clerk.click("[data-action=amend_contacts] a")
    clerk.wait_for_url("**/amend-contacts/")
    check(clerk, width, scripts=True)
    clerk.fill("#id_email", new)
    clerk.check("input[name=channel][value=post]")
    for box in clerk.query_selector_all("input[name=checklist]"):
        box.check()
    clerk.set_input_files("#id_scan", {"name": "form.png", "mimeType": "image/png", "buffer": picture()})
    clerk.fill("#id_reason", "Signed form came by post")
    keep(clerk, f"form-{language}")
    made = propose(clerk)
    check(clerk, width, scripts=True)
    keep(clerk, f"proposal-{language}")
    approve(supervisor, portal, made)
    assert rows(portal, "SELECT email FROM accounts_customer WHERE id = ?", client) == [(new,)]
    assert portal.wait_for(1, new, "email"), "the client is told"
    assert any("e-mail" in text for text in portal.wait_for(1, mobile))

    clerk.goto(home)
    clerk.click("[data-action=restore_contact] a")
    clerk.wait_for_url("**/restore-contact/")
    check(clerk, width, scripts=True)
    clerk.check("input[name=change]")
    for box in clerk.query_selector_all("input[name=questions]")[:2]:
        box.check()
    clerk.check("input[name=passed]")
    clerk.fill("#id_reason", "The client never signed that form")
    keep(clerk, f"restore-{language}")
    approve(supervisor, portal, propose(clerk))
    assert rows(portal, "SELECT email FROM accounts_customer WHERE id = ?", client) == [(f"c{number}@example.com",)]
