"""The generic HTTP gateway against real connections: what each manner of answer means."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from pytest_django import Settings

from portal.messaging.gateways import calls
from portal.messaging.gateways.base import Envelope, Refused, Unavailable
from portal.messaging.gateways.http import HttpGateway
from tests.messaging.servers import dead_port, drip, read_request, reply, serve

_ENVELOPE = Envelope(reference="0b5c3a0e-0000-4000-8000-000000000001", to="+85291234567", text="123456 是", validity=90)


@pytest.fixture(autouse=True)
def own_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections that end with the test."""
    with httpx.Client() as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield


@pytest.fixture
def send(settings: Settings) -> Callable[..., str]:
    def send_to(port: int, timeout: float = 1.0) -> str:
        carrier = replace(settings.SMS_HTTP["http"], url=f"http://127.0.0.1:{port}/messages")
        settings.SMS_HTTP = {"http": carrier}
        return HttpGateway().send(_ENVELOPE, timeout)

    return send_to


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def manner(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    return manner


def test_the_request_is_what_the_contract_says(send: Callable[..., str]) -> None:
    """S4: reference, destination, sender, text; the token in the head."""
    seen: list[bytes] = []

    def manner(connection: socket.socket) -> None:
        data = connection.recv(65536)
        while len(data.partition(b"\r\n\r\n")[2]) < 10:
            data += connection.recv(65536)
        seen.append(data)
        connection.sendall(reply("202 Accepted", b'{"id": "c-7"}'))

    with serve(manner) as port:
        assert send(port) == "c-7"
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /messages ")
    assert b"authorization: bearer carrier-token" in head.lower()
    assert json.loads(body) == {
        "reference": _ENVELOPE.reference,
        "to": "+85291234567",
        "from": "#DemoSec",
        "text": "123456 是",
        "validity": 90,
    }


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted"])
def test_a_success_is_accepted(send: Callable[..., str], status: str) -> None:
    """S4"""
    with serve(answering(reply(status, b'{"id": "c-1"}'))) as port:
        assert send(port) == "c-1"


@pytest.mark.parametrize("body", [b"", b"OK", b"{", b"[]", b"null", b'{"other": 1}', b"\xff\xfe", b"<html></html>"])
def test_a_success_that_nobody_understands_is_no_success(send: Callable[..., str], body: bytes) -> None:
    """S6: it may be a proxy that answers so. If it was the carrier, it knows the repetition by our reference."""
    with serve(answering(reply("202 Accepted", body))) as port, pytest.raises(Unavailable, match="not understood"):
        send(port)


def test_an_endless_answer_is_not_read_to_its_end(send: Callable[..., str]) -> None:
    """S6: a carrier in trouble costs us no memory."""
    with serve(answering(reply("202 Accepted", b"x" * 200_000))) as port, pytest.raises(Unavailable, match="too long"):
        send(port)


def test_an_endless_id_is_cut_to_what_the_table_holds(send: Callable[..., str]) -> None:
    """S4"""
    with serve(answering(reply("202 Accepted", json.dumps({"id": "x" * 500}).encode()))) as port:
        assert send(port) == "x" * 80


@pytest.mark.parametrize("status", ["400 Bad", "413 Large", "422 Bad number"])
def test_a_refusal_is_final(send: Callable[..., str], status: str) -> None:
    """S6"""
    with serve(answering(reply(status))) as port, pytest.raises(Refused, match=status[:3]):
        send(port)


@pytest.mark.parametrize("status", ["429 Slow down", "500 Oops", "502 Bad", "503 Later", "504 Late"])
def test_trouble_is_temporary(send: Callable[..., str], status: str) -> None:
    """S6"""
    with serve(answering(reply(status))) as port, pytest.raises(Unavailable, match=status[:3]):
        send(port)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found"])
def test_a_mistake_in_our_own_settings_loses_no_code(send: Callable[..., str], status: str) -> None:
    """S4: a token that has expired is no bad number; the code can still go out when it is put right."""
    with serve(answering(reply(status))) as port, pytest.raises(Unavailable):
        send(port)


def test_a_redirect_is_not_followed(send: Callable[..., str]) -> None:
    """The text and the token go to the address of the settings and nowhere else."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with serve(answering(moved)) as port, pytest.raises((Refused, Unavailable)):
        send(port)


def test_a_dead_port_is_temporary(send: Callable[..., str]) -> None:
    """S6"""
    with pytest.raises(Unavailable, match="ConnectError"):
        send(dead_port())


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"HTTP/1.1 202 Acc",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 50\r\n\r\n{",
        b"garbage\r\n\r\n",
        b"\x00" * 50,
    ],
)
def test_a_connection_dropped_half_way_is_temporary(send: Callable[..., str], cut: bytes) -> None:
    """S4, S6: nobody knows whether it was taken; the reference makes trying again safe."""
    with serve(answering(cut)) as port, pytest.raises(Unavailable):
        send(port)


def test_an_answer_given_twice_is_one_answer(send: Callable[..., str]) -> None:
    """S4"""
    twice = reply("202 Accepted", b'{"id": "c-1"}') + reply("500 Oops")
    with serve(answering(twice)) as port:
        assert send(port) == "c-1"


def test_a_silent_carrier_is_given_up_on(send: Callable[..., str]) -> None:
    """S6"""

    def silent(connection: socket.socket) -> None:
        read_request(connection)
        connection.recv(1)

    with serve(silent) as port, pytest.raises(Unavailable, match="ReadTimeout"):
        send(port, timeout=0.2)


def test_a_carrier_that_drips_is_given_up_on_too(send: Callable[..., str]) -> None:
    """S4: the time is for the whole call. Otherwise it would outlast the lease, and a second worker send it again."""

    def dripping(connection: socket.socket) -> None:
        read_request(connection)
        drip(connection, reply("202 Accepted", b'{"id": "c-1"}')[:40], every=0.05)
        time.sleep(0.05)
        connection.sendall(reply("202 Accepted", b'{"id": "c-1"}')[40:])

    with serve(dripping) as port, pytest.raises(Unavailable):
        send(port, timeout=0.3)
