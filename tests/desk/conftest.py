"""Staff by name: Mak is a clerk, Chan a supervisor, Lee has not enrolled yet."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group

from accounts.models import Customer
from tests.accounts.conftest import clock
from tests.desk.steps import SEED, Desk
from twofactor.models import StaffAuthenticator

__all__ = ["chan", "clock", "desk", "lee", "mak", "mak_inside", "make_staff"]


@pytest.fixture
def make_staff(db: None, password_hash: str) -> Callable[..., Customer]:
    """Make a member of staff with a role and, unless said otherwise, an authenticator."""

    def make(login: str, role: str, *, enrolled: bool = True, **fields: object) -> Customer:
        staff = Customer.objects.create(
            login=login, name=login.title(), is_staff=True, password=password_hash, **fields
        )
        staff.groups.add(Group.objects.get(name=role))
        if enrolled:
            StaffAuthenticator.objects.create_with_seed(staff, SEED)
        return staff

    return make


@pytest.fixture
def mak(make_staff: Callable[..., Customer]) -> Customer:
    """A clerk."""
    return make_staff("mak", "clerk")


@pytest.fixture
def chan(make_staff: Callable[..., Customer]) -> Customer:
    """A supervisor."""
    return make_staff("chan", "supervisor")


@pytest.fixture
def lee(make_staff: Callable[..., Customer]) -> Customer:
    """A clerk without an authenticator."""
    return make_staff("lee", "clerk", enrolled=False)


@pytest.fixture
def desk() -> Desk:
    """A fresh browser at the staff door."""
    return Desk()


@pytest.fixture
def mak_inside(mak: Customer, desk: Desk) -> Desk:
    """Mak, logged in."""
    assert desk.log_in("mak").headers["Location"] == "/staff/"
    return desk


@pytest.fixture
def chan_inside(chan: Customer) -> Desk:
    """Chan, logged in at another desk."""
    browser = Desk("198.51.100.21")
    assert browser.log_in("chan").headers["Location"] == "/staff/"
    return browser
