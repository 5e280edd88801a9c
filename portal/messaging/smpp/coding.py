"""Texts as the air carries them: GSM-7 where its alphabet has every letter, UCS-2 otherwise (3GPP TS 23.038).

A text that does not fit one message goes in several, each with a header that says which of how many it is (TS 23.040).
"""

from collections.abc import Sequence
from hashlib import blake2b

from portal.lib.smpp import Gsm7
from portal.messaging.smpp.pdu import Part

_ESCAPE = 0x1B
_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_SEPTETS = {letter: (place,) for place, letter in enumerate(_ALPHABET) if place != _ESCAPE} | {
    letter: (_ESCAPE, place)
    for letter, place in {
        "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
    }.items()
}  # fmt: skip

_DEFAULT_CODING, _UCS2_CODING = 0x00, 0x08
_CARRIAGE_RETURN = 0x0D
_HEADER = 6  # bytes
_SEPTETS_IN_HEADER = 7  # room that a header takes in a packed message
#: Units of one message, and of one piece of a long text.
_GSM7_ROOM, _GSM7_PIECE = 160, 153
_UCS2_ROOM, _UCS2_PIECE = 70, 67
#: Pieces of the longest text: what the header can count to is more than anybody should pay for.
MOST_PARTS = 10


def encode(text: str, *, gsm7: Gsm7, reference: str) -> list[Part]:
    """The text in as few messages as possible. The pieces of a repeated send are the same.

    Raises ValueError when it would take more than `MOST_PARTS`.
    """
    letters = [_SEPTETS[letter] for letter in text if letter in _SEPTETS] if gsm7 != "off" else []
    if gsm7 != "off" and len(letters) == len(text):
        pieces = _fill(letters, _GSM7_ROOM, _GSM7_PIECE)
        return _parts(_DEFAULT_CODING, [_pack(p, len(pieces) > 1) if gsm7 == "packed" else bytes(p) for p in pieces],
                      reference)  # fmt: skip
    units = [tuple(letter.encode("utf-16-be", "replace")) for letter in text]
    pieces = _fill(units, _UCS2_ROOM * 2, _UCS2_PIECE * 2)
    return _parts(_UCS2_CODING, [bytes(piece) for piece in pieces], reference)


def _fill(letters: Sequence[tuple[int, ...]], room: int, piece: int) -> list[list[int]]:
    """Cut where a message is full. A letter of two units is never cut."""
    if sum(map(len, letters)) <= room:
        return [[unit for letter in letters for unit in letter]]
    pieces: list[list[int]] = [[]]
    for letter in letters:
        if len(pieces[-1]) + len(letter) > piece:
            pieces.append([])
        pieces[-1].extend(letter)
    if len(pieces) > MOST_PARTS:
        raise ValueError("too long")
    return pieces


def _parts(data_coding: int, pieces: Sequence[bytes], reference: str) -> list[Part]:
    if len(pieces) == 1:
        return [Part(data_coding, pieces[0])]
    number = blake2b(reference.encode(), digest_size=1).digest()[0]
    return [
        Part(data_coding, bytes([_HEADER - 1, 0, 3, number, len(pieces), place]) + piece, has_header=True)
        for place, piece in enumerate(pieces, 1)
    ]


def _pack(septets: Sequence[int], after_header: bool) -> bytes:
    """Eight septets in seven bytes. After a header they begin where the next whole septet would."""
    # Seven bits that are left over would read as one more "@": a carriage return shows as nothing.
    taken = _SEPTETS_IN_HEADER if after_header else 0
    padded = [*septets, _CARRIAGE_RETURN] if (len(septets) + taken) % 8 == 7 else list(septets)
    held, bits = 0, taken * 7 - _HEADER * 8 if after_header else 0
    packed = bytearray()
    for septet in padded:
        held |= septet << bits
        bits += 7
        while bits >= 8:
            packed.append(held & 0xFF)
            held >>= 8
            bits -= 8
    if bits:
        packed.append(held)
    return bytes(packed)
