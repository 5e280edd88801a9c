"""Races need rows that other connections see."""

from collections.abc import Iterator

import pytest
from django.db import connection

from portal.messaging import policy
from portal.messaging.policy import Caps


@pytest.fixture(autouse=True)
def rows_that_others_see(transactional_db: None) -> Iterator[None]:
    """A thread has a connection of its own."""
    yield
    connection.close()


@pytest.fixture
def caps_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many codes as a test wants, and no wait between them."""
    wide = Caps(account_per_hour=10**6, account_per_day=10**6, number_per_day=10**6, source_per_hour=10**6)
    monkeypatch.setattr(policy, "caps", lambda: wide)
    monkeypatch.setattr(policy, "RESEND_WAIT", policy.RESEND_WAIT * 0)
