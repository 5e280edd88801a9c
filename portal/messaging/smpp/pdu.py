"""The bytes of SMPP 3.4: the few PDUs that an ESME needs to send text messages and to hear of them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum


class Command(IntEnum):
    """Numbers of PDUs. An answer has the number of its question with the highest bit set."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_TRANSMITTER = 0x00000002
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    BIND_TRANSCEIVER = 0x00000009
    ENQUIRE_LINK = 0x00000015
    ALERT_NOTIFICATION = 0x00000102


ANSWER = 0x80000000
VERSION = 0x34

#: Sequence numbers run from 1 to this and then begin again.
LAST_SEQUENCE = 0x7FFFFFFF

#: Bytes of the largest PDU that is read: a payload of 64 KiB and its fields.
LARGEST = 66_000

_HEAD = struct.Struct(">4L")
_TLV = struct.Struct(">2H")


class Broken(Exception):
    """What came in is no SMPP: the connection cannot be read any further."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU as it came in, its body unread. Its repr says nothing of the body, which may hold a text."""

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)


def frame(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    """A PDU ready to be written."""
    return _HEAD.pack(_HEAD.size + len(body), command, status, sequence) + body


class Framer:
    """Cuts a stream into PDUs, however its bytes arrive."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Pdu]:
        """The PDUs that are whole by now. Raises `Broken` for a length that none can have."""
        self._held += data
        while len(self._held) >= _HEAD.size:
            length, command, status, sequence = _HEAD.unpack_from(self._held)
            if not _HEAD.size <= length <= LARGEST:
                raise Broken(f"a PDU of {length} bytes")
            if len(self._held) < length:
                return
            body = bytes(self._held[_HEAD.size : length])
            del self._held[:length]
            yield Pdu(command, status, sequence, body)


@dataclass(frozen=True, slots=True)
class Address:
    """An address with its type of number and its numbering plan."""

    ton: int
    npi: int
    digits: str

    def encode(self) -> bytes:
        return bytes([self.ton, self.npi]) + _string(self.digits)


@dataclass(frozen=True, slots=True)
class Part:
    """One text message on the air: a whole text, or one piece of a long one with its header in front."""

    data_coding: int
    short_message: bytes = field(repr=False)
    has_header: bool = False


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """The body of a bind of any kind."""
    names = _string(system_id) + _string(password) + _string(system_type)
    return names + bytes([VERSION, 0, 0]) + _string("")


def submit_sm(source: Address, to: Address, part: Part, *, validity_period: str, receipt: bool) -> bytes:
    """The body of a submit_sm. `validity_period` as the protocol writes time, empty for the carrier's own."""
    esm_class = 0x40 if part.has_header else 0
    return b"".join(
        (
            _string(""),  # service_type: the carrier's default
            source.encode(),
            to.encode(),
            bytes([esm_class, 0, 0]),  # protocol_id and priority_flag are left to the carrier
            _string(""),  # schedule_delivery_time: at once
            _string(validity_period),
            bytes([1 if receipt else 0, 0, part.data_coding, 0, len(part.short_message)]),
            part.short_message,
        )
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """A deliver_sm: a receipt, or a text that somebody sent to us."""

    esm_class: int
    text: bytes = field(repr=False)
    tlvs: dict[int, bytes] = field(repr=False)


#: Optional parameters by number.
MESSAGE_PAYLOAD = 0x0424
RECEIPTED_MESSAGE_ID = 0x001E
MESSAGE_STATE = 0x0427


def read_delivery(body: bytes) -> Delivery:
    """Read the body of a deliver_sm. Raises ValueError when it is cut short."""
    place = body.index(b"\0") + 1  # service_type
    for _ in range(2):
        place = body.index(b"\0", place + 2) + 1  # source, destination
    fixed = body[place : place + 3]
    place += 3
    for _ in range(2):
        place = body.index(b"\0", place) + 1  # schedule_delivery_time, validity_period
    place += 4  # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
    if len(body) <= place:
        raise ValueError("cut short")
    end = place + 1 + body[place]
    if len(body) < end:
        raise ValueError("cut short")
    tlvs = dict(_tlvs(body[end:]))
    return Delivery(fixed[0], body[place + 1 : end] or tlvs.get(MESSAGE_PAYLOAD, b""), tlvs)


def read_string(body: bytes) -> str:
    """The C string that a body begins with; what is no ASCII becomes a question mark."""
    return body.partition(b"\0")[0].decode("ascii", "replace").replace("\ufffd", "?")


def _tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + _TLV.size <= len(data):
        tag, length = _TLV.unpack_from(data, place)
        place += _TLV.size
        if place + length > len(data):
            raise ValueError("cut short")
        yield tag, data[place : place + length]
        place += length


def _string(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
