"""The code of a letter: twelve letters of Crockford's base32, made at printing, kept as a keyed digest."""

import secrets
import unicodedata

from portal.letters import policy
from portal.lib import crypto
from portal.lib.digits import plain_digits

#: No I, L, O and U: the first three are taken for digits, the last one makes words.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILO", "110")
_MAX_RAW = 64  # characters; longer input is refused unread
_DIGEST = "letter-code"


def new_code() -> str:
    """Twelve letters at random: 60 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(policy.CODE_LENGTH))


def grouped(code: str) -> str:
    """The code as it is printed: groups of four with hyphens between."""
    return "-".join(code[start : start + policy.GROUP] for start in range(0, len(code), policy.GROUP))


def normalised(typed: str) -> str | None:
    """The code as it was typed, or None for what is no code: case, spaces and hyphens do not matter, nor do letters
    that look like digits."""
    if len(typed) > _MAX_RAW:
        return None
    code = plain_digits(unicodedata.normalize("NFKC", typed)).upper().translate(_READ_AS)
    return code if len(code) == policy.CODE_LENGTH and set(code) <= set(ALPHABET) else None


def digest(letter_id: str, customer_id: int, kind: str, code: str) -> str:
    """What is kept of a code: it is worth nothing for another letter, account or purpose."""
    return crypto.keyed_digest(_DIGEST, letter_id, str(customer_id), kind, code)


def matches(stored: str, letter_id: str, customer_id: int, kind: str, code: str) -> bool:
    """Whether it is that letter's code; compares in constant time. Costs the same with nothing stored."""
    return crypto.matches(_DIGEST, stored, letter_id, str(customer_id), kind, code)
