"""Signs that our font has, and how the others are found before they are printed."""

import pytest

from portal.letters import glyphs


@pytest.mark.parametrize(
    "name",
    [
        "𨋢𠝹㗎峯邨堃喆",
        "陳大文",
        "陈大文",
        "CHAN, Tai-man (Peter) Jr.",
        "䶮㛃",
        "Ngô Thị Hạnh",
        "香港・中環１２／Ｆ",
        "José Müller",
    ],
)
def test_my_name_can_be_printed(name: str) -> None:
    assert glyphs.missing(name) == ""


@pytest.mark.parametrize("codec", ["big5hkscs", "cp950", "gb2312", "gbk"])
def test_every_chinese_sign_of_the_codes_in_use_here_can_be_printed(codec: str) -> None:
    signs = "".join(sign for sign in map(chr, range(0x3400, 0x30000)) if sign.encode(codec, "ignore"))
    assert len(signs) > 6000
    assert glyphs.missing("".join(sign for sign in signs if sign.isalpha())) == ""


def test_a_sign_that_the_font_lacks_is_named_once_and_in_its_order() -> None:
    assert glyphs.missing("張𰻞𬎆Žofie𰻞") == "𰻞𬎆Ž"


@pytest.mark.parametrize("sign", ["\u202e", "\u200d", "\ufe0f", "\U000e0100", "\x07", "😀", "\ue000"])
def test_what_is_no_sign_on_paper_is_named(sign: str) -> None:
    assert glyphs.missing(f"陳{sign}大文") == sign


def test_lines_of_an_address_are_no_signs() -> None:
    assert glyphs.missing("沙田正街 1 號\n香港") == ""
