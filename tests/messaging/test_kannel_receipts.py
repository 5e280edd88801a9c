"""Kannel's reports: a secret path and a list of addresses say whose they are, and each means one of our states."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from portal.lib.carriers import networks
from portal.messaging.models import Message, State

pytestmark = pytest.mark.django_db
Put = Callable[..., Message]
_SECRET = "kannel-receipts-nobody-can-guess"


@pytest.fixture(autouse=True)
def box(settings: Settings) -> None:
    """A Kannel on this machine may report."""
    settings.SMS_KANNEL = replace(settings.SMS_KANNEL, receipt_path=_SECRET, addresses=networks(["127.0.0.1"]))


def tell(path: str, address: str = "127.0.0.1") -> int:
    """One report; the status of the portal's answer."""
    return Client(REMOTE_ADDR=address).get(path, secure=True).status_code


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


@pytest.fixture
def given(text: Put) -> Message:
    """A text that Kannel has, as far as the portal knows."""
    message = text()
    Message.objects.filter(pk=message.pk).update(state=State.SENT, gateway="kannel", sealed=None)
    return message


def path_of(message: Message, status: str = "2", secret: str = _SECRET) -> str:
    return f"/receipts/sms/kannel/{secret}/?reference={message.pk}&status={status}&id=n-1"


@pytest.mark.parametrize(
    ("status", "state", "problem"),
    [
        ("1", "delivered", ""),
        ("2", "failed", "not delivered"),
        ("4", "sent", ""),
        ("8", "sent", ""),
        ("16", "failed", "refused by the network"),
    ],
)
def test_each_report_means_one_of_our_states(given: Message, status: str, state: str, problem: str) -> None:
    """S7"""
    assert tell(path_of(given, status)) == 204
    found = Message.objects.get(pk=given.pk)
    assert (found.state, found.problem) == (state, problem)
    assert (found.delayed_at is not None) is (status == "4")


@pytest.mark.parametrize("secret", ["guessed", _SECRET[:-1], _SECRET + "0", _SECRET.upper(), "é"])
def test_without_the_secret_path_nobody_is_believed(given: Message, secret: str) -> None:
    """S7"""
    assert tell(path_of(given, secret=secret)) in {403, 404}
    assert tell(path_of(given).replace(f"/{_SECRET}", "")) == 403
    assert state_of(given) == State.SENT


@pytest.mark.parametrize("address", ["203.0.113.9", "127.0.0.2", "2001:db8::1"])
def test_with_it_only_the_addresses_of_the_list_are(given: Message, address: str) -> None:
    """S7"""
    assert tell(path_of(given), address) == 403
    assert state_of(given) == State.SENT
    assert tell(path_of(given)) == 204


def test_an_address_that_the_sender_claims_is_not_his(given: Message) -> None:
    """S7"""
    claim = Client(REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="127.0.0.1")
    assert claim.get(path_of(given), secure=True).status_code == 403


def test_an_empty_secret_lets_nobody_in(given: Message, settings: Settings) -> None:
    """S7"""
    settings.SMS_KANNEL = replace(settings.SMS_KANNEL, receipt_path="")
    assert tell("/receipts/sms/kannel/?reference=x&status=1&id=1") == 403


@pytest.mark.parametrize(
    "query", ["", "status=1&id=1", "reference=x&status=1&id=1&more=1", "reference=x&status=3&id=1"]
)
def test_what_is_no_report_is_unreadable(given: Message, query: str) -> None:
    """S7"""
    assert tell(f"/receipts/sms/kannel/{_SECRET}/?{query}") == 400
    assert tell(f"{path_of(given)}&status=1") == 400
    assert state_of(given) == State.SENT


def test_only_a_get_is_a_report(given: Message) -> None:
    """S7: not the HEAD of a program that looks whether the address is there"""
    assert Client(REMOTE_ADDR="127.0.0.1").head(path_of(given), secure=True).status_code == 403
    assert Client(REMOTE_ADDR="127.0.0.1").post(path_of(given), secure=True).status_code == 403
    assert state_of(given) == State.SENT


def test_a_report_about_somebody_elses_message_moves_nothing(given: Message) -> None:
    """S7: of another gateway, or of nobody"""
    Message.objects.filter(pk=given.pk).update(gateway="twilio")
    assert tell(path_of(given)) == 204
    assert tell(path_of(given).replace(str(given.pk), str(uuid4()))) == 204
    assert state_of(given) == State.SENT
