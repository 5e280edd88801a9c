"""A clock that tests move, and people who are already inside."""

from collections.abc import Callable, Iterator

import pytest
import time_machine

from accounts.models import Customer
from tests.accounts.steps import MORNING
from tests.actors import Handset, Visitor


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A trading morning. The clock runs on; `clock.shift(seconds)` moves it."""
    with time_machine.travel(MORNING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def let_in(handset: Handset) -> Callable[..., Visitor]:
    """A browser of its own that has logged in to an account."""

    def enter(customer: Customer, *, address: str = "203.0.113.7", language: str = "en") -> Visitor:
        visitor = Visitor(language, address)
        assert visitor.log_in(handset, customer).headers["Location"] == f"/{language}/home/"
        return visitor

    return enter
