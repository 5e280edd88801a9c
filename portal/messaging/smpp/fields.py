"""The fields of a submit_sm and of its answer, in the forms that the carrier wants."""

from datetime import UTC, timedelta

from django.utils import timezone

from portal.lib.smpp import Ids, Validity
from portal.messaging.smpp.pdu import Address

#: Types of number and numbering plans (SMPP 3.4, 5.2.5 and 5.2.6).
_UNKNOWN, _INTERNATIONAL, _NETWORK, _ALPHANUMERIC = 0, 1, 3, 5
_NO_PLAN, _ISDN = 0, 1
#: Digits of the longest short code.
_SHORT_CODE = 8


def source_address(sender: str) -> Address:
    """A sender name, or a number of ours. An empty one leaves it to the carrier."""
    digits = sender.removeprefix("+")
    if not sender:
        return Address(_UNKNOWN, _NO_PLAN, "")
    if not digits.isdecimal():
        return Address(_ALPHANUMERIC, _NO_PLAN, sender)
    if len(digits) <= _SHORT_CODE and digits == sender:
        return Address(_NETWORK, _NO_PLAN, digits)
    return Address(_INTERNATIONAL, _ISDN, digits)


def destination_address(to: str) -> Address:
    """A number in E.164."""
    return Address(_INTERNATIONAL, _ISDN, to.removeprefix("+"))


def validity_period(seconds: int, form: Validity) -> str:
    """So many seconds from now, as the protocol writes it (SMPP 3.4, 7.1.1)."""
    if form == "none":
        return ""
    if form == "absolute":
        return f"{timezone.now().astimezone(UTC) + timedelta(seconds=seconds):%y%m%d%H%M%S}000+"
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"0000{min(day, 27):02d}{hour:02d}{minute:02d}{second:02d}000R"


def message_id(answered: str, ids: Ids) -> str:
    """The id of an answer, as receipts write it in decimal."""
    return _decimal(answered) if ids == "answer_hex" else _plain(answered, ids)


def receipted_id(received: str, ids: Ids) -> str:
    """The id of a receipt, in the form of `message_id`."""
    return _decimal(received) if ids == "receipt_hex" else _plain(received, ids)


def _decimal(hexadecimal: str) -> str:
    try:
        return str(int(hexadecimal, 16))
    except ValueError:
        return hexadecimal


def _plain(written: str, ids: Ids) -> str:
    """Where the forms differ they are compared as numbers: one side may write zeros in front."""
    return str(int(written)) if ids != "same" and written.isdecimal() else written
