"""A clock that tests move, and people who are already inside."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.contrib.auth.hashers import make_password

from accounts.hashers import PortalArgon2Hasher
from accounts.models import Customer
from tests.accounts.steps import MORNING
from tests.actors import PASSWORD, Handset, Visitor


def _make_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PortalArgon2Hasher, "memory_cost", 8)
    monkeypatch.setattr(PortalArgon2Hasher, "time_cost", 1)


@pytest.fixture(autouse=True)
def cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with the least work, because these tests make many hundred hashes."""
    _make_cheap(monkeypatch)


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The cheap hash of everybody's password."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _make_cheap(monkeypatch)
        return make_password(PASSWORD)


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
