"""The forms in which carriers want their texts, and what they send that has no form at all."""

import re
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from portal.lib.smpp import Gsm7
from portal.messaging.gateways import smpp as gateway
from portal.messaging.gateways.base import Envelope, Receipt, Unavailable
from portal.messaging.gateways.smpp import SmppGateway
from portal.messaging.smpp.coding import encode
from tests.messaging.servers import serve
from tests.messaging.smpp import account, bound, carrier

OpenBind = Callable[..., AbstractContextManager[None]]
_HEAD = struct.Struct(">4L")
_BIND, _SUBMIT, _DELIVER, _UNBIND, _ANSWER, _NACK = 0x09, 0x04, 0x05, 0x06, 0x80000000, 0x80000000


def send(reference: str = "ref-1", text: str = "123456 is your code") -> str:
    return SmppGateway().send(Envelope(reference, "+85291234567", text, validity=90), 5.0)


@pytest.fixture
def open_bind(tmp_path: Path, settings: Settings) -> OpenBind:
    """Bind to a port; the receipts go into a list."""

    @contextmanager
    def make(port: int, receipts: list[Receipt] | None = None, **changes: object) -> Iterator[None]:
        settings.SMS_SMPP = account(tmp_path, port, **changes)
        gateway._idle.clear()

        def take(receipt: Receipt) -> bool:
            if receipts is not None:
                receipts.append(receipt)
            return True

        with bound(settings.SMS_SMPP, take):
            yield

    return make


# --- Letters -----------------------------------------------------------------------------------------------


def unpacked(data: bytes, *, header: bool = False) -> str:
    """Read eight septets from seven bytes; a header takes the place of seven."""
    bits, count = int.from_bytes(data, "little"), len(data) * 8 // 7
    return "".join(chr(bits >> 7 * nth & 0x7F) for nth in range(7 if header else 0, count))


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("hellohello", "e8329bfd4697d9ec37"),  # TS 23.038's own example
        ("1234567", "31d98c56b3dd1a"),  # seven bits are left: a carriage return, not an "@"
        ("12345678", "31d98c56b3dd70"),
    ],
)
def test_packed_letters_are_those_of_the_standard(text: str, packed: str) -> None:
    """S9"""
    (part,) = encode(text, gsm7="packed", reference="x")
    assert part.short_message.hex() == packed
    assert unpacked(part.short_message).rstrip("\r") == text


