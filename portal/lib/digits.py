"""Six digits as people type and paste them: account numbers and codes.

Of all that NFKC turns into digits only the full-width ones are accepted, because Chinese and Japanese
input methods type them. Superscripts, circled or mathematical digits and the digits of other scripts
are refused: nobody types them by accident, and a spelling that only an attacker uses should move no counter.
"""

import re
import unicodedata

MAX_RAW = 64  # characters; longer input is refused unread


def _translation() -> dict[int, str | None]:
    """Drops spaces, hyphens and the invisible marks of a paste; makes full-width digits plain."""
    invisible = (
        0x00AD,
        0x180E,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        0x2060,
        *range(0x2066, 0x206A),
        0xFEFF,
    )
    # No space or hyphen that input methods emit lies above the basic plane.
    spaces_and_hyphens = (n for n in range(0x10000) if unicodedata.category(chr(n)) in {"Zs", "Zl", "Zp", "Pd"})
    minus = 0x2212
    table: dict[int, str | None] = dict.fromkeys([*map(ord, "\t\n\v\f\r"), minus, *invisible, *spaces_and_hyphens])
    return table | {ord("０") + digit: str(digit) for digit in range(10)}


_TRANSLATION = _translation()
_SIX = re.compile(r"[0-9]{6}")


def plain_digits(raw: str) -> str:
    """`raw` without spaces, hyphens and invisible marks, its full-width digits as ASCII; the rest stays."""
    return raw.translate(_TRANSLATION)


def six_digits(raw: str) -> str | None:
    """Six ASCII digits, or None for anything else. All spellings of a number give the same string."""
    if len(raw) > MAX_RAW:
        return None
    kept = plain_digits(raw)
    return kept if _SIX.fullmatch(kept) else None
