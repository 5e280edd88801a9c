"""Contacts and numbers as they may be shown: enough to recognise, not enough to learn."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

import phonenumbers
from phonenumbers import PhoneNumberFormat

_BULLET = "•"
_SHORTEST_ADDRESS = 12  # signs; of a shorter one, four would show a third
_SHORTEST_NATIONAL = 6  # digits; three of fewer would show half of it


@dataclass(frozen=True, slots=True)
class Masked:
    """A mobile number for the eye, and its last two digits one by one for a screen reader."""

    shown: str
    tail: str


@lru_cache(maxsize=256)  # the pages and the message of one login show the same number
def mask_mobile(number: str) -> Masked:
    """Calling code, first digit and last two in the country's grouping: `+852 9••• ••67`.

    Takes what a mobile column can hold: no number gives empty texts, and text that is no E.164 number
    keeps its last two characters at most.
    """
    try:
        grouped = phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        grouped = ""
    code, _, national = grouped.replace("-", " ").partition(" ")
    digits = [place for place, sign in enumerate(national) if sign.isdigit()]
    if len(digits) < _SHORTEST_NATIONAL:
        shown = mask_number(number)
        return Masked(shown, " ".join(shown.lstrip(_BULLET)))
    hidden = set(digits[1:-2])
    masked = "".join(_BULLET if place in hidden else sign for place, sign in enumerate(national))
    return Masked(f"{code} {masked}", " ".join(number[-2:]))


def mask_email(address: str) -> str:
    """First character and domain: `k•••@example.com`. The bullets are always three, whatever the length."""
    name, at, domain = address.rpartition("@")
    if not at:
        return _BULLET * 3 if address else ""
    first = name[0] if len(name) > 1 else ""
    return f"{first}{_BULLET * 3}@{domain}"


def mask_name(name: str) -> str:
    """The family name and no more: `Chan •••`, `陳•••`. The bullets are always three."""
    first, space, _ = name.strip().partition(" ")
    return f"{first} {_BULLET * 3}" if space else f"{name.strip()[:1]}{_BULLET * 3}"


def mask_postal_address(address: str) -> str:
    """The first and the last two signs: `香港•••7樓`, `Fl•••on`. One too short to hide anything gives bullets alone."""
    written = " ".join(address.split())
    if len(written) < _SHORTEST_ADDRESS:
        return _BULLET * 3 if written else ""
    return f"{written[:2]}{_BULLET * 3}{written[-2:]}"


def mask_number(number: str) -> str:
    """The last two characters of an account number: `••••56`. Shorter than four shows nothing."""
    if len(number) < 4:
        return _BULLET * len(number)
    return _BULLET * (len(number) - 2) + number[-2:]


def mask_address(address: str) -> str:
    """The network part of an IP address: `203.0.•.•` or `2001:db8:•`. Anything else gives one bullet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return _BULLET
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"{int(parsed) >> 112:x}:{int(parsed) >> 96 & 0xFFFF:x}:{_BULLET}"
        parsed = parsed.ipv4_mapped
    first, second = str(parsed).split(".")[:2]
    return f"{first}.{second}.{_BULLET}.{_BULLET}"
