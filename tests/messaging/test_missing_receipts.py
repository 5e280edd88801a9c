"""Receipts that did not come are asked for, where the carrier can be asked."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from portal.messaging import missing, policy, tasks
from portal.messaging.gateways import calls
from portal.messaging.models import Message, State
from portal.schedule import BEAT_SCHEDULE
from tests.actors import run_relay
from tests.messaging.twilio import ACCOUNT, TOKEN, Twilio

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]
AFTER = policy.ASK_AFTER.total_seconds()
EVERY = policy.ASK_EVERY.total_seconds()


@pytest.fixture(autouse=True)
def twilio(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Twilio]:
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, account=ACCOUNT, token=TOKEN)
    settings.SMS_GATEWAY = "twilio"
    stub = Twilio()
    with httpx.Client(transport=httpx.MockTransport(stub.handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield stub


@pytest.fixture
def sent(clock: Traveller, text: Put, twilio: Twilio) -> Message:
    message = text()
    run_relay()
    return message


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


@pytest.mark.parametrize(
    ("status", "error", "state", "problem"),
    [
        ("delivered", None, State.DELIVERED, ""),
        ("undelivered", 30003, State.FAILED, "Twilio 30003"),
        ("sent", None, State.SENT, ""),
        ("sending", None, State.SENT, ""),
    ],
)
def test_the_carrier_is_asked_and_its_word_is_a_receipt(
    sent: Message, twilio: Twilio, clock: Traveller, status: str, error: int | None, state: str, problem: str
) -> None:
    """S7, O4"""
    twilio.only().update(status=status, error_code=error)
    clock.shift(AFTER)
    tasks.ask_receipts()
    found = Message.objects.get(pk=sent.pk)
    assert (found.state, found.problem) == (state, problem)
    assert twilio.asked == [twilio.only()["sid"]]


def test_not_before_its_time_nor_when_nobody_waits_any_more(sent: Message, twilio: Twilio, clock: Traveller) -> None:
    """O4"""
    clock.shift(AFTER - 1)
    missing.ask(timezone.now())
    clock.shift(policy.ASK_UNTIL.total_seconds())
    missing.ask(timezone.now())
    assert not twilio.asked


def test_it_is_asked_again_at_its_interval_and_no_sooner(sent: Message, twilio: Twilio, clock: Traveller) -> None:
    """O4: also when two schedulers run"""
    clock.shift(AFTER)
    for _ in range(3):
        missing.ask(timezone.now())
    assert len(twilio.asked) == 1
    clock.shift(EVERY - 1)
    missing.ask(timezone.now())
    assert len(twilio.asked) == 1
    clock.shift(1)
    missing.ask(timezone.now())
    assert len(twilio.asked) == 2


def test_what_is_settled_is_not_asked_for(sent: Message, twilio: Twilio, clock: Traveller) -> None:
    """O4"""
    twilio.tell(twilio.only(), "delivered")
    clock.shift(AFTER)
    missing.ask(timezone.now())
    assert not twilio.asked


def test_a_carrier_in_trouble_is_left_alone_for_the_run(
    sent: Message, text: Put, twilio: Twilio, clock: Traveller
) -> None:
    """O4: one question that fails, and not one for each message"""
    for number in range(4):
        text(to=f"+8529123450{number}")
    run_relay()
    clock.shift(AFTER)
    twilio.errors.append(20500)
    assert missing.ask(timezone.now()) == 0
    assert len(twilio.asked) == 1
    assert state_of(sent) == State.SENT


def test_a_run_is_bounded_in_number_and_in_time(
    sent: Message, text: Put, twilio: Twilio, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O4"""
    for number in range(4):
        text(to=f"+8529123450{number}")
    run_relay()
    clock.shift(AFTER)
    monkeypatch.setattr(policy, "ASK_BATCH", 2)
    missing.ask(timezone.now())
    assert len(twilio.asked) == 2
    monkeypatch.setattr(policy, "ASK_SECONDS", -1.0)
    missing.ask(timezone.now())
    assert len(twilio.asked) == 2


def test_a_run_ends_before_the_next_begins() -> None:
    """O4"""
    every = BEAT_SCHEDULE["ask-receipts"]["schedule"].total_seconds()
    assert every > policy.ASK_SECONDS + policy.ASK_TIMEOUT


def test_a_message_of_a_gateway_that_cannot_be_asked_is_left(sent: Message, twilio: Twilio, clock: Traveller) -> None:
    """O4"""
    Message.objects.filter(pk=sent.pk).update(gateway="http")
    clock.shift(AFTER)
    missing.ask(timezone.now())
    assert not twilio.asked


def test_an_answer_about_another_message_is_none(
    sent: Message, twilio: Twilio, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S7"""
    twilio.only().update(status="delivered", sid="SM" + "f" * 32)
    clock.shift(AFTER)
    monkeypatch.setattr(Twilio, "_fetch", lambda self, sid: httpx.Response(200, json=self._shown(self.only())))
    missing.ask(timezone.now())
    assert state_of(sent) == State.SENT
