"""What ends the sessions of an account, and who may."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause, SignIn
from accounts.services import lockout
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.accounts.steps import choose, prove
from tests.actors import Handset, Visitor, text_of

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
LetIn = Callable[..., Visitor]


@pytest.fixture
def at_home(amy: Customer, let_in: LetIn, clock: Clock) -> Visitor:
    return let_in(amy)


@pytest.fixture
def elsewhere(amy: Customer, at_home: Visitor, let_in: LetIn, clock: Clock) -> Visitor:
    clock.shift(61)
    return let_in(amy, address="198.51.100.9")


@pytest.fixture
def at_the_code(amy: Customer, elsewhere: Visitor, clock: Clock) -> Visitor:
    """A third browser, whose login still waits for the code."""
    clock.shift(61)
    visitor = Visitor("en", "198.51.100.77")
    visitor.password_step()
    return visitor


def freeze(customer: Customer) -> None:
    with transaction.atomic():
        lockout.freeze(Customer.lock(customer.pk), FreezeCause.STAFF, now=timezone.now())


def close(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(state=AccountState.CLOSED)


def disable(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(is_active=False)


@pytest.mark.parametrize("act", [freeze, close, disable], ids=lambda act: act.__name__)
def test_every_session_and_open_code_ends_at_once(
    act: Callable[[Customer], None],
    amy: Customer,
    at_home: Visitor,
    elsewhere: Visitor,
    at_the_code: Visitor,
    handset: Handset,
) -> None:
    """L9, C5"""
    code = handset.code(amy.mobile)
    act(amy)
    assert not at_home.inside
    assert not elsewhere.inside
    assert at_the_code.code_step(code).headers.get("Location", "") != "/en/home/"
    assert not at_the_code.inside


def test_an_import_that_closes_an_account_ends_its_sessions(amy: Customer, at_home: Visitor, tmp_path: Path) -> None:
    """L9, O1"""
    file = tmp_path / "accounts.csv"
    file.write_text("number,name,state\n100001,Chan Tai Man Amy,closed\n")
    call_command("import_accounts", str(file), stdout=StringIO(), stderr=StringIO())
    amy.refresh_from_db()
    assert amy.state == AccountState.CLOSED
    assert not at_home.inside


def test_a_password_change_ends_every_session_but_its_own(
    amy: Customer, at_home: Visitor, elsewhere: Visitor, at_the_code: Visitor, handset: Handset, clock: Clock
) -> None:
    """L9, C4"""
    code = handset.code(amy.mobile)
    clock.shift(61)
    prove(elsewhere, handset, amy)
    assert choose(elsewhere, "Quiet-Lantern-77").status_code == 302
    assert elsewhere.inside
    assert not at_home.inside
    at_the_code.code_step(code)
    assert not at_the_code.inside


def test_the_client_ends_one_session(amy: Customer, at_home: Visitor, elsewhere: Visitor) -> None:
    """L9"""
    first = SignIn.objects.order_by("at")[0]
    elsewhere.post(f"service/sessions/{first.pk}/end/")
    assert not at_home.inside
    assert elsewhere.inside
    assert AuditRecord.objects.get(event=Event.SESSIONS_ENDED).facts == {"count": 1}


def test_the_client_ends_all_others(amy: Customer, at_home: Visitor, elsewhere: Visitor) -> None:
    """L9"""
    page = text_of(elsewhere.get("service/activity/"))
    assert page.count("End session") == 1
    elsewhere.post("service/sessions/end-others/")
    assert not at_home.inside
    assert elsewhere.inside


def test_nobody_ends_the_session_of_somebody_else(
    amy: Customer, at_home: Visitor, make_client: Callable[..., Customer], let_in: LetIn
) -> None:
    """L9"""
    ben = make_client("100002", mobile="+85298765432")
    bens = let_in(ben, address="192.0.2.3")
    amys_row = SignIn.objects.get(customer=amy)
    for pk in (amys_row.pk, 0, 10**6, 2**63, 10**30):
        assert bens.post(f"service/sessions/{pk}/end/").status_code in {302, 404}
    bens.post("service/sessions/end-others/")
    assert at_home.inside
    assert bens.inside


def test_this_was_not_me_asks_first_and_then_freezes(amy: Customer, at_home: Visitor, elsewhere: Visitor) -> None:
    """L9, N1"""
    assert elsewhere.get("service/activity/not-me/").status_code == 200
    amy.refresh_from_db()
    assert not amy.frozen
    page = elsewhere.post("service/activity/not-me/")
    amy.refresh_from_db()
    assert amy.frozen
    assert amy.freeze_cause == FreezeCause.CLIENT
    assert amy.freeze_reference in text_of(page)
    assert "Log out" not in text_of(page), "nobody is inside any more"
    assert not at_home.inside
    assert not elsewhere.inside


def test_a_session_that_a_freeze_ended_stays_ended_after_the_unfreeze(amy: Customer, at_home: Visitor) -> None:
    """L9"""
    freeze(amy)
    chan = Customer.objects.create_staff("chan", is_superuser=True)
    with transaction.atomic():
        locked = Customer.lock(amy.pk)
        lockout.unfreeze_approved(locked, staff=chan, facts={"reason": "called"}, now=timezone.now())
    assert not at_home.inside
