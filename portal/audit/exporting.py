"""A period of the trail as a file: CSV for spreadsheets, JSON lines for programs."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from portal.audit import policy
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.lib.cells import harmless

#: What stands in a file, in this order: everything that was signed, the names that go with it, and the chain.
COLUMNS = {
    "position": "link__position",
    "id": "id",
    "at": "at",
    "event": "event",
    "actor_id": "actor_id",
    "actor": "actor__login",
    "subject_id": "subject_id",
    "subject": "subject__login",
    "facts": "facts",
    "request_id": "request_id",
    "mark": "mark",
    "mac": "mac",
    "sealed_at": "link__sealed_at",
    "digest": "link__digest",
}
Row = dict[str, Any]


class PeriodError(Exception):
    """No period, or one that is too long; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Period:
    """From midnight of the first day to midnight after the last, in Hong Kong."""

    first: date
    last: date

    def rows(self) -> QuerySet[AuditRecord]:
        """What was done in it."""
        zone = timezone.get_default_timezone()
        start = datetime.combine(self.first, time.min, tzinfo=zone)
        end = datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=zone)
        return AuditRecord.objects.filter(at__gte=start, at__lt=end)


@dataclass(frozen=True, slots=True)
class Export:
    """A file on its way: its name, its type, and its lines as they are read."""

    name: str
    content_type: str
    lines: Iterator[str]


def export(period: Period, form: str, *, by: AbstractBaseUser | None) -> Export:
    """Record that a period leaves, and give it a page at a time. Raises `PeriodError`, `KeyError` for another form.

    What is written meanwhile is not in the file; the record of this export is the first such row.
    """
    content_type, lines_of = _FORMS[form]
    _ensure_bounded(period)
    rows = period.rows()
    found = rows.aggregate(newest=Max("pk"))["newest"] or 0
    rows = rows.filter(pk__lte=found)
    first, last = period.first.isoformat(), period.last.isoformat()
    facts: dict[str, str | int] = {"from": first, "to": last, "form": form, "rows": rows.count()}
    record(Event.AUDIT_EXPORTED, actor=by, facts=facts)
    name = f"audit-{first}-{last}.{form}"
    return Export(name, content_type, lines_of(in_pages(rows)))


def in_pages(rows: QuerySet[AuditRecord]) -> Iterator[Row]:
    """Rows in the order of their time, a page of them in memory."""
    ordered = rows.order_by("at", "pk").values_list(*COLUMNS.values())
    beyond = Q()
    while page := [dict(zip(COLUMNS, row, strict=True)) for row in ordered.filter(beyond)[: policy.PAGE]]:
        yield from page
        last = page[-1]
        beyond = Q(at__gte=last["at"]) & (Q(at__gt=last["at"]) | Q(pk__gt=last["id"]))


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """With a first line of names. What a spreadsheet could run is made harmless, so this form is for reading."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([harmless(value) for value in _plain(row).values()])


def json_lines(rows: Iterable[Row]) -> Iterator[str]:
    """One object a line, with the facts as they are: this form is exact."""
    for row in rows:
        yield json.dumps({**_plain(row), "facts": row["facts"]}, ensure_ascii=False) + "\n"


_FORMS: dict[str, tuple[str, Callable[[Iterable[Row]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_lines),
    "jsonl": ("application/x-ndjson; charset=utf-8", json_lines),
}
FORMS = tuple(_FORMS)


class _Line:
    """A file for the CSV writer that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def _plain(row: Row) -> Row:
    zone = timezone.get_default_timezone()
    times = {
        name: timezone.localtime(row[name], zone).isoformat(timespec="microseconds") if row[name] else None
        for name in ("at", "sealed_at")
    }
    facts = json.dumps(row["facts"], ensure_ascii=False, sort_keys=True)
    return {**row, **times, "facts": facts, "mark": str(row["mark"])}


def _ensure_bounded(period: Period) -> None:
    if period.last < period.first:
        raise PeriodError("The period ends before it begins.")
    if (period.last - period.first).days >= policy.EXPORT_DAYS:
        raise PeriodError(f"A period of up to {policy.EXPORT_DAYS} days can be exported at a time.")
