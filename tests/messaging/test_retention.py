"""What is forgotten, and when."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from accounts.models import Customer
from accounts.services import lockout
from portal.lib import crypto
from portal.messaging import outbox, policy, relay
from portal.messaging.models import Message, SendCount, State
from tests.actors import Carrier, emails, run_relay
from tests.twofactor.steps import pend
from twofactor import policy as codes
from twofactor.models import Challenge
from twofactor.services import challenges

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]


def test_after_ninety_days_nothing_finds_a_number_any_more(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """O7"""
    message = text()
    run_relay()
    clock.shift(90 * 86_400)
    assert relay.purge(timezone.now()) == 0
    clock.shift(1)
    assert relay.purge(timezone.now()) == 1
    assert relay.purge(timezone.now()) == 0, "safe to run twice"
    message.refresh_from_db()
    assert (message.to_index, message.gateway_reference, message.sealed) == ("", "", None)
    assert message.to_masked == "+852 9••• ••67"


def test_the_counts_of_numbers_and_sources_are_forgotten_too(clock: Traveller, amy: Customer) -> None:
    """O7: a count whose window is over finds a number as well as a message does."""
    pend(amy)
    assert SendCount.objects.count() == 5  # of the number, of the source, of three budgets
    clock.shift(90 * 86_400 + 86_400)
    relay.purge(timezone.now())
    assert not SendCount.objects.exists()


def test_spent_challenges_are_deleted_after_a_day_and_their_messages_stay(clock: Traveller, amy: Customer) -> None:
    """O7"""
    pend(amy)
    clock.shift(codes.CHALLENGE_RETENTION)
    assert challenges.purge(timezone.now()) == 0
    clock.shift(1)
    pend(amy)
    assert challenges.purge(timezone.now()) == 1
    assert Challenge.objects.count() == 1
    assert Message.objects.count() == 2


def test_challenges_are_deleted_in_batches(clock: Traveller, amy: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """O7"""
    monkeypatch.setattr(codes, "PURGE_BATCH", 2)
    for _ in range(5):
        pend(amy)
    clock.shift(timedelta(days=2))
    assert challenges.purge(timezone.now()) == 5


def test_a_sealed_text_names_its_key_and_opens_for_nothing_else(clock: Traveller, text: Put) -> None:
    """C6"""
    sealed = bytes(text().sealed or b"")
    assert sealed.startswith(b"k1:")
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed("picture", sealed)
    assert crypto.open_sealed(outbox.SEAL, sealed)


def test_a_client_who_reports_a_login_alarms_the_security_mailbox(
    clock: Traveller, amy: Customer, settings: Settings
) -> None:
    """L9, O2: the alarm goes where the setting says, and tells whom to call back without saying the number."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    reference = lockout.freeze_for_client(amy, now=timezone.now())
    (alarm,) = emails("security@example.com.hk")
    assert reference in alarm.subject
    assert "ending 01" in alarm.body
    assert amy.login not in alarm.body
    assert amy.mobile not in alarm.body
    assert Message.objects.get(kind="alarm").state == State.SENT


def test_retention_is_longer_than_whatever_still_needs_the_row() -> None:
    """O7, S2: the caps of a day are counted on rows that are there."""
    assert timedelta(days=1) < policy.MASK_AFTER
    assert codes.CHALLENGE_RETENTION > codes.RECOGNISED_FOR
