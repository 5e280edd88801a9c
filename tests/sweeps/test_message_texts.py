"""Every text that leaves by message: in three languages, for every brand, without a link and without a secret."""

import re
from itertools import product

import pytest
from pytest_django import Settings as SettingsWrapper

from accounts.models import Purpose
from portal import brand
from portal.messaging import code_texts, texts
from portal.messaging.texts import Detail, Notice

LANGUAGES = ["zh-hant", "zh-hans", "en"]
BRANDS = sorted(path.stem for path in brand.BRANDS.glob("*.toml"))
FULL = Detail(method="sms", device="Chrome / Windows", reference="FABCDEFG")
LINK = re.compile(r"://|www\.|\bhttps?\b|[a-z0-9-]+\.(?:com|hk|net|org|cn|io)\b|\[[^\]]+\]\(", re.IGNORECASE)
ASKS = re.compile(
    r"click|reply with|send (?:us )?your|confirm your (?:password|code)|點擊|点击|請回覆|请回复|登入以下|登录以下",
    re.IGNORECASE,
)
#: Signs of which only one script knows the form.
ONLY_TRADITIONAL = "雙驗證碼號帳戶機訊請轉發給聯絡電話時間裝"
ONLY_SIMPLIFIED = "双验证码号账户机讯请转发给联络电话时间设备"


def notice(kind: Notice, language: str, detail: Detail = FULL) -> tuple[str, str]:
    return texts.notice_email(
        kind, language=language, customer="Chan Tai Man", tail="01", when="23 Nov 2026, 10:00", detail=detail
    )


def assert_harmless(text: str, number: str = "100001") -> None:
    """No link, nothing to click, no account number, no code."""
    assert not LINK.search(text), text
    assert not ASKS.search(text), text
    assert number not in text
    assert "{" not in text
    assert "None" not in text


def assert_script(text: str, language: str) -> None:
    """Written in the language it claims, as far as single signs tell."""
    if language == "en":
        assert text.isascii(), text
        return
    foreign = (
        set(ONLY_SIMPLIFIED) - set(ONLY_TRADITIONAL)
        if language == "zh-hant"
        else set(ONLY_TRADITIONAL) - set(ONLY_SIMPLIFIED)
    )
    assert not foreign & set(text), (language, foreign & set(text))
    assert re.search(r"[\u4e00-\u9fff]", text)


@pytest.mark.parametrize(("kind", "language", "name"), product(Notice, LANGUAGES, BRANDS))
def test_a_notice_is_there_in_every_language_and_harmless(
    kind: Notice, language: str, name: str, settings: SettingsWrapper
) -> None:
    """N1, N2"""
    settings.BRAND = name
    for detail in (Detail(), FULL):
        subject, body = notice(kind, language, detail)
        assert "\n" not in subject
        for text in (subject, body):
            assert_harmless(text)
        assert_script(re.sub(r"Chan Tai Man|Chrome / Windows", "", body.replace("•", "")), language)
        assert not re.search(r"\b\d{6}\b", body), "nothing that looks like a code"
        assert "01" in body
        for hotline in brand.current().hotlines:
            assert hotline in body


@pytest.mark.parametrize(("kind", "language"), product(Notice, LANGUAGES))
def test_no_two_notices_look_alike(kind: Notice, language: str) -> None:
    """N1"""
    others = {notice(other, language)[0] for other in Notice if other != kind}
    assert notice(kind, language)[0] not in others


@pytest.mark.parametrize(("purpose", "language", "name"), product(code_texts.code_purposes(), LANGUAGES, BRANDS))
def test_a_code_text_is_harmless_and_one_segment(
    purpose: str, language: str, name: str, settings: SettingsWrapper
) -> None:
    """N2, S9, S12"""
    settings.BRAND = name
    text = code_texts.code_text(purpose, code="739184", reference="GHJ", language=language)
    assert_harmless(text)
    assert_script(text, language)
    assert text.count("739184") == 1
    assert re.findall(r"\d{6}", text) == ["739184"]
    assert text.count("GHJ") == 1
    assert "3" in text.replace("739184", ""), "how long it is valid"
    assert texts.segments(text) == 1


@pytest.mark.parametrize(("purpose", "language", "name"), product(code_texts.email_purposes(), LANGUAGES, BRANDS))
def test_a_code_by_email_is_harmless_and_its_subject_holds_no_code(
    purpose: str, language: str, name: str, settings: SettingsWrapper
) -> None:
    """N2, S9, C6"""
    settings.BRAND = name
    subject, text = code_texts.code_email(purpose, code="739184", reference="GHJ", language=language)
    assert_harmless(subject)
    assert_harmless(text)
    assert_script(text, language)
    assert "739184" not in subject
    assert "GHJ" in subject
    assert re.findall(r"\d{6}", text) == ["739184"]
    assert "10" in text.replace("739184", ""), "how long it is valid"


@pytest.mark.parametrize(("kind", "language", "name"), product(Notice, LANGUAGES, BRANDS))
def test_a_notice_by_text_message_is_harmless_and_one_segment(
    kind: Notice, language: str, name: str, settings: SettingsWrapper
) -> None:
    """N1, N2, S9: it says whom to call"""
    settings.BRAND = name
    text = texts.notice_sms(kind, language=language, tail="01")
    assert_harmless(text)
    assert_script(text, language)
    assert not re.search(r"\b\d{6}\b", text), "nothing that looks like a code"
    assert "01" in text
    assert brand.current().hotline in text
    assert brand.current().sms_name.in_language(language) in text
    assert texts.segments(text) == 1


def test_every_purpose_of_a_code_has_its_own_text() -> None:
    """S9, C4"""
    assert {*code_texts.code_purposes(), *code_texts.email_purposes()} == set(Purpose.values)
    for language in LANGUAGES:
        written = {
            code_texts.code_text(p, code="739184", reference="WWW", language=language)
            for p in code_texts.code_purposes()
        }
        assert len(written) == len(code_texts.code_purposes())


def test_no_unknown_language_or_purpose_gets_a_default() -> None:
    """S9"""
    for purpose, language in (("login", "fr"), ("login", ""), ("withdraw", "en")):
        with pytest.raises(KeyError):
            code_texts.code_text(purpose, code="739184", reference="WWW", language=language)
