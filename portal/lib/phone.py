"""Mobile numbers: what a person typed, checked per country and written as E.164.

Accepted is what an SMS can reach: a mobile number of an allowed country. Written national (of the default
region), with the calling code, or with `+` or `00` before it; spaces, hyphens, dots and brackets may group
the digits, and full-width characters count as plain ones.
"""

import re
from collections.abc import Collection
from enum import StrEnum
from typing import NewType

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from portal.lib.digits import MAX_RAW, plain_digits

E164 = NewType("E164", str)  # "+85291234567": made by parse_mobile alone


class MobileProblem(StrEnum):
    """Why a number was refused."""

    MALFORMED = "malformed"  # not a number that the numbering plan knows
    SEVERAL_NUMBERS = "several_numbers"
    EXTENSION = "extension"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    LANDLINE = "landline"
    NOT_MOBILE = "not_mobile"  # pager, premium, freephone, personal, internet or satellite number


class MobileRefused(ValueError):
    """The text is no mobile number that we send to. The message holds the reason, never the number."""

    def __init__(self, reason: MobileProblem) -> None:
        super().__init__(reason.value)
        self.reason = reason


_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_PLAIN = str.maketrans("＋", "+", "().（）．")
_NUMBER = re.compile(r"(\+?)([0-9]{3,18})")
_AND = re.compile(r"\d\s*(?:[/／,，;；、|&＆或和及]|or\b|and\b)\s*[+＋(（\d]", re.IGNORECASE)
_EXTENSION = re.compile(r"\d\s*(?:x|ext|extn|extension|內線|内线|轉|转|分機|分机|[#＃])[.:：\s]*\d", re.IGNORECASE)
# Mainland satellite services, which the numbering plan lists among the mobile numbers.
_SATELLITE = re.compile(r"86(?:1349|1740)")


def parse_mobile(raw: str, *, default_region: str = "HK", countries: Collection[int]) -> E164:
    """The one mobile number that `raw` holds. Raises MobileRefused.

    `countries` are the calling codes that may receive texts, for example {852, 853, 86}.
    """
    plus, digits = _digits(raw)
    if not plus and digits.startswith("00"):
        # The international prefix of the ITU. Read as one of Hong Kong's carrier prefixes ("008" and more),
        # 00852... would be a number in Mexico.
        plus, digits = "+", digits[2:]
    if plus:
        return _judge(digits, countries)
    home = phonenumbers.country_code_for_region(default_region)
    try:
        return _judge(f"{home}{digits}", countries)
    except MobileRefused as refused:
        unreadable = {MobileProblem.MALFORMED, MobileProblem.COUNTRY_NOT_ALLOWED}
        if refused.reason in unreadable and _calling_code(digits) in countries:
            return _judge(digits, countries)
        raise


def country_code(number: E164) -> int:
    """The calling code of a number that parse_mobile returned: 852 of "+85291234567"."""
    code = _calling_code(number.removeprefix("+"))
    if not code:
        raise ValueError("not an E.164 number of a known country")
    return code


def grouped(number: str) -> str:
    """A number that parse_mobile returned as people write it: "+852 9123 4567"."""
    return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)


def _digits(raw: str) -> tuple[str, str]:
    """The plus, if any, and the digits of the one number in `raw`."""
    if len(raw) > MAX_RAW:
        raise MobileRefused(MobileProblem.MALFORMED)
    match = _NUMBER.fullmatch(raw) or _NUMBER.fullmatch(plain_digits(raw).translate(_PLAIN))
    if match:
        return match[1], match[2]
    if _AND.search(raw):
        raise MobileRefused(MobileProblem.SEVERAL_NUMBERS)
    if _EXTENSION.search(raw):
        raise MobileRefused(MobileProblem.EXTENSION)
    raise MobileRefused(MobileProblem.MALFORMED)


def _calling_code(digits: str) -> int:
    """The calling code that the digits begin with, or 0. No code is the beginning of another one."""
    for length in (1, 2, 3):
        code = int(digits[:length] or 0)
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return code
    return 0


def _judge(digits: str, countries: Collection[int]) -> E164:
    """Check an international number. One look at the numbering plan, because imports ask a million times."""
    code = _calling_code(digits)
    if not code:
        raise MobileRefused(MobileProblem.MALFORMED)
    if code not in countries:
        raise MobileRefused(MobileProblem.COUNTRY_NOT_ALLOWED)
    number = _number(code, digits[len(str(code)) :])
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        raise MobileRefused(MobileProblem.MALFORMED)
    if kind == PhoneNumberType.FIXED_LINE:
        raise MobileRefused(MobileProblem.LANDLINE)
    # Satellite networks have calling codes of their own, which stand for no region of the earth.
    satellite = phonenumbers.region_code_for_country_code(code) == "001" or _SATELLITE.match(digits)
    if kind not in _MOBILE or satellite:
        raise MobileRefused(MobileProblem.NOT_MOBILE)
    return E164(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _number(code: int, national: str) -> PhoneNumber:
    """A first zero is a trunk prefix in some countries and part of the number in others: the parser knows.

    It knows carrier prefixes too and would drop them; such a number is not what was typed.
    """
    if not national:
        raise MobileRefused(MobileProblem.MALFORMED)
    if national[0] != "0":
        return PhoneNumber(code, int(national))
    try:
        number = phonenumbers.parse(f"+{code}{national}")
    except phonenumbers.NumberParseException:
        raise MobileRefused(MobileProblem.MALFORMED) from None
    if phonenumbers.national_significant_number(number) not in {national, national[1:]}:
        raise MobileRefused(MobileProblem.MALFORMED)
    return number
