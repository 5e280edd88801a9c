"""Which signs can be printed. It is read from the font that prints, so that both never differ."""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from portal.lib.addresses import printable

FONTS = Path(__file__).with_name("font")
FONT = FONTS / "NotoSansCJKhk-Letters.otf"
_GROUPS = 12  # the format of the table of signs that says from which to which the font has them (OpenType, "cmap")


def missing(text: str) -> str:
    """The signs of a text that would not be printed as they stand, each once, in their order; empty if all would.

    A line break prints as what it is.
    """
    return "".join(sign for sign in dict.fromkeys(text) if sign != "\n" and not _has(sign))


def _has(sign: str) -> bool:
    firsts, lasts = _covered()
    group = bisect_right(firsts, ord(sign)) - 1
    return group >= 0 and ord(sign) <= lasts[group] and printable(sign)


@cache
def _covered() -> tuple[list[int], list[int]]:
    """The first and the last sign of every stretch of signs that the font has, in their order."""
    groups = sorted(_groups(FONT.read_bytes()))
    return [first for first, _ in groups], [last for _, last in groups]


def _groups(font: bytes) -> Iterator[tuple[int, int]]:
    table = _table(font, b"cmap")
    subtables = struct.unpack_from(">H", font, table + 2)[0]
    for number in range(subtables):
        start = table + struct.unpack_from(">I", font, table + 8 + 8 * number)[0]
        if struct.unpack_from(">H", font, start)[0] == _GROUPS:
            count = struct.unpack_from(">I", font, start + 12)[0]
            yield from (struct.unpack_from(">II", font, start + 16 + 12 * group) for group in range(count))
            return


def _table(font: bytes, tag: bytes) -> int:
    """Where a table of the font begins."""
    for number in range(struct.unpack_from(">H", font, 4)[0]):
        name, _, start, _ = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        if name == tag:
            return int(start)
    raise ValueError(f"{FONT.name} has no table {tag!r}")
