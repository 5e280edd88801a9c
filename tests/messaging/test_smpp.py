"""Texts over SMPP 3.4, against a carrier of another maker: what arrives, what is said no to, what is heard later."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from pytest_django import Settings

from portal.messaging import relay, routing
from portal.messaging.gateways import smpp as gateway
from portal.messaging.gateways.base import Envelope, Receipt, Refused, Unavailable
from portal.messaging.gateways.smpp import SmppGateway
from portal.messaging.models import Message, State
from portal.messaging.receipts import take as take_receipt
from tests.messaging.smpp import Carrier, account, bound, carrier

THROTTLED, BAD_NUMBER, SYSTEM_ERROR, QUEUE_FULL = 0x58, 0x0B, 0x08, 0x14
#: Longer than one message in GSM-7, and in UCS-2.
LONG = "0123456789" * 17


@pytest.fixture
def far_end() -> Iterator[Carrier]:
    """The carrier."""
    with carrier() as made:
        yield made


@pytest.fixture
def receipts() -> list[Receipt]:
    """What was heard later."""
    return []


@pytest.fixture
def open_bind(tmp_path: Path, far_end: Carrier, settings: Settings, receipts: list[Receipt]) -> Callable[..., Any]:
    """Bind with the facts of the test."""

    def take(receipt: Receipt) -> bool:
        receipts.append(receipt)
        return True

    def make(*, wait: bool = True, take: Callable[[Receipt], bool] = take, **changes: Any) -> Any:
        settings.SMS_SMPP = account(tmp_path, far_end.port, **changes)
        gateway._idle.clear()
        return bound(settings.SMS_SMPP, take, wait=wait)

    return make


def send(text: str = "123456 is your code", reference: str = "ref-1", timeout: float = 5.0) -> str:
    """Hand a text over, as a worker does."""
    return SmppGateway().send(Envelope(reference, "+85291234567", text, validity=90), timeout)


# --- What arrives --------------------------------------------------------------------------------------


@pytest.mark.parametrize("gsm7", ["unpacked", "off"])
@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("123456 is your code", True),
        ("^{}[]~|\\ €5", True),
        ("àèìòù ÄÖÜ ñ £", True),
        ("【示範證券】驗證碼 123456", False),
        ("code 123456 🔑", False),
    ],
)
def test_a_text_arrives_letter_by_letter(
    text: str, fits: bool, gsm7: str, far_end: Carrier, open_bind: Callable[..., Any]
) -> None:
    """S4: in GSM-7 where its alphabet has every letter, in UCS-2 otherwise"""
    with open_bind(gsm7=gsm7):
        assert send(text) == "M1"
    got = far_end.wait("submit")
    assert (got["text"], got["to"], got["registered"], got["header"]) == (text, "85291234567", 1, "")
    assert got["data_coding"] == (0 if fits and gsm7 == "unpacked" else 8)


@pytest.mark.parametrize("text", [LONG, "驗" * 100, "🔑" * 60, "€" * 100])
def test_a_long_text_arrives_in_pieces_that_cut_no_letter(
    text: str, far_end: Carrier, open_bind: Callable[..., Any]
) -> None:
    """S4"""
    with open_bind():
        last = send(text)
    far_end.wait("submit", 2)
    pieces = far_end.all("submit")
    assert len(pieces) == 2
    assert "".join(piece["text"] for piece in pieces) == text
    assert [piece["registered"] for piece in pieces] == [0, 1]
    assert last == "M2"
    assert {piece["header"][:-2] for piece in pieces} == {pieces[0]["header"][:-2]}


def test_the_carrier_hears_how_long_a_text_is_worth_sending(far_end: Carrier, open_bind: Callable[..., Any]) -> None:
    """S4, C6"""
    with open_bind(validity="none"):
        send()
    assert far_end.wait("submit")["validity"] in {"", "null"}


# --- What is said no to ----------------------------------------------------------------------------------


def test_a_carrier_that_asks_for_time_gets_the_same_text_a_little_later(
    far_end: Carrier, open_bind: Callable[..., Any]
) -> None:
    """S9"""
    far_end.order(status=THROTTLED, times=2)
    with open_bind():
        assert send() == "M3"
    far_end.wait("submit", 3)
    assert len(far_end.all("submit")) == 3


def test_a_carrier_that_asks_for_time_for_too_long_is_left(far_end: Carrier, open_bind: Callable[..., Any]) -> None:
    """S9"""
    far_end.order(status=QUEUE_FULL, times=1000)
    with open_bind():
        began = time.monotonic()
        with pytest.raises(Unavailable):
            send(timeout=1.0)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("status", "error"), [(BAD_NUMBER, Refused), (SYSTEM_ERROR, Unavailable), (0x401, Refused), (0x402, Unavailable)]
)
def test_a_bad_number_is_refused_for_good_and_everything_else_may_pass_elsewhere(
    status: int, error: type[Exception], far_end: Carrier, open_bind: Callable[..., Any]
) -> None:
    """S9"""
    far_end.order(status=status, times=1)
    with open_bind(refusals=frozenset({0x401})), pytest.raises(error):
        send()


def test_an_answer_that_stays_away_costs_no_more_than_the_time_given(
    far_end: Carrier, open_bind: Callable[..., Any]
) -> None:
    """S4, S9"""
    far_end.order(silent=True)
    with open_bind():
        began = time.monotonic()
        with pytest.raises(Unavailable, match="no answer"):
            send(timeout=1.0)
        assert time.monotonic() - began < 2
        with pytest.raises(Unavailable):
            send(timeout=0.5)
        far_end.wait("submit")
        assert len(far_end.all("submit")) == 1, "the same text was sent twice"
        far_end.order(answer=True)
        assert send() == "M1"
        assert send() == "M1"
    assert len(far_end.all("submit")) == 1


def test_without_a_bind_the_next_gateway_has_its_turn_at_once(open_bind: Callable[..., Any]) -> None:
    """S9"""
    with open_bind(password="wrong", wait=False) as state:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="not bound"):
            send()
        assert time.monotonic() - began < 1
        while not state()["binds"]["transceiver"].startswith("SMPP_PASSWORD is wrong"):
            assert time.monotonic() - began < 10
            time.sleep(0.02)
    with pytest.raises(Unavailable, match="run_smpp is away"):
        send()


# --- The bind ------------------------------------------------------------------------------------------------


def test_a_bind_that_falls_stands_up_again(far_end: Carrier, open_bind: Callable[..., Any]) -> None:
    """S4"""
    with open_bind():
        send(reference="one")
        far_end.order(cut=True)
        far_end.wait("bind", 2)
        until = time.monotonic() + 5
        while True:
            try:
                assert send(reference="two") == "M2"
                break
            except Unavailable:
                assert time.monotonic() < until
                time.sleep(0.02)


def test_a_carrier_that_has_fallen_silent_is_left_and_bound_again(
    far_end: Carrier, open_bind: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4"""
    monkeypatch.setattr("portal.messaging.smpp.link.ENQUIRE_WITHIN", 0.5)
    far_end.order(deaf=True)
    with open_bind():
        far_end.wait("enquire")
        far_end.order(deaf=False)
        far_end.wait("bind", 2)


