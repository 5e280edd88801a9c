"""A clock that stands still, and moves when a test says so."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.models import Customer
from tests.twofactor.steps import Clock

_MONDAY = datetime(2035, 11, 19, 10, 0, tzinfo=ZoneInfo("Asia/Hong_Kong"))


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Time stands still until it is moved. Ask for it before any client is made."""
    with time_machine.travel(_MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def supervisor(db: None) -> Customer:
    """A supervisor."""
    return Customer.objects.create_staff("mak", password="Harbour-2026-staff", name="Mak", is_superuser=True)
