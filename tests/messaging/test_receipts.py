"""Delivery receipts: believed when signed and fresh, moving forward only, and touching nothing else."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from accounts.models import Customer, SignIn
from portal.messaging import policy, relay
from portal.messaging.models import Message, State
from tests.actors import Carrier, Handset, Visitor, run_relay
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]


def send(
    message: Message | str, status: str = "delivered", *, age: float = 0, secret: str = "receipt-secret", **more: object
) -> int:
    """One receipt as the carrier sends it; the status of the answer."""
    reference = message if isinstance(message, str) else str(message.pk)
    body = json.dumps({"reference": reference, "id": "c-1", "status": status, "at": "2035-11-19T10:00:00", **more})
    return post(body.encode(), stamp=str(int(time.time() - age)), secret=secret)


def post(
    body: bytes, *, stamp: str, secret: str = "receipt-secret", gateway: str = "http", signature: str | None = None
) -> int:
    signed = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    answer = Client().post(
        f"/receipts/sms/{gateway}/",
        body,
        content_type="application/json",
        secure=True,
        headers={"X-Timestamp": stamp, "X-Signature": signed if signature is None else signature},
    )
    return answer.status_code


def now_stamp() -> str:
    return str(int(time.time()))


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


@pytest.fixture
def sent(clock: Traveller, text: Put, carrier: Carrier) -> Message:
    """A text that the carrier has accepted."""
    message = text()
    run_relay()
    return message


@pytest.mark.parametrize("status", ["delivered", "failed"])
def test_a_receipt_moves_its_message(sent: Message, status: str) -> None:
    """S7"""
    assert send(sent, status) == 204
    assert state_of(sent) == status


def test_a_forged_receipt_is_refused(sent: Message) -> None:
    """S7"""
    assert send(sent, secret="guessed") == 403
    body = json.dumps({"reference": str(sent.pk), "id": "c-1", "status": "failed"}).encode()
    for signature in ("", "0" * 64, "é", "deadbeef"):
        assert post(body, stamp=now_stamp(), signature=signature) == 403
    bare = Client().post("/receipts/sms/http/", body, content_type="application/json", secure=True)
    assert bare.status_code == 403
    assert state_of(sent) == State.SENT


def test_a_signature_is_good_for_its_own_body_and_time_alone(sent: Message) -> None:
    """S7"""
    stamp = now_stamp()
    body = json.dumps({"reference": str(sent.pk), "id": "c-1", "status": "delivered"}).encode()
    signature = hmac.new(b"receipt-secret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    other = body.replace(b"delivered", b"failed")
    assert post(other, stamp=stamp, signature=signature) == 403
    assert post(body, stamp=str(int(stamp) + 1), signature=signature) == 403
    assert post(body, stamp=stamp, signature=signature) == 204


def test_without_a_secret_nobody_is_believed(sent: Message, settings: Settings) -> None:
    """S7: an empty secret is no secret."""
    settings.SMS_HTTP = {"http": replace(settings.SMS_HTTP["http"], receipt_secret="")}
    assert send(sent, secret="") == 403


@pytest.mark.parametrize(("age", "status"), [(0, 204), (299, 204), (301, 403), (-299, 204), (-301, 403)])
def test_an_old_receipt_is_refused(sent: Message, age: float, status: int) -> None:
    """S7: a replay comes later than its carrier would."""
    assert send(sent, age=age) == status
    assert timedelta(minutes=5) == policy.RECEIPT_AGE


@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e9", "１７６３８６３２００", "9" * 5000])
def test_a_receipt_without_a_readable_time_is_refused(sent: Message, stamp: str) -> None:
    """S7"""
    body = json.dumps({"reference": str(sent.pk), "status": "delivered"}).encode()
    ascii_stamp = stamp if stamp.isascii() else "x"
    assert post(body, stamp=ascii_stamp) in {400, 403}
    assert state_of(sent) == State.SENT


@pytest.mark.parametrize(("seconds", "state"), [(-1, State.DELIVERED), (0, State.SENT), (86_400, State.SENT)])
def test_a_receipt_for_a_message_of_days_ago_moves_nothing(
    sent: Message, clock: Traveller, seconds: float, state: State
) -> None:
    """S7: the network gave up long before; what signs receipts now may not be whom we gave it to"""
    clock.shift(timedelta(days=3).total_seconds() + seconds)
    assert send(sent) == 204
    assert state_of(sent) == state


def test_a_replayed_receipt_changes_nothing(sent: Message, clock: Traveller) -> None:
    """S7"""
    send(sent)
    before = Message.objects.values().get(pk=sent.pk)
    clock.shift(10)
    assert send(sent) == 204
    assert Message.objects.values().get(pk=sent.pk) == before


def test_a_receipt_out_of_order_takes_nothing_back(sent: Message) -> None:
    """S7"""
    send(sent, "delivered")
    assert send(sent, "failed") == 204
    assert state_of(sent) == State.DELIVERED


@pytest.mark.parametrize("state", [State.EXPIRED, State.FAILED, State.DELIVERED])
def test_what_is_over_stays_over(sent: Message, state: State) -> None:
    """S7"""
    Message.objects.filter(pk=sent.pk).update(state=state)
    for status in ("delivered", "failed"):
        assert send(sent, status) == 204
        assert state_of(sent) == state


def test_a_receipt_for_a_message_nobody_knows_is_taken_and_forgotten(sent: Message) -> None:
    """S7: the carrier is not told what we know."""
    for reference in (str(uuid4()), "", "not-a-uuid", "x" * 500):
        assert send(reference, id="c-2") == 204
    assert state_of(sent) == State.SENT


def test_a_receipt_of_another_gateway_moves_nothing(sent: Message) -> None:
    """S7"""
    Message.objects.filter(pk=sent.pk).update(gateway="other")
    send(sent)
    assert state_of(sent) == State.SENT


def test_a_receipt_that_is_faster_than_the_carriers_answer_stays(
    clock: Traveller, text: Put, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S7: delivered before we have written down that it was sent."""
    message = text()
    settle = relay._settle

    def late(*args: object, **facts: object) -> None:
        assert send(message) == 204
        settle(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(relay, "_settle", late)
    run_relay()
    assert state_of(message) == State.DELIVERED
    run_relay()
    assert len(carrier.received) == 1


def test_a_receipt_is_believed_when_the_carriers_answer_was_lost(clock: Traveller, text: Put, carrier: Carrier) -> None:
    """S7, S4: the carrier had it all the same, so the page says so and it is not sent again."""
    message = text()
    carrier.answers.append(httpx.ReadError("half-way"))
    run_relay()
    assert state_of(message) == State.QUEUED
    assert send(message) == 204
    assert state_of(message) == State.DELIVERED
    clock.shift(5)
    run_relay()
    assert not carrier.received
    assert Message.objects.get(pk=message.pk).sealed is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"sent"', b"{}", b'{"status": "sold"}', b'{"status": ["delivered"]}', b"\xff\xfe"],
)
def test_garbage_is_refused_as_unreadable(sent: Message, body: bytes) -> None:
    """S7"""
    assert post(body, stamp=now_stamp()) == 400
    assert state_of(sent) == State.SENT


