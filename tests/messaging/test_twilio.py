"""Twilio: what is sent, which refusals are final, and whose receipts are believed."""

import base64
import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from pytest_django import Settings
from time_machine import Traveller

from accounts.models import Customer, SignIn
from portal.messaging import relay
from portal.messaging.gateways import calls
from portal.messaging.gateways.base import Envelope, Refused, Unavailable
from portal.messaging.gateways.twilio import TwilioGateway, signature
from portal.messaging.models import Message, State
from tests.actors import Visitor, run_relay
from tests.messaging.twilio import ACCOUNT, SERVICE, TOKEN, Twilio, post, sign
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]
_ENVELOPE = Envelope(reference="0b5c3a0e-0000-4000-8000-000000000001", to="+85291234567", text="123456 是", validity=90)


@pytest.fixture(autouse=True)
def twilio(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Twilio]:
    """An account, and Twilio at the far end."""
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, account=ACCOUNT, token=TOKEN)
    settings.SMS_GATEWAY = "twilio"
    stub = Twilio()
    with httpx.Client(transport=httpx.MockTransport(stub.handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield stub


@pytest.fixture
def sent(clock: Traveller, text: Put, twilio: Twilio) -> Message:
    """A text that Twilio has accepted."""
    message = text()
    run_relay()
    return Message.objects.get(pk=message.pk)


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


def test_the_message_is_a_form_with_a_callback_of_its_own(twilio: Twilio) -> None:
    """S4, S7"""
    sid = TwilioGateway().send(_ENVELOPE, 1.0)
    message = twilio.messages[sid]
    assert message["to"] == "+85291234567"
    assert message["body"] == "123456 是"
    assert message["from"] == "#DemoSec"
    assert message["callback"].endswith(f"/receipts/sms/twilio/?reference={_ENVELOPE.reference}")
    assert "123456" not in message["callback"]


def test_a_messaging_service_takes_the_place_of_the_sender(twilio: Twilio, settings: Settings) -> None:
    """S9"""
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, service=SERVICE)
    TwilioGateway().send(_ENVELOPE, 1.0)
    assert twilio.only()["messaging_service_sid"] == SERVICE


@pytest.mark.parametrize("text", ["是 😀€", "€" * 80, "1 + 1 = 2 & 100%\n@portal #123456"])
def test_every_letter_arrives_as_it_was(twilio: Twilio, text: str) -> None:
    """S9"""
    TwilioGateway().send(replace(_ENVELOPE, text=text), 1.0)
    assert twilio.only()["body"] == text


def test_a_validity_longer_than_twilio_takes_is_cut(twilio: Twilio) -> None:
    """S4: a notice lives for a day, Twilio's queue for ten hours; the stub refuses more."""
    assert TwilioGateway().send(replace(_ENVELOPE, validity=86_400), 1.0)


@pytest.mark.parametrize("code", [21211, 21610, 21614, 21617, 21635])
def test_what_is_wrong_with_the_number_or_the_text_is_final(twilio: Twilio, code: int) -> None:
    """S6"""
    twilio.errors.append(code)
    with pytest.raises(Refused, match=str(code)):
        TwilioGateway().send(_ENVELOPE, 1.0)


def test_who_opted_out_is_told_apart(clock: Traveller, text: Put, twilio: Twilio) -> None:
    """S6: the desk can read why; nothing is tried again."""
    message = text()
    twilio.errors.append(21610)
    run_relay()
    message.refresh_from_db()
    assert (message.state, message.problem) == (State.FAILED, "opted out (Twilio 21610)")


@pytest.mark.parametrize("code", [20003, 20429, 20500, 21408, 21606, 21612])
def test_what_is_wrong_with_us_or_with_twilio_is_worth_another_way(twilio: Twilio, code: int) -> None:
    """S6: credentials, rate, fault, a country not enabled, a sender that does not fit, a route that is missing"""
    twilio.errors.append(code)
    with pytest.raises(Unavailable, match=str(code)) as raised:
        TwilioGateway().send(_ENVELOPE, 1.0)
    assert raised.value.elsewhere


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(201, content=b""), httpx.Response(201, content=b"<html>"), httpx.Response(201, json=[]),
        httpx.Response(201, json={"sid": "x"}), httpx.Response(200, json={"sid": None}),
        httpx.Response(400, content=b"no"), httpx.Response(400, json={"code": "21211"}), httpx.Response(503),
        httpx.Response(302, headers={"Location": "https://evil.example/"}),
    ],
)  # fmt: skip
def test_garbage_is_no_answer(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> None:
    """S6"""
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        with pytest.raises(Unavailable):
            TwilioGateway().send(_ENVELOPE, 1.0)


@pytest.mark.parametrize("gone", ["account", "token"])
def test_without_credentials_nothing_is_sent(twilio: Twilio, settings: Settings, gone: str) -> None:
    """S6: one sentence that names the settings"""
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, **{gone: ""})
    with pytest.raises(Unavailable, match="SMS_TWILIO_ACCOUNT and SMS_TWILIO_TOKEN"):
        TwilioGateway().send(_ENVELOPE, 1.0)
    assert not twilio.messages


