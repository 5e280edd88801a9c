"""The brand file says everything about the broker, and a faulty one is refused with one clear sentence."""

import dataclasses
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation
from pytest_django import Settings

from portal import brand
from portal.brand import BrandError, Kind, Phone, current, load_brand

SHIPPED = brand.BRANDS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of brands of our own, where a test may spoil one."""
    monkeypatch.setattr(brand, "BRANDS", tmp_path)
    load_brand.cache_clear()
    yield tmp_path
    load_brand.cache_clear()


def write(folder: Path, *, replace: str, by: str) -> None:
    text = (SHIPPED / "demo.toml").read_text(encoding="utf-8")
    assert replace in text
    (folder / "own.toml").write_text(text.replace(replace, by, 1), encoding="utf-8")


@pytest.mark.parametrize("name", ["demo", "gtjai"])
def test_every_shipped_brand_loads(name: str) -> None:
    loaded = load_brand(name)
    assert len(loaded.platforms) == 4
    assert loaded.hotline_hong_kong
    assert loaded.hotline_mainland


def test_the_setting_names_the_brand(settings: Settings) -> None:
    settings.BRAND = "gtjai"
    assert current() is load_brand("gtjai")


def test_words_come_in_the_active_language() -> None:
    loaded = load_brand("demo")
    for language, name in [("zh-hant", "示範證券"), ("zh-hans", "示范证券"), ("en", "DemoSec Securities")]:
        with translation.override(language):
            assert str(loaded.name) == name
            assert Template("{{ brand.name }}").render(Context({"brand": loaded})) == name


def test_without_an_active_language_the_default_speaks() -> None:
    with translation.override(None):
        assert str(load_brand("demo").sms_name) == "示範證券"


def test_an_empty_text_counts_as_nothing() -> None:
    loaded = load_brand("demo")
    assert not loaded.notice
    assert loaded.hours
    page = Template("{% if brand.notice %}line{% endif %}")
    assert page.render(Context({"brand": loaded})) == ""


def test_a_phone_prints_with_spaces_and_dials_without() -> None:
    assert Phone("+852 5550 0100").tel == "+85255500100"
    assert str(Phone("+852 5550 0100")) == "+852 5550 0100"


def test_the_one_hotline_falls_back_to_the_mainland_line(folder: Path) -> None:
    write(folder, replace='hotline_hong_kong = "+852 5550 0100"', by='hotline_hong_kong = ""')
    assert load_brand("own").hotline == "400 000 0100"


def test_a_brand_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_brand("demo").email = "someone@example.com"  # type: ignore[misc]


def test_the_demo_shows_no_line_or_address_of_the_real_broker() -> None:
    demo, real = load_brand("demo"), load_brand("gtjai")
    lines = {real.hotline_hong_kong, real.hotline_mainland, real.overseas_line, real.fax, *real.dealing_lines}
    text = (SHIPPED / "demo.toml").read_text(encoding="utf-8")
    assert not [line for line in lines if line in text]
    assert "gtja" not in text
    assert demo.sms_sender.startswith("#")


def test_the_kinds_of_platform() -> None:
    kinds = [platform.kind for platform in load_brand("gtjai").platforms]
    assert kinds == [Kind.WEB, Kind.DESKTOP, Kind.DESKTOP, Kind.MOBILE]


def test_both_files_have_the_same_keys_as_the_class() -> None:
    fields = {field.name for field in dataclasses.fields(brand.Brand)}
    for path in SHIPPED.glob("*.toml"):
        assert set(tomllib.loads(path.read_text(encoding="utf-8"))) == fields


@pytest.mark.parametrize(
    ("replace", "by", "sentence"),
    [
        ('fax = "+852 5550 0140"', "", "own.toml: 'fax' is missing; write it with an empty value if there is none."),
        ('contact_form = ""', 'contact_form = ""\ncolour = "red"', "own.toml: 'colour' is not a key of a brand."),
        ('fax = "+852 5550 0140"', "fax = 5550", "own.toml: 'fax' must be a string."),
        (
            'fax = "+852 5550 0140"',
            'fax = "ask"',
            "own.toml: 'fax' must be a telephone number of digits and single spaces.",
        ),
        (
            '["+852 5550 0120", "+852 5550 0121"]',
            '"+852 5550 0120"',
            "own.toml: 'dealing_lines' must be a list.",
        ),
        ('en = "DemoSec Securities"', "en = true", "own.toml: 'name.en' must be a string."),
        (
            'en = "DemoSec Securities"\n',
            "",
            "own.toml: 'name.en' is missing; write it with an empty value if there is none.",
        ),
        (
            'en = "DemoSec Securities"',
            'en = ""',
            "own.toml: 'name' must be written in all three languages or in none.",
        ),
        ('en = "DemoSec"', 'en = "DemoSec"\nfr = "DemoSec"', "own.toml: 'sms_name.fr' is not a key of a brand."),
        ('kind = "web"', 'kind = "fax"', "own.toml: 'platforms.0.kind' must be one of: web, desktop, mobile."),
        ('"service@example.com.hk"', '"service"', "own.toml: 'email' must be an e-mail address."),
        (
            'contact_form = ""',
            'contact_form = "javascript:alert(1)"',
            "own.toml: 'contact_form' must be a web address with https://.",
        ),
    ],
)
def test_a_faulty_file_is_refused_by_name_and_key(folder: Path, replace: str, by: str, sentence: str) -> None:
    write(folder, replace=replace, by=by)
    with pytest.raises(BrandError) as caught:
        load_brand("own")
    assert str(caught.value) == sentence


def test_a_name_may_not_be_empty_in_every_language(folder: Path) -> None:
    text = (SHIPPED / "demo.toml").read_text(encoding="utf-8")
    for name in ('"示範證券"', '"示范证券"', '"DemoSec"'):
        text = text.replace(f"= {name}", '= ""')
    (folder / "own.toml").write_text(text.replace('"DemoSec Securities"', '""'), encoding="utf-8")
    with pytest.raises(BrandError, match=r"own\.toml: 'name' must not be empty\."):
        load_brand("own")


def test_a_text_that_is_no_table_is_refused(folder: Path) -> None:
    text = (SHIPPED / "demo.toml").read_text(encoding="utf-8")
    (folder / "own.toml").write_text('hours = "always"\n' + text.replace("[hours]", "[times]"), encoding="utf-8")
    with pytest.raises(BrandError, match=r"own\.toml: 'hours' must be a table\."):
        load_brand("own")


def test_a_file_that_is_not_toml_is_refused(folder: Path) -> None:
    (folder / "own.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(BrandError, match=r"own\.toml is not TOML"):
        load_brand("own")


@pytest.mark.parametrize("name", ["nobody", "../brands/demo", ""])
def test_an_unknown_brand_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(BrandError, match="known brands are: demo, gtjai"):
        load_brand(name)
