"""The proof of work at its full cost, in a real browser: the other browser tests ask for a short one."""

import json
import re
from base64 import b64decode, b64encode
from html import escape

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route

from accounts import policy
from accounts.services import verification
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser
#: Read when tests are collected, before each of them gets a cheap one.
_COST, _TRIES = policy.PROOF_COST, policy.PROOF_TRIES


def ask(page: Page, challenge: str) -> None:
    """Let the login page ask for this proof, whatever the portal asks for."""

    def answer(route: Route) -> None:
        given = route.fetch()
        body = re.sub(
            r'data-challenge="[^"]*"', lambda _: f'data-challenge="{escape(challenge)}"', given.text(), count=1
        )
        route.fulfill(response=given, body=body)

    page.route("**/login/", answer)


def test_a_browser_finds_the_answer_of_a_whole_proof_and_no_other_is_taken(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L7"""
    assert (_COST, _TRIES) == (500, 2000)
    monkeypatch.setattr(policy, "PROOF_COST", _COST)
    monkeypatch.setattr(policy, "PROOF_TRIES", _TRIES)
    page = open_page("en")
    ask(page, verification.new_proof(timezone.now()))
    page.goto("login/")
    page.get_by_text("Security check: passed").wait_for()
    payload = page.locator("input[name=altcha]").input_value()
    spent = verification.check_proof(payload)
    assert spent is not None
    assert spent.startswith("proof:")
    sent = json.loads(b64decode(payload))
    sent["solution"]["derivedKey"] = "00" * (len(sent["solution"]["derivedKey"]) // 2)
    assert verification.check_proof(b64encode(json.dumps(sent).encode()).decode()) is None