# --- Receipts --------------------------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_documentation() -> None:
    """S7: the example that Twilio prints"""
    fields = {
        "CallSid": ["CA1234567890ABCDE"],
        "From": ["+12349013030"],
        "To": ["+18005551212"],
        "Caller": ["+12349013030"],
        "Digits": ["1234"],
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, fields) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", "sent"), ("sending", "sent"), ("sent", "sent"), ("delivered", "delivered"), ("read", "delivered"),
        ("undelivered", "failed"), ("failed", "failed"), ("canceled", "failed"),
    ],
)  # fmt: skip
def test_each_state_of_twilio_means_one_of_ours(sent: Message, twilio: Twilio, status: str, state: str) -> None:
    """S7"""
    assert twilio.tell(twilio.only(), status) == 204
    assert state_of(sent) == state


def test_the_reason_of_a_failure_is_kept_as_a_number(sent: Message, twilio: Twilio) -> None:
    """S7, C6: never as a sentence of the carrier"""
    assert twilio.tell(twilio.only(), "undelivered", ErrorCode="30003", ErrorMessage="Unreachable 123456") == 204
    assert Message.objects.get(pk=sent.pk).problem == "Twilio 30003"


def test_a_forged_receipt_is_refused(sent: Message, twilio: Twilio) -> None:
    """S7: another key, another field, another value, another address, no signature"""
    url, fields = twilio.callback(twilio.only(), "failed")
    right = sign(url, fields)
    assert post(url, fields, sign(url, fields, token="guessed")) == 403
    assert post(url, fields | {"Extra": "1"}, right) == 403
    assert post(url, fields | {"MessageStatus": "delivered"}, right) == 403
    assert post(url.replace("reference=", "reference=x"), fields, right) == 403
    assert post(url.replace("/twilio/", "/twilio/other/"), fields, right) == 403
    for signature_ in ("", "é", "0" * 28, base64.b64encode(bytes(20)).decode()):
        assert post(url, fields, signature_) == 403
    assert state_of(sent) == State.SENT
    assert post(url, fields, right) == 204


def test_a_field_signed_twice_is_signed_once_for_each_value() -> None:
    """S7: as Twilio's own libraries do"""
    expected = base64.b64encode(hmac.new(b"k", b"https://x/a1a2b3", "sha1").digest()).decode()
    assert signature("k", "https://x/", {"b": ["3"], "a": ["2", "1", "1"]}) == expected


def test_an_address_with_the_usual_port_is_the_same_address(sent: Message, twilio: Twilio) -> None:
    """S7: Twilio signs with the port or without it"""
    url, fields = twilio.callback(twilio.only(), "delivered")
    with_port = url.replace("portal.example.com.hk/", "portal.example.com.hk:443/")
    assert post(url, fields, sign(with_port.replace("443", "8443"), fields)) == 403
    assert post(url, fields, sign(with_port, fields)) == 204


