"""E-mail and postal addresses: what a person or a file says, checked, and written as it is kept."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MAX_EMAIL = 254  # characters, RFC 5321 with its brackets taken off
MAX_POSTAL = 500  # characters

_LINE_BREAK = re.compile(r"\r\n?")
#: Control, format, private and unassigned signs, which turn the direction of writing or print as nothing; and pictures.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "So", "Sk"}
_PICTURE = "\ufe0f"  # makes a picture of the sign before it


class AddressRefused(ValueError):
    """The text is no address. The message never repeats it."""


def parse_email(raw: str) -> str:
    """One e-mail address; its domain in small letters, what stands before it as it was written. Raises."""
    name, _, domain = raw.strip().rpartition("@")
    address = f"{name}@{domain.lower()}"
    try:
        if len(address) > MAX_EMAIL:
            raise ValidationError("too long")
        validate_email(address)
    except ValidationError:
        raise AddressRefused("not an e-mail address") from None
    return address


def parse_postal_address(raw: str) -> str:
    """The lines of an address, as they are printed: no spaces around them, none that is empty. Raises."""
    text = unicodedata.normalize("NFC", _LINE_BREAK.sub("\n", raw)).replace("\t", " ")
    address = "\n".join(line for line in (" ".join(each.split()) for each in text.split("\n")) if line)
    if len(address) > MAX_POSTAL or not printable(address.replace("\n", "")):
        raise AddressRefused(f"not up to {MAX_POSTAL} printable characters")
    return address


def printable(text: str) -> bool:
    """Whether every sign is one that a printer prints, in the order in which it stands."""
    return not any(unicodedata.category(sign) in _UNPRINTABLE or sign == _PICTURE for sign in text)


def same_contact(one: str, other: str) -> bool:
    """Whether both reach the same place: case and line breaks do not matter."""
    return one == other or " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
