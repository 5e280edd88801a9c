"""The fixtures of accounts and of the desk serve here too."""

from collections.abc import Callable

import pytest

from accounts.models import Customer
from tests.accounts.conftest import clock, let_in
from tests.desk.conftest import make_staff
from tests.desk.steps import Desk

__all__ = ["clock", "let_in", "make_staff"]


@pytest.fixture
def ng(make_staff: Callable[..., Customer]) -> Customer:
    """The security officer."""
    return make_staff("ng", "officer")


@pytest.fixture
def ng_inside(ng: Customer) -> Desk:
    """The security officer, logged in."""
    browser = Desk("198.51.100.22")
    assert browser.log_in("ng").headers["Location"] == "/staff/"
    return browser
