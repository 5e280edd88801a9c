import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lib.masking import Masked, mask_address, mask_email, mask_mobile, mask_name, mask_number


@pytest.mark.parametrize(
    ("number", "shown", "tail"),
    [
        ("+85291234567", "+852 9••• ••67", "6 7"),
        ("+85366123456", "+853 6••• ••56", "5 6"),
        ("+8613800138067", "+86 1•• •••• ••67", "6 7"),
        ("+16502530009", "+1 6•• ••• ••09", "0 9"),
        ("", "", ""),
        ("+85291", "••••91", "9 1"),
        ("12", "••", ""),
    ],
)
def test_a_mobile_shows_calling_code_first_digit_and_last_two(number: str, shown: str, tail: str) -> None:
    assert mask_mobile(number) == Masked(shown=shown, tail=tail)


@given(st.integers(10_000_000, 99_999_999))
def test_five_of_eight_digits_stay_hidden(national: int) -> None:
    shown = mask_mobile(f"+852{national}").shown
    assert shown.count("•") == 5
    assert str(national)[1:6] not in shown.replace(" ", "")


@given(st.text(max_size=20))
def test_any_stored_text_can_be_masked(text: str) -> None:
    for mask in (mask_mobile, mask_email, mask_number, mask_address):
        mask(text)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("kate@example.com", "k•••@example.com"),
        ("kw@example.com", "k•••@example.com"),
        ("k@example.com", "•••@example.com"),
        ("@example.com", "•••@example.com"),
        ("no address", "•••"),
        ("", ""),
    ],
)
def test_an_email_shows_first_letter_and_domain(address: str, masked: str) -> None:
    assert mask_email(address) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [("Chan Tai Man Amy", "Chan •••"), (" Chan Tai", "Chan •••"), ("陳大文", "陳•••"), ("Cher", "C•••"), ("", "•••")],
)
def test_a_name_shows_the_family_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(("number", "masked"), [("123456", "••••56"), ("1234", "••34"), ("123", "•••"), ("", "")])
def test_an_account_number_shows_its_last_two_digits(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("203.0.113.7", "203.0.•.•"),
        ("2001:db8::1", "2001:db8:•"),
        ("2001:0db8:1234::", "2001:db8:•"),
        ("::1", "0:0:•"),
        ("fe80::1%eth0", "fe80:0:•"),
        ("::ffff:203.0.113.7", "203.0.•.•"),
        ("unknown", "•"),
        ("", "•"),
    ],
)
def test_an_address_shows_its_network(address: str, masked: str) -> None:
    assert mask_address(address) == masked
