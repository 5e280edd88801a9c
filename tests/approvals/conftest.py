"""The fixtures of accounts and of the desk serve here too, and there are two supervisors."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer
from tests.accounts.conftest import clock, let_in
from tests.desk.conftest import chan, chan_inside, desk, mak, mak_inside, make_staff
from tests.desk.steps import Desk

__all__ = [
    "chan", "chan_inside", "clock", "desk", "let_in", "mak", "mak_inside", "make_staff",
]  # fmt: skip


@pytest.fixture
def kwok(make_staff: Callable[..., Customer]) -> Customer:
    """Another supervisor."""
    return make_staff("kwok", "supervisor")


@pytest.fixture
def kwok_inside(kwok: Customer) -> Desk:
    """The other supervisor, logged in."""
    browser = Desk("198.51.100.23")
    assert browser.log_in("kwok").headers["Location"] == "/staff/"
    return browser


@pytest.fixture(autouse=True)
def evidence_directory(tmp_path: Path, settings: SettingsWrapper) -> Path:
    """An evidence directory of its own for each test."""
    folder = tmp_path / "evidence"
    settings.EVIDENCE_DIRECTORY = str(folder)
    return folder
