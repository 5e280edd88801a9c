"""A password that has grown old: its owner is reminded, and nothing expires."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import policy
from accounts.models import Customer
from accounts.services import password
from accounts.tasks import remind_of_passwords
from portal.messaging.models import Message
from tests.actors import Handset, Visitor, emails
from tests.twofactor.steps import Clock, freeze

pytestmark = pytest.mark.django_db
A_SECOND = timedelta(seconds=1)


def reminders() -> int:
    return Message.objects.filter(kind="notice.password_old").count()


def test_after_ninety_days_the_owner_is_told_once_and_again_after_as_long(clock: Clock, amy: Customer) -> None:
    """L10"""
    clock.shift(policy.PASSWORD_REMINDER - A_SECOND)
    remind_of_passwords()
    assert reminders() == 0
    clock.shift(A_SECOND)
    remind_of_passwords()
    remind_of_passwords()
    assert reminders() == 1
    body = str(emails(amy.email)[-1].body)
    assert "http" not in body
    clock.shift(policy.PASSWORD_REMINDER)
    remind_of_passwords()
    assert reminders() == 2


def test_a_new_password_begins_anew(clock: Clock, amy: Customer) -> None:
    """L10"""
    clock.shift(policy.PASSWORD_REMINDER)
    Customer.objects.update(password_changed_at=timezone.now())
    remind_of_passwords()
    assert reminders() == 0


def test_whoever_cannot_change_it_now_is_not_reminded(
    clock: Clock, amy: Customer, make_client: Callable[..., Customer]
) -> None:
    """L10: frozen, closed, owing a first password anyway; nor are staff"""
    freeze(amy)
    make_client("200001", state="closed")
    make_client("200002", must_change_password=True)
    Customer.objects.create_staff("mak", email="mak@example.com")
    clock.shift(policy.PASSWORD_REMINDER)
    assert password.remind(timezone.now()) == 0


def test_an_old_password_logs_in_all_the_same(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """L10: never forced"""
    clock.shift(policy.PASSWORD_REMINDER * 4)
    remind_of_passwords()
    visitor.log_in(handset, amy)
    assert visitor.inside


def test_a_run_tells_so_many_and_the_next_one_the_rest(
    clock: Clock, make_client: Callable[..., Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every loop has a bound."""
    monkeypatch.setattr(policy, "REMINDERS_AT_ONCE", 2)
    for nth in range(3):
        make_client(f"20001{nth}")
    clock.shift(policy.PASSWORD_REMINDER)
    assert [password.remind(timezone.now()) for _ in range(3)] == [2, 1, 0]
