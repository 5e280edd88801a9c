"""The browsers that a client logged in with, on the client's page."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, Result, SignIn
from tests.actors import text_of
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db

_OWN, _OTHER = UUID(int=1), UUID(int=2)
_FIREFOX, _SAFARI = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "Mozilla/5.0 (iPhone) Safari/604"


def tried(client: Customer, at: datetime, **fields: Any) -> None:
    """A login, unless said otherwise."""
    row: dict[str, Any] = {"result": Result.SUCCESS, "proven_at": at, "address": "203.0.113.77", **fields}
    count = SignIn.objects.count()
    SignIn.objects.create(number=client.login, customer=client, at=at, verification=str(count), **row)


def told(desk: Desk, client: Customer) -> str:
    """The page of the client."""
    return text_of(desk.get(f"accounts/customer/{client.pk}/")).partition("Timeline")[0]


def test_the_desk_tells_each_browser_once_with_its_last_login_and_masks_the_address(
    amy: Customer, mak_inside: Desk
) -> None:
    """A3"""
    assert "Browsers of the latest logins" not in told(mak_inside, amy)
    now = timezone.now()
    for days, device, words in ((3, _OWN, _FIREFOX), (2, _OTHER, _SAFARI), (1, _OWN, _FIREFOX)):
        tried(amy, now - timedelta(days=days), device=device, user_agent=words)
    tried(amy, now, device=UUID(int=3), user_agent="Edg", result=Result.WRONG_PASSWORD, proven_at=None)
    last = {days: f"{timezone.localtime(now - timedelta(days=days)):%Y-%m-%d %H:%M:%S}" for days in (1, 2)}
    page = told(mak_inside, amy)
    own, other = f"Firefox / Linux (web) {last[1]} ", f"Safari / iPhone (web) {last[2]} "
    assert own in page
    assert re.search(rf"{re.escape(own)}\S+ 2 .*{re.escape(other)}\S+ 1\b", page), "how many logins"
    assert page.index(own) < page.index(other), "the one used last comes first"
    assert page.count("Firefox / Linux") == 1
    assert "Edge" not in page, "it never logged in"
    assert "203.0.113.77" not in page


def test_only_so_many_logins_are_looked_at(amy: Customer, mak_inside: Desk) -> None:
    now = timezone.now()
    tried(amy, now - timedelta(days=1), device=_OTHER, user_agent=_SAFARI)
    for nth in range(policy.BROWSERS_LOOKED_AT):
        tried(amy, now - timedelta(minutes=nth), device=_OWN, user_agent=_FIREFOX)
    page = told(mak_inside, amy)
    assert "Firefox / Linux" in page
    assert "Safari" not in page
