"""A client whose phone is lost, and the letter that is on its way."""

from collections.abc import Callable

import pytest

from accounts.models import Customer
from portal.letters.models import Letter
from tests.actors import Visitor
from tests.desk.conftest import make_staff
from tests.rebinding.steps import at_the_letter, lose_phone, posted
from tests.twofactor.conftest import clock, supervisor
from tests.twofactor.phone import Phone
from tests.twofactor.steps import Clock

__all__ = ["clock", "make_staff", "supervisor"]


@pytest.fixture
def ben(clock: Clock, make_client: Callable[..., Customer]) -> Customer:
    """Ben reads English and has everything on file."""
    return make_client(
        "100002", name="Wong Siu Ming Ben", mobile="+85291112222", email="ben@example.com", language="en"
    )


@pytest.fixture
def lost(ben: Customer) -> Phone:
    """The phone that Ben reported lost."""
    return lose_phone(ben)


@pytest.fixture
def letter(ben: Customer, lost: Phone) -> Letter:
    """The letter in Ben's letter-box."""
    return posted(ben)


@pytest.fixture
def waiting(ben: Customer, letter: Letter) -> Visitor:
    """Ben's browser after the right password."""
    return at_the_letter(ben)
