"""Every page in three languages, and nothing in another one."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
import time_machine
from django.conf import settings

from accounts.models import Customer
from tests.actors import Handset, Visitor, text_of
from tests.sweeps.pages import every_page

pytestmark = pytest.mark.django_db
LANG = {"zh-hant": "zh-Hant-HK", "zh-hans": "zh-Hans", "en": "en"}
CATALOGUES = {"zh-hant": "zh_Hant", "zh-hans": "zh_Hans"}
#: Words of Taiwan where Hong Kong has its own.
NOT_HONG_KONG = ("簡訊", "帳號", "行動電話", "資訊安全碼", "登出入")
VOID = {"meta", "link", "input", "img", "br", "hr", "area", "base", "col", "embed", "source", "track", "wbr"}


class WellFormed(HTMLParser):
    """Every tag closed in order, every id once, every label with its field."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.points: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attrs)
        assert len(given) == len(attrs), f"an attribute twice in <{tag}>"
        self.ids += [given["id"] or ""] if "id" in given else []
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.points += (given.get(name) or "").split()

    def handle_endtag(self, tag: str) -> None:
        if tag in {"li", "p", "dt", "dd"} and self.open and self.open[-1] != tag:
            raise AssertionError(f"</{tag}> closes <{self.open[-1]}>")
        assert self.open
        assert self.open.pop() == tag, tag


def untranslated(language: str, text: str, known: list[polib.POEntry]) -> list[str]:
    """English sentences of the catalogue that stand in a page of another language."""
    return [entry.msgid for entry in known if entry.msgid in text and entry.msgid not in entry.msgstr]


def sentences(language: str) -> list[polib.POEntry]:
    """What the catalogue translates and is more than one word."""
    file = Path(settings.LOCALE_PATHS[0]) / CATALOGUES[language] / "LC_MESSAGES" / "django.po"
    entries = [entry for entry in polib.pofile(str(file)) if not entry.obsolete]
    return [entry for entry in entries if re.search(r"[a-z] [a-z]", entry.msgid) and "%" not in entry.msgid]


@pytest.mark.once
@pytest.mark.parametrize("language", LANG)
def test_every_page_speaks_one_language(
    language: str, amy: Customer, make_client: Callable[..., Customer], handset: Handset, clock: time_machine.Traveller
) -> None:
    """O5, L1"""
    known = sentences(language) if language in CATALOGUES else []
    seen = set()
    for name, page in every_page(language, amy, make_client, handset, clock):
        seen.add(name)
        body, text = page.content.decode(), text_of(page)
        assert page.status_code in {200, 403, 404, 405, 413, 429, 503}, name
        assert f'<html lang="{LANG[language]}">' in body, name
        parser = WellFormed()
        parser.feed(body)
        assert not parser.open, (name, parser.open)
        assert len(set(parser.ids)) == len(parser.ids), (name, "an id twice")
        assert set(parser.points) <= set(parser.ids), (name, set(parser.points) - set(parser.ids))
        assert re.search(r"<title>[^<]*\S – \S[^<]*</title>", body), (name, "title and brand")
        if language == "en":
            assert not re.search(r"[\u4e00-\u9fff]", text.replace("繁", "").replace("简", "")), name
        else:
            assert untranslated(language, text, known) == [], name
            assert not [word for word in NOT_HONG_KONG if word in text] or language == "zh-hans", name
    assert len(seen) > 45


@pytest.mark.parametrize("language", LANG)
def test_every_page_links_to_itself_in_the_other_languages(language: str, db: None) -> None:
    """O5"""
    for path in ("login/", "help/faq/", "privacy/", "login/session-ended/"):
        body = Visitor(language).get(path).content.decode()
        for code, lang in LANG.items():
            assert f'href="/{code}/{path}" lang="{lang}"' in body
