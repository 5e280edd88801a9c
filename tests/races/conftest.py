"""Races need rows that other connections see, and enough connections for everybody."""

from collections.abc import Iterator

import pytest
from django.db import connection

from portal.messaging import policy
from portal.messaging.policy import Caps


@pytest.fixture(autouse=True)
def connections_for_all(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """PostgreSQL: no pool, which would queue the threads and so keep them from meeting."""
    if connection.vendor == "postgresql":
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        options = {key: value for key, value in connection.settings_dict["OPTIONS"].items() if key != "pool"}
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    yield
    connection.close()


@pytest.fixture
def caps_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many codes as a test wants, and no wait between them."""
    wide = Caps(account_per_hour=10**6, account_per_day=10**6, number_per_day=10**6, source_per_hour=10**6)
    monkeypatch.setattr(policy, "caps", lambda: wide)
    monkeypatch.setattr(policy, "RESEND_WAIT", policy.RESEND_WAIT * 0)