def test_a_pair_of_binds_sends_over_one_and_hears_over_the_other(
    far_end: Carrier, open_bind: Callable[..., Any]
) -> None:
    """S4"""
    with open_bind(pair=True):
        assert send() == "M1"
    far_end.wait("unbind", 2)
    assert {each["command"] for each in far_end.all("bind")} == {"bind_transmitter", "bind_receiver"}
    assert len(far_end.all("unbind")) == 2


def test_no_more_are_on_their_way_than_the_window_allows(far_end: Carrier, open_bind: Callable[..., Any]) -> None:
    """S9"""
    far_end.order(silent=True)
    with open_bind(window=2):
        for nth in range(4):
            with pytest.raises(Unavailable):
                send(reference=f"ref-{nth}", timeout=0.3)
        far_end.wait("submit", 2)
        assert len(far_end.all("submit")) == 2


# --- Receipts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", "delivered"),
        ("UNDELIV", "failed"),
        ("EXPIRED", "failed"),
        ("ACCEPTD", "sent"),
        ("UNKNOWN", "delayed"),
    ],
)
def test_a_receipt_says_what_became_of_our_text(
    stat: str, state: str, far_end: Carrier, open_bind: Callable[..., Any], receipts: list[Receipt]
) -> None:
    """C6"""
    with open_bind():
        send()
        far_end.order(deliver={"id": "M1", "stat": stat})
        assert far_end.wait("delivered")["status"] == 0
    assert [(each.reference, each.gateway_reference, each.state) for each in receipts] == [("ref-1", "M1", state)]
    assert "123456" not in str(receipts)


def test_a_text_for_us_and_garbage_are_acknowledged_and_dropped(
    far_end: Carrier, open_bind: Callable[..., Any], receipts: list[Receipt]
) -> None:
    """S4"""
    with open_bind():
        far_end.order(deliver={"raw": "STOP"})
        assert far_end.wait("delivered")["status"] == 0
        far_end.order(deliver={"id": "M1", "stat": "NONSENSE"})
        assert far_end.wait("delivered", 2)["status"] == 0
    assert receipts == []


def test_a_receipt_that_could_not_be_kept_comes_again(far_end: Carrier, open_bind: Callable[..., Any]) -> None:
    """C6: the carrier is told that it is safe only once it is."""

    def broken(receipt: Receipt) -> bool:
        raise OSError

    with open_bind(take=broken):
        send()
        far_end.order(deliver={"id": "M1", "stat": "DELIVRD"})
        assert far_end.wait("delivered")["status"] != 0


# --- The whole way ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_code_travels_from_the_outbox_over_the_bind_to_its_receipt_and_is_nowhere_else(
    text: Callable[..., Message], far_end: Carrier, open_bind: Callable[..., Any], settings: Settings,
    logged: list[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """S4, C6, T3"""
    settings.SMS_ROUTES = {852: ("smpp",)}
    message = text(text="864213 is your code")

    def take(receipt: Receipt) -> bool:
        return take_receipt("smpp", receipt)

    with structlog.testing.capture_logs() as said, open_bind(take=take):
        relay.deliver(message.pk)
        message.refresh_from_db()
        assert (message.state, message.gateway, message.gateway_reference) == (State.SENT, "smpp", "M1")
        for stat in ("DELIVRD", "DELIVRD", "ACCEPTD", "UNDELIV"):
            far_end.order(deliver={"id": "M1", "stat": stat})
        far_end.wait("delivered", 4)
    message.refresh_from_db()
    assert message.state == State.DELIVERED
    assert far_end.wait("submit")["text"] == "864213 is your code"
    assert "864213" not in str(said) + str(logged)
    assert routing.GATEWAYS["smpp"].name == "smpp"
