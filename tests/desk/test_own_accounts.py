"""Nobody acts on an account of their own."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause, StaffClient
from accounts.services import clients, lockout
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def hers(amy: Customer, mak: Customer) -> Customer:
    """Amy is Mak's own account."""
    call_command("staff_accounts", "mak", amy.login, verbosity=0)
    return amy


def test_the_command_replaces_the_list_and_is_on_record(hers: Customer, mak: Customer) -> None:
    """A1"""
    assert list(StaffClient.objects.values_list("staff__login", "client__login")) == [("mak", hers.login)]
    assert AuditRecord.objects.get(event=Event.STAFF_ACCOUNTS_SET).subject == mak
    call_command("staff_accounts", "mak")
    assert not StaffClient.objects.exists()


@pytest.mark.parametrize("arguments", [("nobody",), ("mak", "999999"), ("mak", "mak")])
def test_who_is_no_colleague_or_no_client_is_named(arguments: tuple[str, ...], hers: Customer) -> None:
    """A1: and nothing is changed."""
    with pytest.raises(CommandError):
        call_command("staff_accounts", *arguments)
    assert StaffClient.objects.count() == 1


def test_an_own_account_is_neither_opened_nor_acted_on(hers: Customer, mak: Customer, mak_inside: Desk) -> None:
    """A1"""
    Customer.objects.filter(pk=hers.pk).update(
        state=AccountState.FROZEN, frozen_at=timezone.now(), freeze_cause=FreezeCause.WRONG_CODES
    )
    for page in ("", "unfreeze/", "end-sessions/"):
        path = f"accounts/customer/{hers.pk}/{page}"
        assert mak_inside.get(path).status_code == 403, page
        assert mak_inside.post(path, {"reason": "My own account"}).status_code == 403, page
    with pytest.raises(NotAllowedError):
        clients.view(hers.pk, staff=mak, page="client")
    with pytest.raises(NotAllowedError):
        lockout.end_sessions(hers, staff=mak, reason="My own account")
    check = IdentityCheck(("full name", "address"), passed=True)
    with pytest.raises(NotAllowedError):
        lockout.unfreeze(hers, staff=mak, reason="My own account", check=check, now=timezone.now())
    assert Customer.objects.get(pk=hers.pk).frozen


def test_a_colleague_may(hers: Customer, chan: Customer) -> None:
    """A1"""
    assert clients.view(hers.pk, staff=chan, page="client") == hers