def test_without_a_token_nobody_is_believed(sent: Message, twilio: Twilio, settings: Settings) -> None:
    """S7"""
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, token="")
    url, fields = twilio.callback(twilio.only(), "failed")
    assert post(url, fields, sign(url, fields, token="")) == 403


@pytest.mark.parametrize(
    "change",
    [
        {"AccountSid": "AC" + "9" * 32}, {"AccountSid": ""}, {"MessageSid": "x"}, {"MessageSid": ""},
        {"MessageStatus": "sold"}, {"MessageStatus": ""},
    ],
)  # fmt: skip
def test_a_signed_form_that_is_no_receipt_is_unreadable(sent: Message, twilio: Twilio, change: dict[str, str]) -> None:
    """S7"""
    url, fields = twilio.callback(twilio.only(), "failed")
    assert post(url, fields | change, sign(url, fields | change)) == 400
    assert state_of(sent) == State.SENT


def test_a_replayed_or_doubled_receipt_changes_nothing(sent: Message, twilio: Twilio, clock: Traveller) -> None:
    """S7: a signature of Twilio's is good for ever; what it says is not"""
    first = twilio.callback(twilio.only(), "sent")
    done = twilio.callback(twilio.only(), "delivered")
    for url, fields in (first, done):
        assert post(url, fields, sign(url, fields)) == 204
    before = Message.objects.values().get(pk=sent.pk)
    clock.shift(3600)
    for url, fields in (first, done, first):
        assert post(url, fields, sign(url, fields)) == 204
    assert Message.objects.values().get(pk=sent.pk) == before


def test_receipts_in_the_wrong_order_take_nothing_back(sent: Message, twilio: Twilio) -> None:
    """S7"""
    for status in ("delivered", "sent", "undelivered", "queued"):
        assert twilio.tell(twilio.only(), status) == 204
        assert state_of(sent) == State.DELIVERED


def test_a_receipt_about_another_gateways_message_moves_nothing(sent: Message, twilio: Twilio) -> None:
    """S7: Twilio speaks for what Twilio was given"""
    Message.objects.filter(pk=sent.pk).update(gateway="kannel")
    twilio.tell(twilio.only(), "failed")
    assert state_of(sent) == State.SENT


def test_a_receipt_for_somebody_elses_message_moves_nothing(sent: Message, twilio: Twilio) -> None:
    """S7: a real signature over a reference that is not ours"""
    stranger = {**twilio.only(), "callback": twilio.only()["callback"].replace(str(sent.pk), str(uuid4()))}
    assert twilio.tell(stranger, "failed") == 204
    assert state_of(sent) == State.SENT


def test_receipts_never_touch_a_login(clock: Traveller, amy: Customer, visitor: Visitor, twilio: Twilio) -> None:
    """S7"""
    visitor.password_step()
    run_relay()
    before = (Challenge.objects.values().get(), SignIn.objects.values().get(), Customer.objects.values().get())
    for status in ("failed", "delivered", "sent"):
        twilio.tell(twilio.only(), status)
    assert (Challenge.objects.values().get(), SignIn.objects.values().get(), Customer.objects.values().get()) == before
    visitor.code_step(twilio.only()["body"][:6])
    assert visitor.inside


# --- A lost answer ---------------------------------------------------------------------------------------------


def test_a_receipt_of_the_lost_copy_ends_the_repetition(
    clock: Traveller, text: Put, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4, S7: Twilio took it and the answer was cut; "sent" says so before the second try"""
    message = text()
    handle = twilio.handle

    def cut(request: httpx.Request) -> httpx.Response:
        handle(request)
        raise httpx.ReadError("half-way", request=request)

    with httpx.Client(transport=httpx.MockTransport(cut)) as client, monkeypatch.context() as patched:
        patched.setattr(calls, "client", lambda: client)
        relay.deliver(message.pk)
    assert state_of(message) == State.QUEUED
    assert twilio.tell(twilio.only(), "sent") == 204
    assert state_of(message) == State.SENT
    clock.shift(5)
    run_relay()
    assert len(twilio.messages) == 1
    assert Message.objects.get(pk=message.pk).gateway_reference == twilio.only()["sid"]
