"""What is forgotten, and when."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from accounts import policy as who
from accounts.models import Customer
from accounts.services import lockout
from portal.lib import crypto
from portal.messaging import health, outbox, policy, receipts, relay
from portal.messaging.gateways.base import Receipt
from portal.messaging.models import Attempt, Message, SendCount, State
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


def test_what_became_of_messages_is_still_counted_after_that(
    clock: Traveller, text: Put, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O7: statistics are kept; a batch at a time, so that no code waits for the purge"""
    monkeypatch.setattr(policy, "PURGE_BATCH", 2)
    carrier.answers += [httpx.Response(503), httpx.Response(422)]
    for _ in range(5):
        text()
    run_relay()
    clock.shift(2)
    run_relay()

    def statistics() -> list[list[object]]:
        return [
            list(Message.objects.order_by("pk").values_list("state", "gateway", "problem", "tries", "sent_at", "kind")),
            list(Attempt.objects.order_by("pk").values_list("gateway", "result", "milliseconds", "at")),
            [health.figures("http", at) for at in (timezone.now() - timedelta(days=91),)],
        ]

    clock.shift(91 * 86_400)
    before = statistics()
    with CaptureQueriesContext(connection) as asked:
        assert relay.purge(timezone.now()) == 5
    assert sum(each["sql"].startswith("UPDATE") for each in asked) == 3
    assert statistics() == before
    assert Message.objects.filter(state=State.SENT).count() == 4
    assert not Message.objects.exclude(to_index="").exists()


def test_compliance_may_have_numbers_masked_sooner(clock: Traveller, text: Put, settings: Settings) -> None:
    """O7: each retention is a setting"""
    text()
    clock.shift(31 * 86_400)
    assert relay.purge(timezone.now()) == 0
    settings.RETENTION_NUMBERS = timedelta(days=30)
    assert relay.purge(timezone.now()) == 1


def test_a_receipt_for_a_message_of_long_ago_moves_nothing(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S7: networks give up after two days"""
    old = text()
    run_relay()
    clock.shift(policy.RECEIPTS_UNTIL.total_seconds())
    assert not receipts.take("http", Receipt(str(old.pk), "", "delivered"))
    young = text()
    run_relay()
    clock.shift(policy.RECEIPTS_UNTIL.total_seconds() - 1)
    assert receipts.take("http", Receipt(str(young.pk), "", "delivered"))


def test_the_counts_of_numbers_and_sources_are_forgotten_too(clock: Traveller, amy: Customer) -> None:
    """O7: a count whose window is over finds a number as well as a message does."""
    pend(amy)
    assert SendCount.objects.count() == 5  # of the number, of the source, of three budgets
    clock.shift(90 * 86_400 + 86_400)
    relay.purge(timezone.now())
    assert not SendCount.objects.exists()


@pytest.mark.parametrize("hours", [24, 48])
def test_spent_challenges_are_deleted_after_a_day_or_as_the_setting_says_and_their_messages_stay(
    clock: Traveller, amy: Customer, settings: Settings, hours: int
) -> None:
    """O7"""
    pend(amy)
    settings.RETENTION_CHALLENGES = timedelta(hours=hours)
    clock.shift(hours * 3600)
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
    given = _settings(RETENTION_NUMBERS_DAYS="4", RETENTION_CHALLENGES_HOURS="1", RETENTION_SIGN_INS_DAYS="180")
    numbers, challenges_, sign_ins, *_ = (timedelta(seconds=float(word)) for word in given.stdout.split())
    assert numbers > max(timedelta(days=1), policy.RECEIPTS_UNTIL)
    assert challenges_ > max(codes.RECOGNISED_FOR, codes.UNFINISHED_AFTER)
    assert sign_ins >= max(who.BROWSER_LIFETIME, who.ACTIVITY_WINDOW)


@pytest.mark.parametrize(
    "name",
    [f"RETENTION_{each}" for each in ("CHALLENGES_HOURS", "NUMBERS_DAYS", "SIGN_INS_DAYS", "EVIDENCE_DAYS",
                                      "LETTERS_DAYS", "AUDIT_DAYS")],
)  # fmt: skip
def test_a_retention_that_makes_no_sense_stops_the_start(name: str) -> None:
    """O2, O7"""
    refused = _settings(**{name: "0"})
    assert refused.returncode == 1
    assert f"{name} must be a whole number from" in refused.stderr


def test_a_trail_that_goes_before_what_it_explains_stops_the_start(settings: Settings) -> None:
    """O2, O7, A6"""
    settings.RETENTION_AUDIT = settings.RETENTION_LETTERS - timedelta(days=1)
    assert any("RETENTION_AUDIT_DAYS" in str(each.msg) for each in run_checks(include_deployment_checks=True))


_SHOWN = ("NUMBERS", "CHALLENGES", "SIGN_INS", "EVIDENCE", "LETTERS", "AUDIT")


def _settings(**environment: str) -> subprocess.CompletedProcess[str]:
    """What a start with these makes of them, in seconds."""
    show = "from portal import settings; " + "; ".join(
        f"print(settings.RETENTION_{name}.total_seconds())" for name in _SHOWN
    )
    return subprocess.run(
        [sys.executable, "-c", show],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
