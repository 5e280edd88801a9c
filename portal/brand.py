"""Whose portal this is: the broker's names, lines, addresses and links, read from one TOML file.

Words stand in three languages and print themselves in the active one. An empty value means that
the broker has no such thing, and the page then prints no line for it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language

BRANDS = Path(__file__).with_name("brands")


class BrandError(ImproperlyConfigured):
    """A brand file that cannot be used; the message is one sentence naming the file and the key."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in three languages; `str()` gives those of the active language."""

    zh_hant: str
    zh_hans: str
    en: str

    def __str__(self) -> str:
        match get_language():
            case "en":
                return self.en
            case "zh-hans":
                return self.zh_hans
            case _:
                return self.zh_hant

    def __bool__(self) -> bool:
        return bool(self.zh_hant)

    def in_language(self, language: str) -> str:
        """The words in one language. Raises KeyError for a language that the portal does not speak."""
        return {"zh-hant": self.zh_hant, "zh-hans": self.zh_hans, "en": self.en}[language]


class Phone(str):
    """A telephone number as it is printed; `tel` is the same number for a `tel:` link."""

    __slots__ = ()

    @property
    def tel(self) -> str:
        return self.replace(" ", "")


class Kind(StrEnum):
    """How a client reaches a trading platform."""

    WEB = "web"
    DESKTOP = "desktop"
    MOBILE = "mobile"


@dataclass(frozen=True, slots=True)
class Platform:
    """A trading platform that the same login guards; `address` is a web address or empty."""

    name: Text
    kind: Kind
    address: str


@dataclass(frozen=True, slots=True)
class Brand:
    """Everything the portal says about the broker. Only `name` and `sms_name` are never empty."""

    name: Text
    sms_name: Text  # short: it shares one SMS segment with the code
    sms_sender: str  # as registered, "#" included
    hotline_hong_kong: Phone
    hotline_mainland: Phone
    dealing_lines: tuple[Phone, ...]
    overseas_line: Phone
    fax: Phone
    email: str
    postal_address: Text
    hours: Text
    notice: Text  # a service notice on every page: typhoon, SMS trouble
    contact_form: str
    regulator_faq: str
    regulator_guidelines: str
    education_page: str
    platforms: tuple[Platform, ...]

    @property
    def hotline(self) -> Phone:
        """The one number for places with room for one only."""
        return self.hotline_hong_kong or self.hotline_mainland

    @property
    def hotlines(self) -> tuple[Phone, ...]:
        """The customer-service hotlines there are."""
        return tuple(line for line in (self.hotline_hong_kong, self.hotline_mainland) if line)

    @property
    def context_words(self) -> tuple[str, ...]:
        """What a stranger would try in a password: the broker's names."""
        return tuple(word for names in (self.name, self.sms_name) for word in (names.zh_hant, names.zh_hans, names.en))


@cache
def load_brand(name: str) -> Brand:
    """Read `brands/<name>.toml`. Raises BrandError unless every key is there, known and well formed."""
    known = sorted(path.stem for path in BRANDS.glob("*.toml"))
    if name not in known:
        raise BrandError(f"There is no brand {name!r}; known brands are: {', '.join(known)}.")
    path = BRANDS / f"{name}.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrandError(f"{path.name} is not TOML: {error}.") from error
    table = _Table(path.name, data)
    brand = Brand(
        name=table.required_text("name"),
        sms_name=table.required_text("sms_name"),
        sms_sender=table.words("sms_sender"),
        hotline_hong_kong=table.phone("hotline_hong_kong"),
        hotline_mainland=table.phone("hotline_mainland"),
        dealing_lines=table.phones("dealing_lines"),
        overseas_line=table.phone("overseas_line"),
        fax=table.phone("fax"),
        email=table.email("email"),
        postal_address=table.text("postal_address"),
        hours=table.text("hours"),
        notice=table.text("notice"),
        contact_form=table.address("contact_form"),
        regulator_faq=table.address("regulator_faq"),
        regulator_guidelines=table.address("regulator_guidelines"),
        education_page=table.address("education_page"),
        platforms=table.platforms("platforms"),
    )
    table.close()
    return brand


def current() -> Brand:
    """The brand that the BRAND setting names."""
    return load_brand(settings.BRAND)


class _Table:
    """One TOML table read key by key, so that a key nobody asked for can be named at the end."""

    def __init__(self, file: str, data: object, path: str = "") -> None:
        self._file = file
        self._path = path
        if not isinstance(data, dict):
            raise BrandError(f"{file}: {path!r} must be a table.")
        self._rest: dict[str, object] = dict(data)

    def _key(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _error(self, key: str, what: str) -> BrandError:
        return BrandError(f"{self._file}: {self._key(key)!r} {what}.")

    def _take(self, key: str) -> object:
        if key not in self._rest:
            raise self._error(key, "is missing; write it with an empty value if there is none")
        return self._rest.pop(key)

    def _take_list(self, key: str) -> list[object]:
        value = self._take(key)
        if not isinstance(value, list):
            raise self._error(key, "must be a list")
        return value

    def close(self) -> None:
        for key in self._rest:
            raise self._error(key, "is not a key of a brand")

    def words(self, key: str) -> str:
        return self._string(key, self._take(key))

    def _string(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self._error(key, "must be a string")
        return value.strip()

    def text(self, key: str) -> Text:
        table = _Table(self._file, self._take(key), self._key(key))
        text = Text(table.words("zh-hant"), table.words("zh-hans"), table.words("en"))
        table.close()
        filled = [bool(words) for words in (text.zh_hant, text.zh_hans, text.en)]
        if any(filled) and not all(filled):
            raise self._error(key, "must be written in all three languages or in none")
        return text

    def required_text(self, key: str) -> Text:
        text = self.text(key)
        if not text:
            raise self._error(key, "must not be empty")
        return text

    def phone(self, key: str) -> Phone:
        return self._phone(key, self._take(key))

    def phones(self, key: str) -> tuple[Phone, ...]:
        return tuple(self._phone(key, value) for value in self._take_list(key))

    def _phone(self, key: str, value: object) -> Phone:
        number = self._string(key, value)
        if number and not re.fullmatch(r"\+?[0-9]+( [0-9]+)*", number):
            raise self._error(key, "must be a telephone number of digits and single spaces")
        return Phone(number)

    def email(self, key: str) -> str:
        value = self.words(key)
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            raise self._error(key, "must be an e-mail address")
        return value

    def address(self, key: str) -> str:
        value = self.words(key)
        if value and not re.fullmatch(r"https?://\S+", value):
            raise self._error(key, "must be a web address with https://")
        return value

    def platforms(self, key: str) -> tuple[Platform, ...]:
        return tuple(self._platform(f"{key}.{index}", value) for index, value in enumerate(self._take_list(key)))

    def _platform(self, key: str, value: object) -> Platform:
        table = _Table(self._file, value, key)
        kind = table.words("kind")
        if kind not in list(Kind):
            raise table._error("kind", f"must be one of: {', '.join(Kind)}")
        platform = Platform(table.required_text("name"), Kind(kind), table.address("address"))
        table.close()
        return platform
