"""Staff start a reset for a caller whom they recognised: the old password is void, and nobody here sees a new one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts import policy
from accounts.models import AccountState, Customer
from accounts.services import holds, voiding
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError, set_own_clients
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import PASSWORD, Handset, Visitor, emails, text_of
from tests.desk.conftest import mak, mak_inside
from tests.desk.steps import Desk
from tests.desk.steps import frozen as frozen_client
from tests.reset.steps import NEW, begin, choose, letter, replace, to_password, worker
from tests.twofactor.steps import Clock
from tests.twofactor.switches import A_MINUTE

__all__ = ["desk", "mak", "mak_inside"]
pytestmark = pytest.mark.django_db
FORM: dict[str, Any] = {
    "questions": ["full name", "date of birth"],
    "passed": "on",
    "reason": "Forgot the password, case of a call",
}
PASSED = IdentityCheck(("full name", "date of birth"), passed=True)


@pytest.fixture
def desk() -> Desk:
    """A browser at the staff door."""
    return Desk()


def path(client: Customer) -> str:
    return f"accounts/customer/{client.pk}/reset-password/"


def usable(client: Customer) -> bool:
    client.refresh_from_db()
    return client.has_usable_password()


def test_a_caller_is_helped_online(
    owner: Visitor, amy: Customer, handset: Handset, mak: Customer, mak_inside: Desk, clock: Clock
) -> None:
    """L10, A1"""
    owner.log_in(handset, amy)
    clock.shift(A_MINUTE)
    answer = mak_inside.post(path(amy), FORM)
    assert answer.headers["Location"] == f"/staff/accounts/customer/{amy.pk}/"
    assert "Forgotten password or first login" in text_of(mak_inside.get(answer.headers["Location"]))
    assert not usable(amy)
    assert not owner.inside, "every session ends"
    assert owner.password_step(amy.login, PASSWORD).status_code == 200
    assert "was voided on request" in str(emails(amy.email)[-1].body)
    assert "was voided on request" in handset.texts(amy.mobile)[-1]
    kept = AuditRecord.objects.get(event=Event.PASSWORD_VOIDED)
    assert (kept.actor, kept.subject) == (mak, amy)
    assert kept.facts == {"reason": FORM["reason"], "questions": "full name, date of birth"}
    clock.shift(A_MINUTE)
    replace(owner, handset, amy)
    assert owner.password_step(amy.login, NEW).status_code == 302


def test_the_holds_begin_and_the_old_password_does_not_come_back(
    owner: Visitor, amy: Customer, handset: Handset, mak_inside: Desk, clock: Clock
) -> None:
    """K3, L10"""
    mak_inside.post(path(amy), FORM)
    amy.refresh_from_db()
    now = timezone.now()
    assert holds.method_held_until(amy, now=now) == now + policy.METHOD_HOLD
    assert holds.contacts_held_until(amy, now=now) == now + policy.CONTACT_HOLD
    assert amy.last_security_change_at == now
    to_password(owner, handset, amy)
    assert "aria-invalid" in choose(owner, PASSWORD).content.decode()


def test_without_an_email_address_the_page_says_that_a_letter_is_needed(
    owner: Visitor, amy: Customer, mak_inside: Desk
) -> None:
    """L10"""
    Customer.objects.filter(pk=amy.pk).update(email="")
    assert "a password letter has to be proposed" in text_of(mak_inside.get(path(amy)))
    answer = mak_inside.post(path(amy), FORM)
    assert "a password letter has to be proposed" in text_of(mak_inside.get(answer.headers["Location"]))
    begin(owner, amy.login)
    assert worker() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"passed": ""}, "The identity check was not passed"),
        ({"questions": ["full name"]}, "Ask at least two questions."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_without_a_check_or_a_reason_nothing_happens(
    change: dict[str, Any], words: str, owner: Visitor, amy: Customer, mak_inside: Desk
) -> None:
    """A4"""
    assert words in text_of(mak_inside.post(path(amy), FORM | change))
    assert usable(amy)
    failed = AuditRecord.objects.filter(subject=amy, event=Event.IDENTITY_CHECK_FAILED)
    assert failed.exists() is ("passed" in change), "a caller who fails is on record"


def test_who_may_not_is_refused_and_nobody_acts_on_their_own(
    owner: Visitor, amy: Customer, mak: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1"""
    auditor = make_staff("ng", "auditor")
    with pytest.raises(NotAllowedError):
        voiding.void(amy, staff=auditor, reason="Because", check=PASSED, now=timezone.now())
    set_own_clients(mak, [amy.login])
    with pytest.raises(NotAllowedError):
        voiding.void(amy, staff=mak, reason="Because", check=PASSED, now=timezone.now())
    assert usable(amy)


def test_a_closed_account_and_one_without_a_password_have_nothing_to_void(
    owner: Visitor, amy: Customer, mak: Customer, mak_inside: Desk
) -> None:
    """L10"""
    mak_inside.post(path(amy), FORM)
    assert "No password is set on this account" in text_of(mak_inside.get(path(amy)))
    assert "reset-password" not in mak_inside.get(f"accounts/customer/{amy.pk}/").content.decode()
    Customer.objects.filter(pk=amy.pk).update(state=AccountState.CLOSED)
    with pytest.raises(NotAllowedError):
        voiding.void(amy, staff=mak, reason="Because", check=PASSED, now=timezone.now())


def test_a_frozen_account_stays_frozen(owner: Visitor, amy: Customer, mak_inside: Desk) -> None:
    """A4, L10"""
    frozen_client(amy, "fraud")
    assert "The account stays frozen" in text_of(mak_inside.get(path(amy)))
    mak_inside.post(path(amy), FORM)
    assert not usable(amy)
    assert amy.frozen


def test_the_desk_shows_no_password_and_no_code(owner: Visitor, amy: Customer, mak_inside: Desk) -> None:
    """L10, C6"""
    _, code = letter(amy)
    for page in (path(amy), f"accounts/customer/{amy.pk}/", f"accounts/customer/{amy.pk}/timeline/"):
        body = mak_inside.get(page).content.decode()
        assert code not in body
        assert amy.password not in body
        assert 'type="password"' not in body
