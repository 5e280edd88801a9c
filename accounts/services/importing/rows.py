"""Checking one row: its shape, and the contacts in it. Nothing here looks into the database."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

from accounts.models import AccountState, Customer
from portal.lib.addresses import AddressRefused, parse_email, parse_postal_address, same_contact
from portal.lib.masking import mask_email, mask_mobile
from portal.lib.phone import MobileProblem, MobileRefused, parse_mobile

_NUMBER = re.compile(r"[0-9]{6}")
# Control characters, and the direction marks that would make a name read otherwise than it is stored.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LANGUAGES = frozenset(code for code, _ in settings.LANGUAGES)
_STATES = {AccountState.ACTIVE.value: False, AccountState.CLOSED.value: True}

_MAX_NAME = 150  # characters, as the column of the table

_MOBILE_PROBLEMS = {
    MobileProblem.MALFORMED: "not a phone number",
    MobileProblem.SEVERAL_NUMBERS: "more than one number",
    MobileProblem.EXTENSION: "a number with an extension",
    MobileProblem.COUNTRY_NOT_ALLOWED: "a country that gets no text messages",
    MobileProblem.LANDLINE: "a landline",
    MobileProblem.NOT_MOBILE: "not a mobile number",
}


class Refusal(NamedTuple):
    """One line of the report. The reason holds no secret, and contacts masked only."""

    line: int
    number: str
    field: str
    reason: str


class FieldRefused(ValueError):
    """The cell cannot be taken. The message says why and never repeats the cell."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose number, name, language and state are well-formed."""

    line: int
    number: str
    name: str
    language: str
    closed: bool
    cells: Mapping[str, str]  # of the columns that the file has, stripped


def check_row(line: int, header: Sequence[str], record: Sequence[str]) -> Row | Refusal:
    """The row, or why all of it is refused."""
    if len(record) != len(header):
        return Refusal(line, "", "", f"row refused: {len(record)} fields instead of {len(header)}")
    cells = {name: cell.strip() for name, cell in zip(header, record, strict=True)}
    number = cells["number"]
    if not _NUMBER.fullmatch(number):
        return Refusal(line, "", "number", "row refused: must be exactly six digits")
    name = cells["name"]
    if not 0 < len(name) <= _MAX_NAME or _UNPRINTABLE.search(name):
        return Refusal(line, number, "name", f"row refused: must be 1 to {_MAX_NAME} printable characters")
    language = cells.get("language", "").lower() or settings.LANGUAGE_CODE
    if language not in _LANGUAGES:
        return Refusal(line, number, "language", f"row refused: must be one of {', '.join(sorted(_LANGUAGES))}")
    state = cells.get("state", "") or AccountState.ACTIVE.value
    if state not in _STATES:
        return Refusal(line, number, "state", f"row refused: must be one of {', '.join(_STATES)}")
    return Row(line, number, name, language, _STATES[state], cells)


def _mobile(cell: str) -> str:
    try:
        return parse_mobile(cell, countries=settings.SMS_COUNTRIES)
    except MobileRefused as refused:
        raise FieldRefused(_MOBILE_PROBLEMS[refused.reason]) from None


def _email(cell: str) -> str:
    try:
        return parse_email(cell)
    except AddressRefused as refused:
        raise FieldRefused(str(refused)) from None


def _postal_address(cell: str) -> str:
    try:
        return parse_postal_address(cell)
    except AddressRefused as refused:
        raise FieldRefused(str(refused)) from None


class Contact(NamedTuple):
    """How one kind of contact is read, compared and shown."""

    read: Callable[[str], str]
    on_file: Callable[[Customer], str]
    mask: Callable[[str], str]

    def value(self, cell: str) -> str:
        """What to store; empty for none. Raises FieldRefused."""
        return self.read(cell) if cell else ""

    def show(self, value: str) -> str:
        """For the report."""
        return self.mask(value) if value else "none"

    def same(self, one: str, other: str) -> bool:
        """Whether both reach the same place."""
        return same_contact(one, other)


CONTACTS = {
    "mobile": Contact(_mobile, lambda customer: customer.mobile, lambda value: mask_mobile(value).shown),
    "email": Contact(_email, lambda customer: customer.email, mask_email),
    # No part of an address can be shown without telling where somebody lives.
    "postal_address": Contact(_postal_address, lambda customer: customer.postal_address, lambda _: "an address"),
}
