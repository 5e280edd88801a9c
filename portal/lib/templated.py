"""A carrier's interface written down in settings: what is sent, as templates, and what its answers mean, as rules.

A template is a text with named fields in braces, `{to}`; a brace that is meant stands twice. A rule is a list such as
`2xx,messages.0.status=0|1`: HTTP statuses, and values at a place in a JSON answer. Everything is read once, at the
start; a mistake raises ValueError with the end of a sentence that begins with the setting's name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

#: What can stand in a template. `to_digits` is the number without its plus; `user` and `token` are the credentials.
FIELDS = frozenset({"reference", "to", "to_digits", "sender", "text", "validity", "user", "token"})
#: What no header may hold: proxies and servers write headers into their logs.
_NOT_IN_HEADERS = frozenset({"text", "to", "to_digits"})
_NUMBERS = frozenset({"validity"})  # alone in a string of a JSON body it is written as a number

_LONGEST = 4000  # characters of one setting
_DEEPEST = 8  # levels of a body, and steps to a place in an answer
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|xx)")
_PLACE = re.compile(r"[A-Za-z0-9_@-]{1,60}(?:\.[A-Za-z0-9_@-]{1,60}){0,7}")


def _fields(template: str) -> set[str]:
    """The fields of one template, each of them known and plain."""
    try:
        found = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(template)]
    except ValueError:
        raise ValueError("has a brace without its other half: a brace that is meant stands twice") from None
    names = {name for name, _, _ in found if name is not None}
    if any(spec or conversion for _, spec, conversion in found) or not names <= FIELDS:
        raise ValueError(f"may use the fields {', '.join(sorted(FIELDS))} and no others")
    return names


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a request."""

    templates: Mapping[str, str]

    def fill(self, values: Mapping[str, str]) -> dict[str, str]:
        """The headers with these values."""
        return {name: template.format_map(values) for name, template in self.templates.items()}


def headers(text: str) -> Headers:
    """Read `{"Authorization": "Bearer {token}"}`."""
    templates = _strings(_object(text))
    used: set[str] = set()
    for name, template in templates.items():
        if not (_HEADER.fullmatch(name) and template.isascii() and template.isprintable()):
            raise ValueError("must hold header names with plain values")
        used |= _fields(template)
    if used & _NOT_IN_HEADERS:
        raise ValueError("must not put the number or the text into a header, which servers write down")
    return Headers(templates)


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request: a JSON object, or the fields of a form."""

    template: Mapping[str, Any]
    form: bool

    def fill(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The body with these values."""
        return {name: self._filled(part, values) for name, part in self.template.items()}

    def _filled(self, part: Any, values: Mapping[str, str]) -> Any:
        if isinstance(part, str):
            number = part[1:-1] in _NUMBERS and part == f"{{{part[1:-1]}}}" and not self.form
            return int(values[part[1:-1]]) if number else part.format_map(values)
        if isinstance(part, dict):
            return {name: self._filled(inner, values) for name, inner in part.items()}
        if isinstance(part, list):
            return [self._filled(inner, values) for inner in part]
        return part


def body(text: str, *, form: bool) -> Body:
    """Read `{"to": "{to}", "text": "{text}"}`. A form is such an object too, of strings alone."""
    template = _object(text)
    used: set[str] = set()
    for part in _strings(template).values() if form else _leaves(template):
        used |= _fields(part)
    if not ({"to", "to_digits"} & used and "text" in used):
        raise ValueError("must use the fields {to} (or {to_digits}) and {text}")
    return Body(template, form)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"must be a JSON object of at most {_LONGEST} characters")
    return found


def _strings(found: Mapping[str, Any]) -> dict[str, str]:
    if not all(isinstance(value, str) for value in found.values()):
        raise ValueError("must hold strings alone")
    return dict(found)


def _leaves(part: Any, depth: int = 0) -> list[str]:
    """Every string in a body, wherever it stands."""
    if depth > _DEEPEST:
        raise ValueError(f"must be at most {_DEEPEST} levels deep")
    if isinstance(part, str):
        return [part]
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [leaf for value in inner for leaf in _leaves(value, depth + 1)]


@dataclass(frozen=True, slots=True)
class Rule:
    """HTTP statuses, and the values that are looked for at places in the answer."""

    statuses: frozenset[int]
    values: Mapping[str, frozenset[str]]

    def holds(self, status: int, answer: object) -> bool:
        """Whether the status is one of these and every value is found."""
        return status in self.statuses and all(found(answer, place) in wanted for place, wanted in self.values.items())

    def touches(self, status: int, answer: object) -> bool:
        """Whether the status is one of these or any value is found."""
        return status in self.statuses or any(found(answer, place) in wanted for place, wanted in self.values.items())


def rule(text: str) -> Rule:
    """Read `200,202,error.code=21211|21610`."""
    statuses: set[int] = set()
    values: dict[str, frozenset[str]] = {}
    for part in filter(None, (part.strip() for part in text[:_LONGEST].split(","))):
        place, equals, wanted = part.partition("=")
        if equals and _PLACE.fullmatch(place) and wanted and place not in values:
            values[place] = frozenset(wanted.split("|"))
        elif not equals and _STATUS.fullmatch(part):
            first = int(part.replace("xx", "00"))
            statuses |= set(range(first, first + 100)) if part.endswith("xx") else {first}
        else:
            raise ValueError("must read like 200,202 or 2xx,messages.0.status=0|1")
    return Rule(frozenset(statuses), values)


def place(text: str) -> str:
    """Read where something stands in an answer: `messages.0.id`, or nothing."""
    if text and not _PLACE.fullmatch(text):
        raise ValueError("must be a place in the answer, such as id or messages.0.id")
    return text


def found(answer: object, place: str) -> str:
    """What stands at a place in a JSON answer, as text; empty when nothing plain stands there."""
    for step in place.split("."):
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdecimal() and len(step) < _DEEPEST and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return ""
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return str(answer) if isinstance(answer, str | int) else ""
