"""Letters as they come out of the printer."""

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from portal.brand import load_brand
from portal.letters import codes, typesetting
from portal.letters.models import Kind
from portal.letters.typesetting import Sheet, TypesettingFailed, letters
from tests.letters.pdf import access_of, picture_of, text_of, words_of

CODE = "K7QM4TXB92HD"
AMY = Sheet(
    kind=Kind.REBINDING,
    reference="R2345678",
    name="陳愛美",
    address="香港新界沙田沙田正街 1 號\n愉景邨 2 座 3 樓 A 室",
    language="zh-hant",
    code=CODE,
    tail="21",
    printed_on=date(2026, 11, 26),
    valid_until=date(2026, 12, 26),
)
LEFT, TOP, RIGHT, BOTTOM = 20, 45, 110, 75  # of the window of a DL envelope, in millimetres of the sheet


def test_a_letter_says_all_it_has_to_in_chinese_and_english() -> None:
    """T8"""
    [text] = text_of(letters([AMY]))
    house = load_brand("demo")
    for said in (
        *("示範證券", "DemoSecSecurities", "機密", "CONFIDENTIAL", "重新綁定信件", "Rebindingletter", "R2345678"),
        *("2026年11月26日", "26November2026", "有效至2026年12月26日", "Validuntil26December2026", "閣下", "Page1of1"),
        *("我有重新綁定信件", "Ihavearebindingletter", "客戶服務熱線", "啟動碼", "第1頁，共1頁"),
        *("".join(line.split()) for line in (*house.hotlines, house.hours.zh_hant, house.hours.en)),
    ):
        assert said in text, said


def test_a_letter_is_written_in_the_characters_that_i_read() -> None:
    """O5"""
    [text] = text_of(letters([replace(AMY, language="zh-hans", name="陈爱美", address="深圳市")]))
    assert "重新绑定信件" in text
    assert "阁下" in text
    assert "激活码" in text
    assert "Rebindingletter" in text
    assert not set("綁閣戶號驗證") & set(text)


def test_an_english_speaker_gets_traditional_chinese_beside_english() -> None:
    assert text_of(letters([replace(AMY, language="en")])) == text_of(letters([AMY]))


def test_a_password_letter_says_where_its_code_goes() -> None:
    [text] = text_of(letters([replace(AMY, kind=Kind.PASSWORD)]))
    assert "忘記密碼或首次登入" in text
    assert "Forgottenpasswordorfirstlogin" in text
    assert "Ihavealetter" in text
    assert "重新綁定" not in text


def test_the_code_stands_there_once_and_nothing_else_is_worth_stealing() -> None:
    """T8, N2"""
    pdf = letters([AMY])
    [text] = text_of(pdf)
    assert text.count(codes.grouped(CODE)) == 1
    assert text.count("K7QM") == 1
    assert not re.search(r"https?:|www\.|\.com|@", text)
    assert b"/URI" not in pdf
    assert list(PdfReader(BytesIO(pdf)).pages[0].images) == []


def test_my_address_stands_in_the_window_and_nothing_else_does() -> None:
    words = words_of(letters([AMY]))
    inside = [each for each in words if each.left >= LEFT and each.right <= RIGHT]
    inside = [each for each in inside if each.top >= TOP and each.bottom <= BOTTOM]
    assert "".join(each.text for each in inside) == "陳愛美" + "".join(AMY.address.split())
    beside = [each for each in words if each.right > LEFT - 5 and each.left < RIGHT]
    assert [each for each in beside if each.bottom > TOP and each.top < BOTTOM] == inside


@pytest.mark.parametrize(
    "address",
    [
        "香" * 500,
        "\n".join("九龍" for _ in range(60)),
        "Flat 12345, Block W, WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW\n" * 6 + "Kowloon",
    ],
)
def test_a_long_address_is_set_smaller_and_stays_in_the_window(address: str) -> None:
    pdf = letters([replace(AMY, address=address, name="陳" * 60)])
    assert len(text_of(pdf)) == 1
    kept = [word for word in words_of(pdf) if word.top >= TOP and word.bottom <= BOTTOM and word.right <= RIGHT]
    assert "".join(word.text for word in kept) == "陳" * 60 + "".join(address.split())


@pytest.mark.parametrize(
    "name", ['#eval("1+1")', "*x* _y_", "$x^2$", "`a` @b <c>", r"\u{41} \n", '"; #panic()', "= H // /* */"]
)
def test_a_name_is_never_read_as_markup(name: str) -> None:
    [text] = text_of(letters([replace(AMY, name=name, address=f"1 {name} Street")]))
    plain = "".join(name.split())
    assert plain + "1" + plain + "Street" in text


def test_rare_hong_kong_names_are_printed() -> None:
    [text] = text_of(letters([replace(AMY, name="𨋢㗎峯𠝹堃喆", address="置富邨\n嘅嚟喺")]))
    assert "𨋢㗎峯𠝹堃喆置富邨嘅嚟喺" in text


def test_a_sign_that_the_font_lacks_is_never_printed_as_a_box() -> None:
    with pytest.raises(TypesettingFailed):
        letters([replace(AMY, name="A𰻞B")])


def test_a_letter_can_be_listened_to() -> None:
    """O6"""
    access = access_of(letters([AMY, replace(AMY, kind=Kind.PASSWORD)]))
    assert access.marked
    assert access.standard == 1
    assert access.language == "zh-HK"
    assert access.title == "示範證券 信件 Letters"
    assert access.elements.count("/H1") == 2
    assert access.elements.count("/LI") == 16


def test_the_letters_of_a_run_are_in_one_file_in_their_order() -> None:
    sheets = [replace(AMY, reference=f"R234567{last}", code=codes.new_code()) for last in "ABCDE"]
    pages = text_of(letters(sheets))
    assert len(pages) == 5
    for sheet, page in zip(sheets, pages, strict=True):
        assert sheet.reference in page
        assert codes.grouped(sheet.code) in page


@pytest.mark.parametrize("name", ["demo", "gtjai"])
def test_a_letter_says_nothing_about_what_the_broker_has_not(name: str, settings: object) -> None:
    settings.BRAND = name  # type: ignore[attr-defined]
    [text] = text_of(letters([AMY]))
    house = load_brand(name)
    assert ("辦公時間" in text) == bool(house.hours)
    assert "".join(house.hotline_mainland.split()) in text


def test_ink_reaches_the_paper(tmp_path: Path) -> None:
    from PIL import Image

    with Image.open(picture_of(letters([AMY]), tmp_path)) as page:
        dark = sum(page.convert("L").histogram()[:128]) / (page.width * page.height)
    assert 0.01 < dark < 0.1


def test_a_code_is_not_told_by_whoever_shows_a_sheet() -> None:
    """C6"""
    assert CODE not in repr(AMY)


def test_a_failure_tells_nothing_of_what_was_to_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """C6"""
    monkeypatch.setattr(typesetting, "SOURCES", Path("/nowhere"))
    with pytest.raises(TypesettingFailed) as failure:
        letters([AMY])
    assert str(failure.value) == "letter.typ was not typeset: CalledProcessError"
    assert failure.value.__cause__ is None
