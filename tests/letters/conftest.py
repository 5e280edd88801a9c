"""Staff around the printer: Mak is a clerk, Chan and Kwok are supervisors, Ho is an officer."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import translation

from accounts.models import Customer
from tests.accounts.conftest import clock, let_in
from tests.approvals.conftest import evidence_directory, kwok, kwok_inside
from tests.desk.conftest import chan, chan_inside, desk, mak, mak_inside, make_staff
from tests.letters.steps import ADDRESS

__all__ = [
    "chan", "chan_inside", "clock", "desk", "evidence_directory", "kwok", "kwok_inside", "let_in", "mak",
    "mak_inside", "make_staff",
]  # fmt: skip


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Refusals are read in English here."""
    with translation.override("en"):
        yield


@pytest.fixture
def amy(make_client: Callable[..., Customer]) -> Customer:
    """Amy proves herself by text message, and her letter-box has been hers for years."""
    return make_client(
        "100001", name="Chan Tai Man Amy", mobile="+85291234567", email="amy@example.com", postal_address=ADDRESS
    )


@pytest.fixture
def ho(make_staff: Callable[..., Customer]) -> Customer:
    """An officer."""
    return make_staff("ho", "officer")
