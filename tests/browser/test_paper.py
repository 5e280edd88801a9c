"""The paper round trip and a stranger's change taken back: the clerk records, the supervisor approves."""

import os
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from tests.approvals.steps import picture
from tests.browser.conftest import OpenPage, Portal, log_in
from tests.browser.test_journeys import check
from tests.browser.test_officer import enter, rows
from tests.letters.pdf import picture_of

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


def download(page: Page, width: int, folder: Path) -> str:
    """From the menu to the file; the reference that a scanner reads off it."""
    page.click("#service a[href$='/service/forms/']")
    page.wait_for_url("**/service/forms/")
    check(page, width, scripts=True)
    link = page.get_attribute("a.primary", "href") or ""
    answer = page.request.get(urljoin(page.url, link))
    assert answer.headers["content-type"] == "application/pdf"
    with Image.open(picture_of(answer.body(), folder)) as paper:
        [code] = zxingcpp.read_barcodes(paper)
    return code.text


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh-hant", 320, True)])
def test_a_signed_form_is_recorded_and_approved_and_then_taken_back(
    language: str, width: int, dark: bool, portal: Portal, open_page: OpenPage, tmp_path: Path
) -> None:
    """K4, A5, O6"""
    number = "292000" if language == "en" else "292001"
    mobile, new = portal.new_client(number, name="Wong Siu Ming", language="en"), f"wong{number}@example.org"
    (client,) = rows(portal, "SELECT id FROM accounts_customer WHERE login = ?", number)[0]
    home = f"{portal.origin}/staff/accounts/customer/{client}/"
    own, clerk, supervisor = (open_page(language, width=width, dark=dark) for _ in range(3))

    log_in(own, portal, number, mobile)
    reference = download(own, width, tmp_path)
    keep(own, f"download-{language}")
    told = len(portal.arrived(mobile))
    enter(clerk, portal, "clerk.mak")
    enter(supervisor, portal, "super.chan")

    clerk.goto(f"{portal.origin}/staff/accounts/customer/")
    clerk.fill("#query", reference)
    clerk.press("#query", "Enter")
    clerk.wait_for_url(home)
    clerk.click("[data-action=amend_contacts] a")
    clerk.wait_for_url("**/amend-contacts/")
    check(clerk, width, scripts=True)
    assert clerk.input_value("#id_form") == reference
    clerk.fill("#id_email", new)
    clerk.check("input[name=channel][value=post]")
    for box in clerk.query_selector_all("input[name=checklist]"):
        box.check()
    clerk.set_input_files("#id_scan", {"name": "form.png", "mimeType": "image/png", "buffer": picture()})
    clerk.fill("#id_reason", "Signed form came by post")
    keep(clerk, f"form-{language}")
    made = propose(clerk)
    check(clerk, width, scripts=True)
    assert reference in clerk.inner_text("main, #content")
    keep(clerk, f"proposal-{language}")
    approve(supervisor, portal, made)
    assert rows(portal, "SELECT email FROM accounts_customer WHERE id = ?", client) == [(new,)]
    assert portal.wait_for(1, new, "email"), "the client is told"
    word = "e-mail" if language == "en" else "電郵"
    assert any(word in text for text in portal.wait_for(told + 1, mobile))
    own.reload()
    own.wait_for_url("**/login/**")
    portal.forget_waits()
    log_in(own, portal, number, mobile)
    own.goto(f"{portal.origin}/{language}/service/contact/")
    assert new[-12:] in own.inner_text("main")

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
