import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lib.phone import E164, MobileProblem, MobileRefused, country_code, parse_mobile

COUNTRIES = frozenset({852, 853, 86})


def problem(raw: str, *, countries: frozenset[int] = COUNTRIES) -> MobileProblem:
    with pytest.raises(MobileRefused) as refused:
        parse_mobile(raw, countries=countries)
    return refused.value.reason


@pytest.mark.parametrize(
    "raw",
    [
        "91234567",
        " 9123 4567 ",
        "9123-4567",
        "(852) 9123.4567",
        "852 9123 4567",
        "+852 9123 4567",
        "0085291234567",
        "００８５２　９１２３　４５６７",
        "＋８５２９１２３４５６７",
        "\u202a+852 9123\u00a04567\u202c",
    ],
)
def test_a_hong_kong_mobile_in_any_spelling_is_one_number(raw: str) -> None:
    """K1."""
    assert parse_mobile(raw, countries=COUNTRIES) == "+85291234567"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("+853 6612 3456", "+85366123456"),
        ("85366123456", "+85366123456"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("+86 0138 0013 8000", "+8613800138000"),
    ],
)
def test_macau_and_mainland_mobiles_are_taken(raw: str, expected: str) -> None:
    """K1."""
    assert parse_mobile(raw, countries=COUNTRIES) == expected


def test_eight_digits_are_read_in_the_default_region() -> None:
    """K1."""
    assert parse_mobile("66123456", countries=COUNTRIES) == "+85266123456"
    assert parse_mobile("66123456", default_region="MO", countries=COUNTRIES) == "+85366123456"
    assert parse_mobile("07911 123456", default_region="GB", countries={44}) == "+447911123456"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", MobileProblem.MALFORMED),
        ("   ", MobileProblem.MALFORMED),
        ("+", MobileProblem.MALFORMED),
        ("+852", MobileProblem.MALFORMED),
        ("9123456", MobileProblem.MALFORMED),
        ("912345678", MobileProblem.MALFORMED),
        ("91234567\0", MobileProblem.MALFORMED),
        ("9123456²", MobileProblem.MALFORMED),
        ("٩١٢٣٤٥٦٧", MobileProblem.MALFORMED),
        ("tel:+85291234567", MobileProblem.MALFORMED),
        ("91234567".ljust(65), MobileProblem.MALFORMED),
        ("+852 0 9123 4567", MobileProblem.MALFORMED),
        ("+86 17900 138 0013 8000", MobileProblem.MALFORMED),
        ("999", MobileProblem.MALFORMED),
        ("+999 1234 5678", MobileProblem.MALFORMED),
        ("2123 4567", MobileProblem.LANDLINE),
        ("+86 21 1234 5678", MobileProblem.LANDLINE),
        ("7112 3456", MobileProblem.NOT_MOBILE),
        ("900 12345678", MobileProblem.NOT_MOBILE),
        ("8112 3456", MobileProblem.NOT_MOBILE),
        ("+86 1349 1234567", MobileProblem.NOT_MOBILE),
        ("+86 1740 1234567", MobileProblem.NOT_MOBILE),
        ("9123 4567 ext 12", MobileProblem.EXTENSION),
        ("91234567x1", MobileProblem.EXTENSION),
        ("9123 4567 內線 12", MobileProblem.EXTENSION),
        ("9123 4567 / 9876 5432", MobileProblem.SEVERAL_NUMBERS),
        ("91234567、98765432", MobileProblem.SEVERAL_NUMBERS),
        ("91234567 or 98765432", MobileProblem.SEVERAL_NUMBERS),
    ],
)
def test_what_no_text_message_reaches_is_refused_by_name(raw: str, reason: MobileProblem) -> None:
    """K1."""
    assert problem(raw) == reason


@pytest.mark.parametrize("raw", ["+447911123456", "+1 650 253 0000", "00886912345678", "+870 773 123 456"])
def test_a_country_outside_the_list_is_refused(raw: str) -> None:
    """S8."""
    assert problem(raw) == MobileProblem.COUNTRY_NOT_ALLOWED


def test_the_list_rules_the_default_region_too() -> None:
    """S8."""
    assert problem("91234567", countries=frozenset({853})) == MobileProblem.COUNTRY_NOT_ALLOWED
    assert parse_mobile("85366123456", countries={853}) == "+85366123456"


def test_a_satellite_phone_is_no_mobile_even_in_a_listed_code() -> None:
    """K1."""
    assert problem("+870773123456", countries=frozenset({870})) == MobileProblem.NOT_MOBILE


def test_a_refusal_does_not_repeat_the_number() -> None:
    """K1."""
    with pytest.raises(MobileRefused) as refused:
        parse_mobile("2123 4567", countries=COUNTRIES)
    assert str(refused.value) == "landline"


@given(st.sampled_from(["852", "853", "86", "44", "225"]), st.text(alphabet="0123456789", max_size=12))
def test_the_short_way_agrees_with_the_parser(code: str, national: str) -> None:
    """K1."""
    raw = f"+{code}{national}"
    try:
        mine: str | None = parse_mobile(raw, countries={852, 853, 86, 44, 225})
    except MobileRefused:
        mine = None
    if mine is not None:
        parsed = phonenumbers.parse(raw)
        assert phonenumbers.is_valid_number(parsed)
        assert mine == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@given(st.text(max_size=70))
def test_any_text_gives_a_number_or_a_reason(raw: str) -> None:
    """K1."""
    try:
        number = parse_mobile(raw, countries=COUNTRIES)
    except MobileRefused:
        return
    assert parse_mobile(number, countries=COUNTRIES) == number


@pytest.mark.parametrize(("number", "code"), [("+85291234567", 852), ("+8613800138000", 86), ("+16502530000", 1)])
def test_the_calling_code_is_read_from_the_number(number: str, code: int) -> None:
    """S8."""
    assert country_code(E164(number)) == code


@pytest.mark.parametrize("text", ["", "+", "+0", "+999123", "abc"])
def test_text_without_calling_code_has_none(text: str) -> None:
    """S8."""
    with pytest.raises(ValueError):
        country_code(E164(text))