def test_only_a_post_to_a_known_gateway_is_listened_to(sent: Message) -> None:
    """S7"""
    for method in ("put", "delete", "patch"):
        assert getattr(Client(), method)("/receipts/sms/http/", secure=True).status_code == 405
    for method in ("get", "head"):
        assert getattr(Client(), method)("/receipts/sms/http/", secure=True).status_code == 403, "posted and signed"
    assert post(b"{}", stamp=now_stamp(), gateway="unknown") == 404
    for without_receipts in ("smtp", "console"):
        assert post(b"{}", stamp=now_stamp(), gateway=without_receipts) == 403


def test_receipts_never_touch_a_login(clock: Traveller, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """S7: neither that nor another state of the message makes a code right or wrong."""
    visitor.password_step()
    code = handset.code(amy.mobile)
    before = (Challenge.objects.values().get(), SignIn.objects.values().get(), Customer.objects.values().get())
    send(Message.objects.get(is_code=True), "failed")
    assert (Challenge.objects.values().get(), SignIn.objects.values().get(), Customer.objects.values().get()) == before
    visitor.code_step(code)
    assert visitor.inside


def test_after_its_end_a_message_keeps_no_text(sent: Message) -> None:
    """C6"""
    send(sent, "failed")
    message = Message.objects.get(pk=sent.pk)
    assert message.sealed is None
    assert message.settled_at == timezone.now()
