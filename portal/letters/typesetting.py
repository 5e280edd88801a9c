"""From letters to the one file that goes to the printer: a page of A4 each, in Chinese and in English.

Nothing touches a disk: what is printed goes to the typesetter in memory, and the file comes back in memory.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from portal import brand
from portal.brand import Text
from portal.letters import codes, glyphs, policy, wording
from portal.letters.models import Kind

SOURCES = Path(__file__).with_name("typst")
REGIONS = {"zh-hant": ("zh", "HK"), "zh-hans": ("zh", "CN"), "en": ("en", "GB")}
_TYPESETTER = Path(__file__).with_name("typesetter.py")


class TypesettingFailed(Exception):
    """No file came out. The message tells nothing of what was to be printed."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on one letter. `address` has line breaks, `tail` is the end of the account number."""

    kind: Kind
    reference: str
    name: str
    address: str
    language: str  # of the client: zh-hant, zh-hans or en
    code: str = field(repr=False)
    tail: str
    printed_on: date
    valid_until: date


def letters(sheets: Sequence[Sheet]) -> bytes:
    """One PDF with a page for each letter, in this order, and a full run of them at most.

    Raises `TypesettingFailed`, for one: if a name or an address has a sign that `glyphs.missing` names.
    """
    house = brand.current()
    run = {
        "title": f"{house.name.in_language('zh-hant')} {wording.RUN.zh_hant} {wording.RUN.en}",
        "brand": house.name.en,
        "sheets": [_page(sheet) for sheet in sheets],
    }
    return typeset("letter.typ", run)


def typeset(source: str, content: dict[str, Any]) -> bytes:
    """The PDF that a source in `SOURCES` makes of this content. Raises `TypesettingFailed`."""
    # One thread: it is no slower over many pages, and the other cores have clients to serve. Nothing else of our
    # environment, whose secrets a typesetter has no use for.
    alone = {"RAYON_NUM_THREADS": "1"}
    command = [sys.executable, "-I", str(_TYPESETTER), str(SOURCES / source), str(glyphs.FONTS)]
    data = json.dumps(content, ensure_ascii=False).encode()
    try:
        done = subprocess.run(  # noqa: S603 -- our own program
            command, input=data, capture_output=True, env=alone, timeout=policy.TYPESETTING, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        # What it wrote about its trouble may quote what it was to print.
        raise TypesettingFailed(f"{source} was not typeset: {type(error).__name__}") from None
    return done.stdout


def _page(sheet: Sheet) -> dict[str, Any]:
    """The content of a letter, every text as a pair: Chinese, then English."""
    house, chinese = brand.current(), "zh-hans" if sheet.language == "zh-hans" else "zh-hant"

    def pair(text: Text, **values: str) -> tuple[str, str]:
        return text.in_language(chinese).format(**values), text.en.format(**values)

    def dated(text: Text, on: date) -> tuple[str, str]:
        return text.in_language(chinese).format(date=_chinese(on)), text.en.format(date=_english(on))

    facts = [
        (wording.REFERENCE, sheet.reference),
        (wording.PRINTED_ON, f"{_chinese(sheet.printed_on)} / {_english(sheet.printed_on)}"),
        (wording.ACCOUNT, sheet.tail),
    ]
    return {
        "region": REGIONS[chinese][1],
        "sender": pair(house.name),
        "name": sheet.name,
        "address": sheet.address.split("\n"),
        "confidential": pair(wording.CONFIDENTIAL),
        "facts": [{"label": pair(label), "value": value} for label, value in facts],
        "subject": pair(wording.SUBJECT[sheet.kind]),
        "opening": _columns(pair(text) for text in wording.OPENING[sheet.kind]),
        "code-label": pair(wording.CODE),
        "code": codes.grouped(sheet.code),
        "valid": dated(wording.VALID_UNTIL, sheet.valid_until),
        "todo": pair(wording.WHAT_TO_DO),
        "steps": _columns(pair(text) for text in wording.STEPS[sheet.kind]),
        "closing": _columns(pair(text) for text in wording.CLOSING),
        "contact": (contacts(house, chinese), contacts(house, "en")),
        "reference": sheet.reference,
        "page": pair(wording.PAGE),
    }


def contacts(house: brand.Brand, language: str) -> list[str]:
    """The lines that say whom to call and when; none for what the broker has not."""
    lines = (
        (wording.HOTLINE_HONG_KONG, house.hotline_hong_kong),
        (wording.HOTLINE_MAINLAND, house.hotline_mainland),
        (wording.HOURS, house.hours and house.hours.in_language(language)),
    )
    return [line.in_language(language).format(value=value) for line, value in lines if value]


def _columns(pairs: Iterator[tuple[str, str]]) -> tuple[list[str], list[str]]:
    both = list(pairs)
    return [chinese for chinese, _ in both], [english for _, english in both]


def _chinese(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def _english(on: date) -> str:
    return f"{on.day} {wording.MONTHS[on.month - 1]} {on.year}"
