"""A file that is too large for evidence, through the whole web server: the clerk is told, and nothing is kept."""

from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage, Portal
from tests.browser.test_clerk import freeze
from tests.browser.test_officer import enter, rows

pytestmark = pytest.mark.browser

_MEGABYTE = 1024 * 1024


def test_a_file_above_the_limit_is_answered_with_the_limit_and_nothing_is_kept(
    portal: Portal, open_page: OpenPage, tmp_path: Path, soak: bool
) -> None:
    """A5"""
    portal.new_client("291002", name="Wong Siu Ming")
    freeze(portal, "291002", "fraud")
    (client,) = rows(portal, "SELECT id FROM accounts_customer WHERE login = ?", "291002")[0]
    clerk = open_page("en")
    enter(clerk, portal, "clerk.mak")
    clerk.goto(f"{portal.origin}/staff/accounts/customer/{client}/propose-unfreeze/")
    for box in clerk.query_selector_all("input[name=questions]")[:2]:
        box.check()
    clerk.check("input[name=passed]")
    clerk.fill("#id_reason", "Caller explained the login abroad")
    clerk.click("input[type=submit].default")
    clerk.wait_for_url("**/queue/*/")
    proposal, kept = clerk.url, rows(portal, "SELECT count(*) FROM approvals_evidence")

    for megabytes in (12, 100) if soak else (12,):
        scan = tmp_path / f"{megabytes}.pdf"
        scan.write_bytes(b"%PDF-1.7\n" + bytes(megabytes * _MEGABYTE))
        clerk.goto(proposal)
        clerk.set_input_files("#id_file", scan)
        with clerk.expect_response("**/evidence/") as answered:
            clerk.click("form[enctype] input[type=submit]")
        assert answered.value.status == 413
        clerk.wait_for_load_state()
        assert "larger than this page accepts. Nothing was saved." in clerk.inner_text("main")
        assert rows(portal, "SELECT count(*) FROM approvals_evidence") == kept
    assert [each for each in portal.folder.rglob("*") if each.is_file() and each.stat().st_size > 10 * _MEGABYTE] == []
    clerk.goto(proposal)
    assert clerk.locator("#id_file").count() == 1, "the next file can be sent"
