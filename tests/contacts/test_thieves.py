"""Thieves, walked step by step: what they get, what stays shut, and where the owner hears of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, Method
from accounts.services import holds
from tests.actors import Handset, Visitor, emails, text_of
from tests.contacts.steps import change, place
from tests.twofactor.steps import Clock, english
from tests.twofactor.switches import A_MINUTE, bind
from tests.twofactor.switches import ask as choose_method
from twofactor import errors as method_errors

pytestmark = pytest.mark.django_db
_HIS_MAIL, _HIS_PHONE = "thief@example.net", "+85295550000"


@pytest.fixture
def thief(clock: Clock, amy: Customer, handset: Handset) -> Visitor:
    """Inside with Amy's password and a copy of her SIM, from a browser that the account does not know."""
    Customer.objects.filter(pk=amy.pk).update(language="en", postal_address="1 Queen's Road")
    amy.refresh_from_db()
    visitor = Visitor("en", "198.51.100.66")
    visitor.log_in(handset, amy)
    clock.shift(A_MINUTE)
    return visitor


def test_a_thief_with_password_and_sim_gets_one_thing_a_day_and_the_owner_hears_of_each_by_mail(
    thief: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3, N1: the mailbox is the owner's, and stays told for thirty days"""
    assert "login" in str(emails(amy.email)[-1].subject)
    change(thief, handset, amy, "email", _HIS_MAIL)
    assert "changed" in str(emails("amy@example.com")[-1].subject)

    assert place(thief.get("service/contact/edit/mobile/")) == "contact/"
    choose_method(thief, Method.SOFT_TOKEN)
    assert english(method_errors.METHOD_HELD) in text_of(thief.get("service/2fa/"))

    clock.shift(policy.CONTACT_HOLD)
    again = Visitor("en", "198.51.100.66")
    amy.refresh_from_db()
    again.log_in(handset, amy)
    clock.shift(A_MINUTE)
    told = len(emails("amy@example.com"))
    bind(again, handset, amy)
    assert len(emails("amy@example.com")) > told, "the new method is told where the mail used to go"
    assert place(again.get("service/contact/edit/mobile/")) == "contact/", "and now the contacts wait"


def test_a_thief_never_has_a_new_factor_and_new_contacts_within_a_day(
    thief: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3"""
    bind(thief, handset, amy)
    for contact in ("mobile", "email", "postal_address"):
        assert place(thief.get(f"service/contact/edit/{contact}/")) == "contact/"
    amy.refresh_from_db()
    until = holds.contacts_held_until(amy, now=timezone.now())
    assert until is not None
    assert until - timezone.now() > timedelta(hours=23, minutes=59)


def test_the_owner_of_a_replaced_number_hears_what_the_thief_does_next(
    thief: Visitor, amy: Customer, handset: Handset, clock: Clock
) -> None:
    """K3"""
    change(thief, handset, amy, "mobile", _HIS_PHONE)
    assert "changed" in handset.texts("+85291234567")[-1]
    clock.shift(policy.CONTACT_HOLD)
    amy.refresh_from_db()
    again = Visitor("en", "198.51.100.66")
    again.log_in(handset, amy)
    clock.shift(A_MINUTE)
    before = len(handset.texts("+85291234567"))
    change(again, handset, amy, "email", _HIS_MAIL)
    assert len(handset.texts("+85291234567")) == before + 1
    assert "changed" in str(emails("amy@example.com")[-1].subject)