@pytest.mark.parametrize("length", [160, 161, 306, 307, 459])
@pytest.mark.parametrize("gsm7", ["packed", "unpacked"])
def test_a_text_of_any_length_is_read_again_from_its_pieces(length: int, gsm7: Gsm7) -> None:
    """S9"""
    text = "".join(chr(ord("a") + nth % 26) for nth in range(length))
    parts = encode(text, gsm7=gsm7, reference="x")
    assert len(parts) == (1 if length <= 160 else -(-length // 153))
    assert all(len(part.short_message) <= (140 if gsm7 == "packed" else 160) for part in parts)
    read = [
        unpacked(part.short_message, header=part.has_header)
        if gsm7 == "packed"
        else part.short_message[6 if part.has_header else 0 :].decode()
        for part in parts
    ]
    assert "".join(piece.rstrip("\r\0") for piece in read) == text


# --- Ids, rate, TLS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "answered", "reported", "ours"),
    [
        ("same", "1A2B", "1A2B", "1A2B"),
        ("answer_hex", "1A2B", "6699", "6699"),
        ("answer_hex", "1a2b", "0000006699", "6699"),
        ("receipt_hex", "0000006699", "1A2B", "6699"),
    ],
)
def test_a_receipt_finds_its_text_however_the_carrier_writes_the_id(
    open_bind: OpenBind, ids: str, answered: str, reported: str, ours: str
) -> None:
    """S7"""
    receipts: list[Receipt] = []
    with carrier() as far_end, open_bind(far_end.port, receipts, ids=ids):
        far_end.order(id=answered)
        assert send() == ours
        far_end.order(deliver={"id": reported, "stat": "DELIVRD"})
        far_end.wait("delivered")
    assert [(each.reference, each.gateway_reference) for each in receipts] == [("ref-1", ours)]


def test_no_more_texts_a_second_leave_than_the_contract_says(open_bind: OpenBind) -> None:
    """S9"""
    with carrier() as far_end, open_bind(far_end.port, rate=5):
        began = time.monotonic()
        for nth in range(4):
            send(f"ref-{nth}")
        assert time.monotonic() - began >= 0.6


def own_certificate(file: Path) -> Path:
    """A key and a certificate that it signed itself, for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "carrier")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + made.public_bytes(pem))
    return file


def test_over_tls_the_carrier_must_be_who_we_trust(tmp_path: Path, settings: Settings, open_bind: OpenBind) -> None:
    """C6: before that it gets no password"""
    carriers_own, another = (own_certificate(tmp_path / name) for name in ("own.pem", "another.pem"))
    with carrier(carriers_own) as far_end:
        settings.SMS_SMPP = account(tmp_path, far_end.port, tls=True, tls_ca=str(another))
        with bound(settings.SMS_SMPP, lambda _: True, wait=False) as state:
            end = time.monotonic() + 10
            while "certificate verify failed" not in state()["binds"]["transceiver"]:
                assert time.monotonic() < end, state()
                time.sleep(0.02)
        assert far_end.all("bind") == []
        with open_bind(far_end.port, tls=True, tls_ca=str(carriers_own)):
            assert send() == "M1"


# --- A carrier that speaks bytes -----------------------------------------------------------------------------


class Bytes:
    """Answers a bind and each text; `says` is said once, right after the first bind."""

    def __init__(self, says: bytes) -> None:
        self.says = says
        self.binds = 0
        self.got: list[tuple[int, int, bytes]] = []  # command, status and body of whatever else came

    def treat(self, connection: socket) -> None:
        """One connection."""
        while head := connection.recv(_HEAD.size, 0x100):  # MSG_WAITALL
            length, command, status, sequence = _HEAD.unpack(head)
            body = connection.recv(length - _HEAD.size, 0x100) if length > _HEAD.size else b""
            if command == _BIND:
                self.binds += 1
                connection.sendall(pdu(_ANSWER | _BIND, sequence, b"carrier\0"))
                if self.binds == 1:
                    connection.sendall(self.says)
                continue
            if command == _UNBIND:
                connection.sendall(pdu(_ANSWER | _UNBIND, sequence))
                return
            self.got.append((command, status, body))
            if command == _SUBMIT:
                connection.sendall(pdu(_ANSWER | _SUBMIT, sequence, b"B1\0"))


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return _HEAD.pack(_HEAD.size + len(body), command, status, sequence) + body


def sent_within(seconds: float) -> str:
    """Send one text, again while the bind is not back."""
    end = time.monotonic() + seconds
    while True:
        try:
            return send()
        except Unavailable:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize(
    "says",
    [_HEAD.pack(4, _DELIVER, 0, 1), _HEAD.pack(0, 0, 0, 0), _HEAD.pack(2**31, _DELIVER, 0, 1), b"HTTP/1.1 400 Bad\r\n"],
    ids=["too short", "nothing", "too long", "another protocol"],
)
def test_after_what_is_no_smpp_the_bind_is_made_anew(open_bind: OpenBind, says: bytes) -> None:
    """S4"""
    far_end = Bytes(says)
    with serve(far_end.treat) as port, open_bind(port):
        assert sent_within(10) == "B1"
        assert far_end.binds == 2


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        (pdu(_DELIVER, 7, b"\0\1"), (_ANSWER | _DELIVER, 0)),
        (pdu(_DELIVER, 7), (_ANSWER | _DELIVER, 0)),
        (pdu(_DELIVER, 7, b"\0" * 16 + b"\xff"), (_ANSWER | _DELIVER, 0)),
        (pdu(0x0103, 7, b"data"), (_NACK, 3)),
        (pdu(_ANSWER | _SUBMIT, 99, b"M9\0"), None),
        (pdu(_NACK, 99, b"", 3), None),
    ],
    ids=["cut short", "empty", "no end", "unknown", "an answer to nothing", "a refusal of nothing"],
)
def test_what_cannot_be_read_is_answered_and_the_bind_stands(
    open_bind: OpenBind, says: bytes, answer: tuple[int, int] | None
) -> None:
    """S4: a receipt that is cut short would not get better by coming again"""
    far_end, receipts = Bytes(says), list[Receipt]()
    with serve(far_end.treat) as port, open_bind(port, receipts):
        assert send() == "B1"
        assert far_end.binds == 1
        assert (answer is None) or answer in [(command, status) for command, status, _ in far_end.got]
    assert receipts == []


@pytest.mark.parametrize("validity", ["relative", "absolute"])
def test_the_carrier_hears_how_long_a_text_is_worth_sending(open_bind: OpenBind, validity: str) -> None:
    """S4: as the protocol writes it, to the second"""
    far_end = Bytes(b"")
    with serve(far_end.treat) as port, open_bind(port, validity=validity):
        send()
    (body,) = [body for command, _, body in far_end.got if command == _SUBMIT]
    if validity == "relative":
        assert b"\0".join((b"", b"000000000130000R", b"")) in body, "a minute and a half"
    else:
        found = re.search(rb"\x00(\d{12})000\+\x00", body)
        assert found
        until = datetime.strptime(found[1].decode(), "%y%m%d%H%M%S").replace(tzinfo=UTC)
        assert abs((until - datetime.now(UTC)).total_seconds() - 90) < 3
