"""The client information update form: as it is printed, and as a client downloads it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import zxingcpp
from django.http import HttpResponse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader
from pytest_django import Settings

from accounts.models import Customer
from accounts.services import paper
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.brand import load_brand
from portal.letters import paper_form, policy
from portal.letters.models import IssuedForm
from portal.letters.typesetting import typeset
from tests.actors import Handset, Visitor, text_of
from tests.letters.pdf import access_of, picture_of
from tests.letters.pdf import text_of as read
from tests.twofactor.steps import Clock

LANGUAGES = ["zh-hant", "zh-hans", "en"]
TITLES = {"zh-hant": "客戶資料更新表格", "zh-hans": "客户资料更新表格", "en": "Client Information Update Form"}
SIGNED = {"zh-hant": "親筆簽署", "zh-hans": "亲笔签署", "en": "Signature by hand"}
SPECIMEN = {"zh-hant": "簽名式樣", "zh-hans": "签名样式", "en": "specimen"}
PREFILLED, BLANK = "service/forms/client-information-update.pdf", "help/client-information-update-form.pdf"


def plain(words: str) -> str:
    return "".join(words.split())


@pytest.mark.parametrize("brand", ["demo", "gtjai"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_blank_form_says_all_it_has_to_in_my_language(language: str, brand: str, settings: Settings) -> None:
    """K4, O5"""
    settings.BRAND = brand
    [text] = read(paper_form.blank(language))
    house = load_brand(brand)
    for said in (
        *(TITLES[language], SIGNED[language], SPECIMEN[language], house.name.in_language(language)),
        *(house.email, house.fax, house.postal_address.in_language(language), *house.hotlines),
    ):
        assert plain(said) in text, said
    assert "U2" not in text
    assert "http" not in text


def test_a_channel_that_the_broker_has_not_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """K4"""
    house = load_brand("demo")
    monkeypatch.setattr("portal.letters.paper_form.brand.current", lambda: _without_fax(house))
    [text] = read(paper_form.blank("en"))
    assert "Fax:" not in text
    assert plain(house.email) in text


def _without_fax(house: Any) -> Any:
    return replace(house, fax="", hours=replace(house.hours, zh_hant="", zh_hans="", en=""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_prefilled_form_has_my_name_my_number_and_a_reference_to_scan(language: str, tmp_path: Path) -> None:
    """K4"""
    pdf = paper_form.prefilled("U2345678", name="陳愛美 #1 *A*", number="100001", language=language)
    [text] = read(pdf)
    assert plain("陳愛美 #1 *A*") in text
    assert "100001" in text
    with Image.open(picture_of(pdf, tmp_path)) as page:
        [code] = zxingcpp.read_barcodes(page)
    assert (code.text, code.format) == ("U2345678", zxingcpp.BarcodeFormat.Code128)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_can_be_listened_to(language: str) -> None:
    """O6"""
    for pdf in (paper_form.blank(language), paper_form.prefilled("U2345678", name="A", number="1", language=language)):
        access = access_of(pdf)
        assert access.marked
        assert access.standard == 1
        assert access.title == TITLES[language]
        assert access.language == {"zh-hant": "zh-HK", "zh-hans": "zh-CN", "en": "en-GB"}[language]
        assert access.elements.count("/H1") == 1
        assert access.elements.count("/H2") == 4
        assert len(PdfReader(BytesIO(pdf)).pages) == 1


def test_a_name_that_the_font_lacks_is_left_for_my_own_hand() -> None:
    [text] = read(paper_form.prefilled("U2345678", name="陳𰻞", number="100001", language="zh-hant"))
    assert "陳" not in text
    assert "100001" in text


@pytest.mark.parametrize("name", ["陳" * 150, "W" * 150, "Anna Maria " * 13])
def test_the_longest_name_leaves_the_form_on_one_page(name: str) -> None:
    pages = read(paper_form.prefilled("U2345678", name=name, number="100001", language="en"))
    assert len(pages) == 1
    assert plain(name) in pages[0]


# --- Downloads ---------------------------------------------------------------------------------------------


def downloaded(answer: HttpResponse) -> str:
    """The text of the one page that came."""
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    [text] = read(answer.content)
    return text


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_i_download_the_form_in_the_language_of_the_page(language: str, amy: Customer, handset: Handset) -> None:
    """K4, O5"""
    visitor = Visitor(language)
    visitor.log_in(handset, amy)
    answer = visitor.get(PREFILLED)
    text, form = downloaded(answer), IssuedForm.objects.get()
    assert plain(TITLES[language]) in text
    for fact in (amy.name, amy.login, form.reference):
        assert plain(fact) in text
    for contact in (amy.mobile[4:], amy.email):
        assert contact not in text
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Content-Disposition"] == (
        f'inline; filename="client-information-update-form-{form.reference}.pdf"'
    )
    kept = AuditRecord.objects.get(event=Event.FORM_ISSUED)
    assert (kept.subject, kept.facts) == (amy, {"reference": form.reference})


@pytest.mark.django_db
def test_whoever_prints_it_twice_on_a_day_has_one_reference(amy: Customer, handset: Handset, clock: Clock) -> None:
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    visitor.get(PREFILLED)
    assert IssuedForm.objects.get().reference in downloaded(visitor.get(PREFILLED))
    assert AuditRecord.objects.filter(event=Event.FORM_ISSUED).count() == 1
    clock.shift(policy.FORM_LASTS + timedelta(seconds=1))
    visitor.log_in(handset, amy)
    newest = IssuedForm.objects.exclude(pk=IssuedForm.objects.get().pk)
    text = downloaded(visitor.get(PREFILLED))
    assert newest.get().reference in text


@pytest.mark.django_db
def test_whoever_downloads_it_over_and_over_is_asked_to_print_the_copy(amy: Customer, handset: Handset) -> None:
    visitor = Visitor("en")
    visitor.log_in(handset, amy)
    IssuedForm.objects.create(
        reference="U2345678", customer=amy, issued_at=timezone.now(), downloads=policy.FORM_DOWNLOADS - 1
    )
    assert visitor.get(PREFILLED).status_code == 200
    answer = visitor.get(PREFILLED)
    assert answer.headers["Location"] == "/en/service/forms/"
    assert "Print the copy" in text_of(visitor.get("service/forms/"))


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_anybody_downloads_the_blank_form_and_it_is_typeset_once(language: str) -> None:
    """K4"""
    paper_form._blank.cache_clear()
    with patch("portal.letters.paper_form.typeset", wraps=typeset) as typesetter:
        for _ in range(3):
            answer = Visitor(language).get(BLANK)
            assert plain(TITLES[language]) in downloaded(answer)
            assert answer.headers["Content-Language"] == language
            assert answer.headers["Content-Disposition"] == 'inline; filename="client-information-update-form.pdf"'
    assert typesetter.call_count == 1


@pytest.mark.django_db
def test_the_form_is_offered_to_whoever_has_no_number_for_codes(make_client: Callable[..., Customer]) -> None:
    """T11, K4"""
    make_client("200004", mobile="")
    page = Visitor("en").password_step("200004").content.decode()
    assert f'href="/en/{BLANK}"' in page
    assert f'href="/en/{BLANK}"' in Visitor("en").get("help/contact/").content.decode()


@pytest.mark.django_db
def test_the_menu_leads_to_the_forms_and_the_page_says_how_to_return_them(amy: Customer, handset: Handset) -> None:
    """K4"""
    visitor = Visitor("zh-hant")
    visitor.log_in(handset, amy)
    assert "下載表格" in text_of(visitor.get("home/"))
    page = visitor.get("service/forms/")
    house = load_brand("demo")
    for said in (house.email, house.fax, house.postal_address.zh_hant, "親筆簽署", "簽名式樣"):
        assert said in text_of(page)
    for path in (PREFILLED, BLANK):
        assert f'href="/zh-hant/{path}"' in page.content.decode()


@pytest.mark.django_db
def test_forms_of_long_ago_lead_to_nobody(amy: Customer, clock: Clock) -> None:
    """O7"""
    old = paper.hand_out(amy)
    clock.shift(policy.FORM_RETENTION + timedelta(seconds=1))
    paper.hand_out(amy)
    assert old is not None
    assert paper_form.purge(timezone.now()) == 1
    assert not paper.is_of(amy, old.reference)
    assert IssuedForm.objects.count() == 1
