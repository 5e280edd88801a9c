"""After one change another has to wait, so that nobody gets a new factor and new contacts on one day."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, Method
from accounts.services import holds
from accounts.services.staff import NotAllowedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.accounts.steps import choose, prove
from tests.actors import Handset, Visitor, text_of
from tests.contacts.steps import NEW, ask, change, place, save, to_review
from tests.twofactor.steps import Clock, english
from tests.twofactor.switches import A_MINUTE, bind
from tests.twofactor.switches import ask as choose_method
from twofactor import errors as method_errors

pytestmark = pytest.mark.django_db
Deed = Callable[[Visitor, Handset, Customer], object]


@pytest.fixture
def officer(clock: Clock, make_staff: Callable[..., Customer]) -> Customer:
    return make_staff("officer.ho", "officer")


@pytest.fixture
def clerk(clock: Clock, make_staff: Callable[..., Customer]) -> Customer:
    return make_staff("clerk.mak", "clerk")


def new_contact(visitor: Visitor, handset: Handset, amy: Customer) -> None:
    change(visitor, handset, amy, "postal_address")


def new_method(visitor: Visitor, handset: Handset, amy: Customer) -> None:
    bind(visitor, handset, amy)


def new_password(visitor: Visitor, handset: Handset, amy: Customer) -> None:
    visitor.get("service/password/")
    prove(visitor, handset, amy)
    assert choose(visitor, "Quiet-Lantern-77").headers["Location"] == "/en/home/"


@pytest.mark.parametrize("deed", [new_contact, new_method, new_password])
def test_no_contact_is_changed_within_a_day_of_any_of_them(
    deed: Deed, inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3"""
    deed(inside, handset, amy)
    for contact in NEW:
        assert place(ask(inside, contact)) == "contact/"
    amy.refresh_from_db()
    until = timezone.now() + policy.CONTACT_HOLD
    clock.shift(policy.CONTACT_HOLD - timedelta(seconds=1))
    assert holds.contacts_held_until(amy, now=timezone.now()) == until
    clock.shift(1)
    assert holds.contacts_held_until(amy, now=timezone.now()) is None


def test_the_page_says_from_when_on_and_takes_nothing(
    inside: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3"""
    change(inside, handset, amy, "email")
    clock.shift(A_MINUTE)
    page = text_of(inside.get("service/contact/"))
    assert "2035-11-20 10:01" in page
    assert place(inside.get("service/contact/edit/mobile/")) == "contact/"
    assert place(ask(inside, "mobile")) == "contact/"


def test_a_change_that_another_overtook_is_not_saved(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """K3: looked at again under the lock"""
    to_review(inside, handset, amy, "email")
    Customer.objects.filter(pk=amy.pk).update(contact_held_from=timezone.now())
    assert place(save(inside)) == "contact/"
    assert Customer.objects.get(pk=amy.pk).email == "amy@example.com"


def test_after_a_new_contact_the_method_stays_for_a_day(inside: Visitor, amy: Customer, handset: Handset) -> None:
    """K3"""
    change(inside, handset, amy, "mobile")
    choose_method(inside, Method.SOFT_TOKEN)
    assert english(method_errors.METHOD_HELD) in text_of(inside.get("service/2fa/"))


def test_an_officer_lifts_the_holds_with_a_reason_on_record(
    inside: Visitor, amy: Customer, handset: Handset, officer: Customer
) -> None:
    """K3"""
    change(inside, handset, amy, "email")
    with pytest.raises(NotAllowedError):
        holds.lift(amy, staff=officer, reason="  ", now=timezone.now())
    holds.lift(amy, staff=officer, reason="She moved house and called", now=timezone.now())
    amy.refresh_from_db()
    assert holds.contacts_held_until(amy, now=timezone.now()) is None
    assert holds.method_held_until(amy, now=timezone.now()) is None
    assert amy.last_security_change_at is not None, "the platforms still see when it was"
    kept = AuditRecord.objects.get(event=Event.HOLD_LIFTED)
    assert (kept.actor_id, kept.subject_id) == (officer.pk, amy.pk)
    with pytest.raises(NotAllowedError):
        holds.lift(amy, staff=officer, reason="Once more", now=timezone.now())


def test_nobody_else_lifts_a_hold(inside: Visitor, amy: Customer, handset: Handset, clerk: Customer) -> None:
    """K3, A1"""
    change(inside, handset, amy, "email")
    with pytest.raises(NotAllowedError):
        holds.lift(amy, staff=clerk, reason="She asked for it", now=timezone.now())
