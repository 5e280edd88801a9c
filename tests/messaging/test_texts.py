"""The wording of what leaves: one segment, no link, never tell anyone."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.checks import run_checks
from pytest_django import Settings

from accounts.models import Purpose
from portal import brand
from portal.messaging import code_texts
from portal.messaging.code_texts import code_text
from portal.messaging.texts import GSM_SEGMENT, UCS2_SEGMENT, Detail, Notice, notice_email, segments

_BRANDS = sorted(path.stem for path in (configured.BASE_DIR / "portal" / "brands").glob("*.toml"))
_LANGUAGES = [code for code, _ in configured.LANGUAGES]
_CODES = [(purpose, language) for purpose in code_texts.code_purposes() for language in _LANGUAGES]
_NEVER = {"zh-hant": "切勿轉發或告訴他人", "zh-hans": "切勿转发或告诉他人", "en": "Never forward it or tell anyone"}
_LINK = re.compile(r"https?:|www\.|://|\.com|\.hk|\bt\.me\b|@", re.IGNORECASE)
#: As wide as each can be.
_CODE, _REFERENCE = "000000", "WWW"


@pytest.fixture(autouse=True, params=_BRANDS)
def of_each_brand(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.BRAND = request.param


def test_every_purpose_has_a_text_in_every_language() -> None:
    """S9, O5"""
    assert {*code_texts.code_purposes(), *code_texts.email_purposes()} == set(Purpose.values)
    assert set(_LANGUAGES) == {"zh-hant", "zh-hans", "en"}
    with pytest.raises(KeyError):
        code_text("login", code=_CODE, reference=_REFERENCE, language="fr")
    with pytest.raises(KeyError):
        code_text("other", code=_CODE, reference=_REFERENCE, language="en")


@pytest.mark.parametrize(("purpose", "language"), _CODES)
def test_a_code_fits_one_segment(purpose: str, language: str) -> None:
    """S9: with its reference, counted here by other means than the portal's own."""
    text = code_text(purpose, code=_CODE, reference=_REFERENCE, language=language)
    if language == "en":
        assert re.fullmatch(r"[A-Za-z0-9 .,:'()\-/#&]+", text), "plain letters, all in the GSM alphabet"
        assert len(text) <= 160
    else:
        assert len(text.encode("utf-16-be")) <= 140
    assert segments(text) == 1


@pytest.mark.parametrize(("purpose", "language"), _CODES)
def test_a_code_says_what_for_how_long_its_reference_and_to_tell_nobody(purpose: str, language: str) -> None:
    """S9, S10, S12"""
    text = code_text(purpose, code="012345", reference="7QX", language=language)
    assert text.startswith("012345"), "the code comes first, where a lock screen shows it"
    assert re.search(r"(Reference|參考編號|参考编号) 7QX[.。]", text), "a sentence of its own"
    assert _NEVER[language] in text
    assert re.search(r"3 ?(minutes|分鐘|分钟)", text)
    assert brand.current().sms_name.in_language(language) in text
    assert not _LINK.search(text)
    assert len(re.findall(r"\d{4,}", text)) == 1, "no other number that could be mistaken for the code"


def test_what_a_code_is_for_can_be_told_from_its_text() -> None:
    """C4, S9"""
    for language in _LANGUAGES:
        said = {code_text(p, code=_CODE, reference=_REFERENCE, language=language) for p in code_texts.code_purposes()}
        assert len(said) == len(code_texts.code_purposes())


def test_the_start_is_refused_when_the_last_line_for_phones_does_not_fit(settings: Settings) -> None:
    """S9: the line that phones read (`@host #code`) is counted; where it does not fit the operator is told."""
    assert not _refusals()
    settings.SMS_ORIGIN_BOUND = True
    too_long = {
        (purpose, language)
        for purpose, language in _CODES
        if segments(code_text(purpose, code=_CODE, reference=_REFERENCE, language=language, origin=_host())) > 1
    }
    assert len(_refusals()) == len(too_long)
    for purpose, language in too_long:
        assert any(purpose in sentence and language in sentence for sentence in _refusals())


def test_a_brand_with_a_long_name_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """S9"""
    long = replace(brand.current(), sms_name=brand.Text("證" * 40, "证" * 40, "S" * 100))
    monkeypatch.setattr(brand, "current", lambda: long)
    assert len(_refusals()) == len(_CODES)


def test_a_brand_whose_name_leaves_no_room_for_a_notice_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S9, N1"""
    assert not _refusals("portal.E022")
    long = replace(brand.current(), sms_name=brand.Text("證" * 60, "证" * 60, "S" * 150))
    monkeypatch.setattr(brand, "current", lambda: long)
    assert len(_refusals("portal.E022")) == len(Notice) * len(_LANGUAGES)


def test_the_last_line_for_phones_names_host_and_code() -> None:
    """S9"""
    text = code_text("login", code="012345", reference="7QX", language="en", origin="p.hk")
    assert text.splitlines()[-1] == "@p.hk #012345"


def test_a_registered_sender_name_starts_with_a_hash() -> None:
    """S9: a brand that has none yet says so with an empty value."""
    sender = brand.current().sms_sender
    assert sender == "" or re.fullmatch(r"#[0-9A-Za-z _-]{1,10}", sender)


@pytest.mark.parametrize("notice", Notice)
@pytest.mark.parametrize("language", _LANGUAGES)
def test_no_notice_carries_a_link_or_asks_for_a_code(notice: Notice, language: str) -> None:
    """N2"""
    detail = Detail(method="sms", device="Chrome, Windows", reference="F2345678")
    subject, body = notice_email(
        notice, language=language, customer="Chan Tai Man", tail="01", when="23 Nov 2026, 10:00", detail=detail
    )
    for said in (subject, body):
        assert not _LINK.search(said)
        assert "{" not in said
        assert "100001" not in said
    assert "\n" not in subject
    assert any(line in body for line in brand.current().hotlines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * GSM_SEGMENT, 1),
        ("a" * (GSM_SEGMENT + 1), 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("碼" * UCS2_SEGMENT, 1),
        ("碼" * (UCS2_SEGMENT + 1), 2),
        ("碼" * 134, 2),
        ("碼" * 135, 3),
        ("a" * 69 + "碼", 1),
        ("a" * 70 + "碼", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("`" * 71, 2),
    ],
)
def test_segments_are_counted_as_networks_count_them(text: str, expected: int) -> None:
    """S9: 3GPP TS 23.038; letters of the extension cost two, those beyond the first plane too."""
    assert segments(text) == expected


def _refusals(number: str = "portal.E021") -> list[str]:
    found: list[Any] = run_checks(tags=None)
    return [str(message.msg) for message in found if message.id == number]


def _host() -> str:
    return configured.PUBLIC_ORIGIN.partition("://")[2]
