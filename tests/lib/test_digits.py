import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lib.digits import plain_digits, six_digits

SPELLINGS = [
    "012345",
    " 012345\r\n",
    "012 345",
    "012\u3000345",
    "012\u00a0345",
    "012\u200b345\ufeff",
    "\u202a012345\u202c",
    "012-345",
    "012‑345",
    "012–345",
    "012−345",
    "012－345",
    "０１２３４５",
    "０１２　３４５",
]
REFUSED = [
    "",
    " ",
    "01234",
    "0123456",
    "01234a",
    "012345\0",
    "\x00012345",
    "01234²",
    "①12345",
    "𝟎12345",
    "٠١٢٣٤٥",
    "०१२३४५",
    "+12345",
    "1234.5",
    "０１２３４",
    "一二三四五六",
]


@pytest.mark.parametrize("raw", SPELLINGS)
def test_every_spelling_of_a_number_is_the_same_number(raw: str) -> None:
    """L4."""
    assert six_digits(raw) == "012345"


@pytest.mark.parametrize("raw", REFUSED)
def test_anything_else_is_no_number(raw: str) -> None:
    """L4."""
    assert six_digits(raw) is None


def test_long_input_is_refused_even_where_six_digits_are_in_it() -> None:
    """L4."""
    assert six_digits("012345".ljust(64)) == "012345"
    assert six_digits("012345".ljust(65)) is None


@given(st.text(max_size=70))
def test_the_answer_is_none_or_six_ascii_digits(raw: str) -> None:
    """L4."""
    answer = six_digits(raw)
    assert answer is None or (len(answer) == 6 and answer.isascii() and answer.isdigit())


@given(st.text(alphabet="0９ -\u3000\u200b\u00ad\ufe63①²a", max_size=12))
def test_what_is_accepted_is_what_normalisation_makes_of_it(raw: str) -> None:
    """L4."""
    answer = six_digits(raw)
    if answer is not None:
        digits = "".join(sign for sign in unicodedata.normalize("NFKC", raw) if sign.isdigit())
        assert digits == answer


@given(st.text(max_size=20))
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    """L4."""
    assert plain_digits(plain_digits(raw)) == plain_digits(raw)
