"""Fixtures of the tests of forgotten passwords."""

import pytest

from accounts.models import Customer
from tests.accounts.conftest import cheap_hash, password_hash
from tests.actors import Visitor
from tests.desk.conftest import make_staff
from tests.twofactor.conftest import clock
from tests.twofactor.steps import Clock

__all__ = ["cheap_hash", "clock", "make_staff", "owner", "password_hash", "stranger"]


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
