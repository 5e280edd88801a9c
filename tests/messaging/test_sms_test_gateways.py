"""`manage.py sms_test` through Twilio and over SMPP: each step down to what their receipts say."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError
from pytest_django import Settings
from time_machine import Traveller

from portal.messaging import probe
from portal.messaging.gateways import calls
from portal.messaging.gateways import smpp as gateway
from portal.messaging.gateways.base import Receipt
from portal.messaging.models import Message, State
from portal.messaging.receipts import take
from tests.messaging.smpp import Carrier, account, bound, carrier
from tests.messaging.test_sms_test import run
from tests.messaging.twilio import ACCOUNT, TOKEN, Twilio


def plain(lines: list[str]) -> list[str]:
    """What was said, without how long it took and whatever is new each time."""
    return [re.sub(r" \([0-9]+ ms\)$|(?<=SM)\w+", "", line) for line in lines if not line.startswith("message:")]


# --- Twilio ------------------------------------------------------------------------------------------------


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch, settings: Settings, clock: Traveller, db: None) -> Iterator[Twilio]:
    """An account, and Twilio at the far end; waiting takes no time."""
    settings.SMS_TWILIO = replace(settings.SMS_TWILIO, account=ACCOUNT, token=TOKEN)
    stub = Twilio()
    monkeypatch.setattr(probe, "sleep", clock.shift)
    with httpx.Client(transport=httpx.MockTransport(stub.handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield stub


def test_through_twilio_each_step_is_shown(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    """S6, S7: the receipts come by Twilio's own signed callbacks"""
    states = ["sent", "delivered"]
    monkeypatch.setattr(probe, "sleep", lambda _: twilio.tell(twilio.only(), states.pop(0)))
    assert plain(run("--gateway", "twilio", "--language", "en")) == [
        "gateway:  twilio",
        "number:   +852 9••• ••67",
        "text:     GSM-7, 1 segment",
        "sender:   #DemoSec",
        "send:     accepted, the carrier's reference: SM",
        "receipt:  delivered",
    ]
    assert Message.objects.get().state == State.DELIVERED


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (20003, "send: not taken, for now: .*20003"),
        (21610, "send: refused for good: .*21610"),
        (21211, "send: refused for good: .*21211"),
    ],
)
def test_what_twilio_says_no_to_ends_it(twilio: Twilio, error: int, said: str) -> None:
    """S6: a wrong token may be put right, an opted-out number may not"""
    twilio.errors.append(error)
    with pytest.raises(CommandError, match=said):
        run("--gateway", "twilio")
    assert Message.objects.get().state == State.FAILED


def test_when_no_callback_comes_twilio_is_asked(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    """S7: with what it says, and that the callbacks do not reach us"""

    def sleep(_seconds: float) -> None:
        twilio.only()["status"] = "delivered"

    monkeypatch.setattr(probe, "sleep", sleep)
    monkeypatch.setattr(probe, "monotonic", iter(range(1000)).__next__)
    with pytest.raises(CommandError, match="receipt: none came; asked, the carrier says: delivered"):
        run("--gateway", "twilio", "--wait", "5")


# --- SMPP --------------------------------------------------------------------------------------------------


@pytest.fixture
def far_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[Carrier]:
    """The carrier."""
    gateway._idle.clear()
    monkeypatch.setattr(probe, "_LOOK_EVERY", 0.02)
    with carrier() as made:
        yield made


def taken(receipt: Receipt) -> bool:
    return take("smpp", receipt)


@pytest.mark.django_db(transaction=True)
def test_over_smpp_each_step_is_shown_and_the_bind_among_them(
    far_end: Carrier, tmp_path: Path, settings: Settings
) -> None:
    """S6, S7: the receipt comes over the bind"""
    settings.SMS_SMPP = account(tmp_path, far_end.port, pair=True)
    far_end.order(receipts=True)
    with bound(settings.SMS_SMPP, taken):
        lines = run("--gateway", "smpp", "--language", "en")
    assert plain(lines) == [
        "gateway:  smpp",
        "number:   +852 9••• ••67",
        "text:     GSM-7, 1 segment",
        "sender:   #DemoSec",
        "bind:     transmitter: bound, receiver: bound",
        "send:     accepted, the carrier's reference: M1",
        "receipt:  delivered",
    ]
    assert Message.objects.get().state == State.DELIVERED


@pytest.mark.django_db(transaction=True)
def test_over_smpp_the_step_that_is_wrong_ends_it(far_end: Carrier, tmp_path: Path, settings: Settings) -> None:
    """S6: nobody keeps a bind, the carrier refuses it, it refuses the number, it sends no receipt"""
    settings.SMS_SMPP = account(tmp_path, far_end.port)
    with pytest.raises(CommandError, match="bind: run_smpp is away: start it on this host"):
        run("--gateway", "smpp")
    wrong = replace(settings.SMS_SMPP, password="wrong")
    with bound(wrong, taken, wait=False):
        far_end.wait("bind")
        with pytest.raises(CommandError, match=r"bind: transceiver: (SMPP_PASSWORD is wrong|not bound yet)"):
            run("--gateway", "smpp")
    assert not Message.objects.exists(), "nothing was sent so far"
    with bound(settings.SMS_SMPP, taken):
        far_end.order(status=0x0B, times=1)
        with pytest.raises(CommandError, match="send: refused for good: ESME_RINVDSTADR"):
            run("--gateway", "smpp")
        with pytest.raises(CommandError, match="receipt: none came: does the carrier send receipts to this system id"):
            run("--gateway", "smpp", "--wait", "0")


def test_over_smpp_without_credentials_it_ends_at_once(settings: Settings) -> None:
    """O2"""
    with pytest.raises(CommandError, match="Set SMPP_HOST, SMPP_SYSTEM_ID and SMPP_PASSWORD"):
        run("--gateway", "smpp")
