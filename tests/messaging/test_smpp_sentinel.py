"""A code that can be recognised goes out over SMPP, to a carrier that says it back in every way the protocol has."""

import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from portal.messaging import relay, routing
from portal.messaging.gateways import smpp as gateway
from portal.messaging.gateways.base import Envelope, Refused, Unavailable
from portal.messaging.models import Message
from portal.messaging.receipts import take
from tests.messaging.smpp import Carrier, account, bound, carrier
from tests.sweeps.test_sentinel import figures, whole_database

CODE = "739184"
_TEXTS = {"GSM-7": f"{CODE} is your code", "UCS-2": f"{CODE} 是示範證券登入驗證碼"}
_SHOUTS = ("id", "refused", "fault", "cut", "broken", "unknown", "receipt")


@pytest.fixture(scope="module")
def far_end() -> Iterator[Carrier]:
    """The carrier."""
    with carrier() as made:
        yield made


@pytest.fixture(params=_SHOUTS)
def shouting(request: pytest.FixtureRequest, far_end: Carrier) -> Carrier:
    """The same, in each manner."""
    far_end.order(shout=request.param)
    return far_end


@pytest.fixture
def bind(tmp_path: Path, far_end: Carrier, settings: Settings, logged: list[str]) -> Iterator[None]:
    """A bind that stands; everything that is logged is kept."""
    settings.SMS_ROUTES = {852: ("smpp",)}
    settings.SMS_SMPP = account(tmp_path, far_end.port)
    gateway._idle.clear()
    with bound(settings.SMS_SMPP, lambda receipt: take("smpp", receipt)):
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("alphabet", _TEXTS)
def test_it_is_in_no_log_no_table_and_no_figure(
    text: Callable[..., Message], shouting: Carrier, bind: None, alphabet: str,
    logged: list[str], capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """C6"""
    before = len(shouting.all("submit"))
    message = text(text=_TEXTS[alphabet])
    relay.deliver(message.pk)
    assert shouting.wait("submit", before + 1)["text"] == _TEXTS[alphabet], "it really went out"
    time.sleep(0.1)  # what is said besides the answer comes after it
    message.refresh_from_db()
    told = capfd.readouterr()
    for each in (*logged, told.out, told.err, whole_database(), figures()):
        assert CODE not in each
    assert message.attempts.count() == 1


def test_it_is_in_no_exception_nor_behind_one(shouting: Carrier, bind: None) -> None:
    """C6"""
    error: Exception | None = None
    try:
        routing.GATEWAYS["smpp"].send(Envelope("ref-1", "+85291230000", _TEXTS["GSM-7"], validity=90), 1.0)
    except (Refused, Unavailable) as raised:
        error = raised
    if error is not None:
        assert CODE not in "".join(traceback.format_exception(error))
        assert error.__cause__ is None
        assert error.__context__ is None


def test_nor_behind_that_of_a_bind_that_answers_garbage(tmp_path: Path, settings: Settings) -> None:
    """C6: what cannot be read as JSON would be kept by the exception that says so"""
    path = tmp_path / "smpp.sock"
    settings.SMS_SMPP = account(tmp_path, 1, socket=path)
    gateway._idle.clear()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(f"{CODE}?\n".encode())

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(Unavailable) as raised:
            routing.GATEWAYS["smpp"].send(Envelope("ref-1", "+85291230000", _TEXTS["GSM-7"], validity=90), 1.0)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
