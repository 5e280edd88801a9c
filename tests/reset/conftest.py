"""Fixtures of the tests of forgotten passwords."""

import pytest

from accounts.models import Customer
from tests.actors import Visitor
from tests.desk.conftest import make_staff
from tests.twofactor.conftest import clock
from tests.twofactor.steps import Clock

__all__ = ["clock", "make_staff", "owner", "stranger"]


@pytest.fixture
def owner(clock: Clock, amy: Customer) -> Visitor:
    """Amy's browser, which has never logged in."""
    Customer.objects.filter(pk=amy.pk).update(language="en")
    amy.refresh_from_db()
    return Visitor("en")


@pytest.fixture
def stranger() -> Visitor:
    """Somebody who knows the account number."""
    return Visitor("en", "198.51.100.99")
