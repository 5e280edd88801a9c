"""Fixtures of the tests of contact details."""

import pytest

from accounts.models import Customer
from tests.actors import Handset, Visitor
from tests.desk.conftest import make_staff
from tests.twofactor.conftest import clock
from tests.twofactor.steps import Clock
from tests.twofactor.switches import A_MINUTE

__all__ = ["clock", "make_staff"]


@pytest.fixture
def inside(clock: Clock, amy: Customer, handset: Handset) -> Visitor:
    """Amy's browser a minute after its login."""
    Customer.objects.filter(pk=amy.pk).update(language="en", postal_address="1 Queen's Road\nCentral")
    amy.refresh_from_db()
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    clock.shift(A_MINUTE)
    return visitor
