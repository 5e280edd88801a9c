"""The translations: complete, fresh, and compiled."""

import os
import re
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from tests.architecture.sources import ROOT, copy_to

LOCALES = ["zh_Hant", "zh_Hans"]
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
_SIMPLIFIED, _TRADITIONAL = (
    "验码号帐户机讯请转发给联络电话时间设备录错误",
    "驗碼號帳戶機訊請轉發給聯絡電話時間設備錄錯誤",
)
Key = tuple[str, str, str]


def catalogue(locale: str, root: Path = ROOT) -> polib.POFile:
    return polib.pofile(str(root / "portal" / "locale" / locale / "LC_MESSAGES" / "django.po"))


def active(locale: str, root: Path = ROOT) -> list[polib.POEntry]:
    """The entries that are in use."""
    return [entry for entry in catalogue(locale, root) if not entry.obsolete]


def keys(locale: str, root: Path = ROOT) -> set[Key]:
    return {(entry.msgctxt or "", entry.msgid, entry.msgid_plural or "") for entry in active(locale, root)}


def translations(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product whose catalogues were made anew."""
    folder = copy_to(tmp_path_factory.mktemp("catalogues"))
    command = [
        sys.executable,
        "manage.py",
        "makemessages",
        "--no-obsolete",
        *(f"--locale={locale}" for locale in LOCALES),
    ]
    made = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_product_is_in_the_catalogue(locale: str, fresh: Path) -> None:
    """O5"""
    assert keys(locale, fresh) - keys(locale) == set(), "run makemessages"
    assert keys(locale) - keys(locale, fresh) == set(), "in use no more"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_translated_and_none_is_a_guess(locale: str) -> None:
    """O5"""
    assert len(active(locale)) > 100
    for entry in active(locale):
        assert "fuzzy" not in entry.flags, entry.msgid
        assert all(text.strip() for text in translations(entry)), entry.msgid


@pytest.mark.parametrize("locale", LOCALES)
def test_placeholders_agree(locale: str) -> None:
    """O5"""
    for entry in active(locale):
        wanted = set(_PLACEHOLDER.findall(entry.msgid)) | set(_PLACEHOLDER.findall(entry.msgid_plural or ""))
        for text in translations(entry):
            assert set(_PLACEHOLDER.findall(text)) == wanted, entry.msgid


@pytest.mark.parametrize("locale", LOCALES)
def test_spaces_around_a_text_agree(locale: str) -> None:
    """O5: in Chinese no space follows a full-width colon, so only what would glue words together is refused"""
    for entry in active(locale):
        for text in translations(entry):
            assert text.startswith("\n") == entry.msgid.startswith("\n"), entry.msgid
            assert text == text.strip("\r\t"), entry.msgid


@pytest.mark.parametrize(
    ("locale", "foreign", "own"), [("zh_Hant", _SIMPLIFIED, _TRADITIONAL), ("zh_Hans", _TRADITIONAL, _SIMPLIFIED)]
)
def test_no_sign_of_the_other_script(locale: str, foreign: str, own: str) -> None:
    """O5"""
    strange = set(foreign) - set(own)
    for entry in active(locale):
        for text in translations(entry):
            assert not strange & set(text), (entry.msgid, strange & set(text))


@pytest.mark.parametrize("locale", LOCALES)
def test_the_compiled_catalogue_is_that_of_the_source(locale: str) -> None:
    """O5"""
    compiled = polib.mofile(str(ROOT / "portal" / "locale" / locale / "LC_MESSAGES" / "django.mo"))
    have = {(entry.msgctxt or "", entry.msgid): translations(entry) for entry in compiled}
    assert have == {(entry.msgctxt or "", entry.msgid): translations(entry) for entry in active(locale)}, (
        "run compilemessages"
    )


def test_both_catalogues_know_the_same_texts() -> None:
    """O5"""
    assert keys("zh_Hant") == keys("zh_Hans")
