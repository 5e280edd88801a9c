"""Nobody acts on an account of their own."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause, StaffClient
from accounts.services import clients, lockout
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import text_of
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
    removed, added = AuditRecord.objects.filter(event=Event.STAFF_ACCOUNTS_SET)
    assert added.facts == {"accounts": 1, "added": hers.login, "removed": ""}
    assert removed.facts == {"accounts": 0, "added": "", "removed": hers.login}


def own(desk: Desk, person: Customer, accounts: str, reason: str = "Told at the yearly declaration") -> HttpResponse:
    """Send the form of the colleague's page."""
    form = {"deed": "accounts", "own-accounts": accounts, "own-reason": reason}
    return desk.post(f"colleagues/{person.pk}/", form)


def test_a_supervisor_writes_them_down_and_everybody_who_may_sees_which(
    amy: Customer, no_mobile: Customer, mak: Customer, chan: Customer, chan_inside: Desk,
    make_staff: Callable[..., Customer],
) -> None:  # fmt: skip
    """A1"""
    assert own(chan_inside, mak, f"{amy.login}, {no_mobile.login}").status_code == 302
    assert own(chan_inside, mak, no_mobile.login).status_code == 302
    removed, added = AuditRecord.objects.filter(event=Event.STAFF_ACCOUNTS_SET)
    assert added.facts["added"] == f"{amy.login} {no_mobile.login}"
    assert (removed.facts["added"], removed.facts["removed"]) == ("", amy.login)
    assert (removed.actor, removed.subject, removed.facts["reason"]) == (chan, mak, "Told at the yearly declaration")
    make_staff("lee2", "auditor")
    auditor = Desk("198.51.100.77")
    auditor.log_in("lee2")
    assert f"Own client accounts {no_mobile.login}" in text_of(auditor.get(f"colleagues/{mak.pk}/"))
    assert own(auditor, mak, "").status_code == 403
    assert clients.view(amy.pk, staff=mak, page="client") == amy


@pytest.mark.parametrize(
    ("accounts", "reason", "told"),
    [
        ("999999", "Told so", "No client has the number 999999"),
        ("12345", "Told so", "six digits"),
        ("<b>", "Told so", "six digits"),
        (" ".join(f"{number:06d}" for number in range(21)), "Told so", "at most"),
        ("100001", "  ", "required"),
    ],
)
def test_what_is_no_list_of_accounts_changes_nothing(
    accounts: str, reason: str, told: str, hers: Customer, mak: Customer, chan_inside: Desk
) -> None:
    answer = own(chan_inside, mak, accounts, reason)
    assert answer.status_code == 200
    assert told in text_of(answer)
    assert list(StaffClient.objects.values_list("client__login", flat=True)) == [hers.login]


def test_nobody_writes_down_their_own(hers: Customer, chan: Customer, chan_inside: Desk) -> None:
    """A1"""
    assert "your own account" in text_of(own(chan_inside, chan, ""))
    assert own(chan_inside, chan, hers.login).status_code == 200
    assert not StaffClient.objects.filter(staff=chan).exists()


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
