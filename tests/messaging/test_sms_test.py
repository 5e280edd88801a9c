"""`manage.py sms_test`: each step of one test message, in one line each, and the first that is wrong ends it."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from portal import brand
from portal.lib.phone import E164
from portal.messaging import policy, probe, receipts, relay
from portal.messaging.gateways.base import Receipt
from portal.messaging.models import Attempt, Message, State
from tests.actors import Carrier

pytestmark = pytest.mark.django_db
_NUMBER = "+85291234567"


def run(*more: str, number: str = _NUMBER, out: StringIO | None = None) -> list[str]:
    said = out or StringIO()
    call_command("sms_test", number, *more, stdout=said)
    return said.getvalue().splitlines()


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch, clock: Traveller) -> Callable[..., None]:
    """What the carrier reports while the command waits, one report at each look."""

    def will(*states: str) -> None:
        waiting = list(states)

        def sleep(seconds: float) -> None:
            clock.shift(seconds)
            if waiting:
                message = Message.objects.get()
                receipts.take("http", Receipt(str(message.pk), "c-1", waiting.pop(0)))  # type: ignore[arg-type]

        monkeypatch.setattr(probe, "sleep", sleep)

    return will


def test_each_step_is_shown(carrier: Carrier, reported: Callable[..., None]) -> None:
    """S6, S7"""
    reported("sent", "delayed", "delivered")
    lines = run("--gateway", "http")
    message = Message.objects.get()
    assert [re.sub(r" \([0-9]+ ms\)$", "", line) for line in lines] == [
        "gateway:  http",
        "number:   +852 9••• ••67",
        "text:     UCS-2, 1 segment",
        "sender:   #DemoSec",
        f"message:  {message.pk}",
        "send:     accepted, the carrier's reference: c-1",
        "receipt:  delayed",
        "receipt:  delivered",
    ]
    assert (message.state, message.kind, message.sealed) == (State.DELIVERED, "test", None)
    assert Attempt.objects.get().result == "accepted"
    assert carrier.received[0]["to"] == _NUMBER


@pytest.mark.parametrize(("language", "alphabet"), [("zh-hant", "UCS-2"), ("zh-hans", "UCS-2"), ("en", "GSM-7")])
def test_the_text_is_harmless_in_each_language(
    carrier: Carrier, reported: Callable[..., None], language: str, alphabet: str
) -> None:
    """S9: no code in it, and one segment"""
    reported("delivered")
    assert f"text:     {alphabet}, 1 segment" in run("--language", language)
    text = carrier.received[0]["text"]
    assert brand.current().sms_name.in_language(language) in text
    assert not any(part.isdigit() and len(part) > 4 for part in text.split())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(422), "send: refused for good: HTTP 422"),
        (httpx.Response(503), "send: not taken, for now: HTTP 503"),
        (httpx.ConnectError("no"), "send: not taken, for now: ConnectError"),
    ],
)
def test_the_step_that_is_wrong_ends_it(carrier: Carrier, answer: httpx.Response | Exception, said: str) -> None:
    """S6"""
    carrier.answers.append(answer)
    with pytest.raises(CommandError, match=said):
        run()
    assert Message.objects.get().state == State.FAILED


def test_a_receipt_that_says_failed_ends_it(carrier: Carrier, reported: Callable[..., None]) -> None:
    """S7"""
    reported("failed")
    with pytest.raises(CommandError, match="receipt: failed not delivered"):
        run()


def test_a_receipt_that_does_not_come_is_said(carrier: Carrier, reported: Callable[..., None]) -> None:
    """S7: with what to look at"""
    reported()
    with pytest.raises(CommandError, match="can the carrier reach /receipts/sms/ of PUBLIC_ORIGIN"):
        run("--wait", "3")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+447911123456", "SMS_COUNTRIES does not list the country of this number."),
        ("+85221234567", "no mobile number that a text can reach: landline"),
        ("hello", "no mobile number that a text can reach: malformed"),
        ("+870773111632", "SMS_COUNTRIES does not list"),
    ],
)
def test_a_number_that_no_text_reaches_is_refused_at_once(carrier: Carrier, number: str, said: str) -> None:
    """S8: one sentence"""
    with pytest.raises(CommandError, match=said):
        run(number=number)
    assert not carrier.received
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("gateway", "said"),
    [
        ("nobody", "There is no gateway 'nobody'; there are http, kannel, smpp, twilio."),
        ("twilio", "Set SMS_TWILIO_ACCOUNT and SMS_TWILIO_TOKEN"),
        ("kannel", "Set SMS_KANNEL_URL, SMS_KANNEL_USER and SMS_KANNEL_PASSWORD"),
    ],
)
def test_a_gateway_that_is_not_set_up_is_refused_at_once(carrier: Carrier, gateway: str, said: str) -> None:
    """S6"""
    with pytest.raises(CommandError, match=said):
        run("--gateway", gateway)
    assert not Message.objects.exists()


def test_no_relay_touches_it(carrier: Carrier, clock: Traveller) -> None:
    """S4: not even when the command is killed half way"""
    message = probe._row(E164(_NUMBER))
    for _ in range(3):
        clock.shift(policy.RECEIPT_WAIT.total_seconds() / 2)
        relay.deliver(message.pk)
        relay.expire(timezone.now())
    assert not carrier.received
    assert Message.objects.get().state == State.EXPIRED


def test_neither_the_credentials_nor_the_number_are_shown(
    carrier: Carrier, reported: Callable[..., None], settings: Settings, logged: list[str]
) -> None:
    """C6"""
    settings.SMS_HTTP = {
        "http": replace(settings.SMS_HTTP["http"], token="sentinel-token", receipt_secret="sentinel-2")
    }
    reported("delivered")
    said = "\n".join([*run(), *logged]) + repr(settings.SMS_HTTP)
    assert "sentinel" not in said
    assert _NUMBER not in said
