"""The mail gateway against a real mail server."""

import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from portal.messaging.gateways import base
from portal.messaging.gateways.base import Refused, Unavailable
from portal.messaging.gateways.smtp import SmtpGateway
from tests.messaging.servers import dead_port, drip, serve

_REFERENCE = "0b5c3a0e-0000-4000-8000-000000000001"


class Mailbox:
    """A mail server's mind: what it answers to a recipient and to a message."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.to_recipient = "250 OK"
        self.to_message = "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.to_message.startswith("250"):
            self.got.append(envelope)
        return self.to_message


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A real mail server on loopback."""
    mind, port = Mailbox(), dead_port()
    controller = Controller(mind, hostname="127.0.0.1", port=port)
    controller.start()
    yield mind, port
    controller.stop()


@pytest.fixture
def send(settings: Settings) -> Callable[..., str]:
    def send_to(port: int, timeout: float = 2.0, **facts: str) -> str:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_PORT = port
        said = {"to": "amy@example.com", "text": "你好\n", "subject": "登入通知", **facts}
        return SmtpGateway().send(base.Envelope(reference=_REFERENCE, **said), timeout)  # type: ignore[arg-type]

    return send_to


def test_a_notice_arrives_whole(send: Callable[..., str], mailbox: tuple[Mailbox, int]) -> None:
    """N1"""
    mind, port = mailbox
    message_id = send(port)
    (envelope,) = mind.got
    assert envelope.rcpt_tos == ["amy@example.com"]
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Subject"] == "登入通知"
    assert mail["To"] == "amy@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert _REFERENCE in mail["Message-ID"]
    assert mail["Message-ID"].strip().startswith(message_id[:40])
    assert mail.get_content().strip() == "你好"


def test_a_later_answer_means_later(send: Callable[..., str], mailbox: tuple[Mailbox, int]) -> None:
    """S6"""
    mind, port = mailbox
    mind.to_recipient = "451 try again later"
    with pytest.raises(Unavailable):
        send(port)
    mind.to_recipient, mind.to_message = "250 OK", "452 disk full"
    with pytest.raises(Unavailable):
        send(port)
    assert not mind.got


def test_a_no_means_no(send: Callable[..., str], mailbox: tuple[Mailbox, int]) -> None:
    """S6"""
    mind, port = mailbox
    mind.to_recipient = "550 no such mailbox"
    with pytest.raises(Refused):
        send(port)
    mind.to_recipient, mind.to_message = "250 OK", "554 refused"
    with pytest.raises(Refused):
        send(port)
    assert not mind.got


def test_a_dead_port_means_later(send: Callable[..., str]) -> None:
    """S6"""
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        send(dead_port())


@pytest.mark.parametrize("greeting", [b"", b"554 go away\r\n", b"421 busy\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_a_server_that_does_not_greet_as_it_should_means_later_or_no(send: Callable[..., str], greeting: bytes) -> None:
    """S6: whatever it is, it is one of ours and no crash."""
    with serve(lambda connection: connection.sendall(greeting)) as port, pytest.raises((Unavailable, Refused)):
        send(port)


def test_a_silent_server_means_later(send: Callable[..., str]) -> None:
    """S6"""

    def silent(connection: socket.socket) -> None:
        connection.recv(1)

    with serve(silent) as port, pytest.raises(Unavailable):
        send(port, timeout=0.2)


def test_a_server_that_drips_is_given_up_on(send: Callable[..., str]) -> None:
    """S4: the time is for the whole call, so that no second worker sends the same mail meanwhile."""

    def dripping(connection: socket.socket) -> None:
        drip(connection, b"220-" + b"." * 30 + b"\r\n220 hello\r\n", every=0.05)
        for _ in range(6):
            line = connection.recv(4096)
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
                while not line.endswith(b"\r\n.\r\n"):
                    line = connection.recv(4096)
            connection.sendall(b"250 OK\r\n")

    with serve(dripping) as port, pytest.raises(Unavailable):
        send(port, timeout=0.4)


@pytest.mark.parametrize(
    "poison", [{"subject": "hello\r\nBcc: all@example.com"}, {"to": "amy@example.com\r\nBcc: all@example.com"}]
)
def test_no_line_break_smuggles_a_header_in(
    send: Callable[..., str], mailbox: tuple[Mailbox, int], poison: dict[str, str]
) -> None:
    """N1: and what cannot be a mail is refused for good instead of being tried for a day."""
    mind, port = mailbox
    with pytest.raises(Refused):
        send(port, **poison)
    assert not mind.got
