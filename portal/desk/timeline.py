"""Everything that happened on one account, newest first: one page out of three tables that are read side by side.

Each page takes at most one more row than it shows from each table, beyond the last line of the page before, so it
costs the same however long the account exists.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer, SignIn
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.desk.guards import client_for, door, page, staff_with
from portal.desk.happenings import Happening, answers_to, of_message, of_record, of_sign_in
from portal.messaging.models import Message

PAGE = 50  # lines
SEES = "accounts.view_customer"

_PROPOSALS = [event for event in Event if event.startswith(("proposal.", "evidence."))]
_LETTERS = [event for event in Event if event.startswith(("letter.", "print_run."))]
_BY_STAFF = [
    Event.STAFF_VIEWED_CLIENT,
    Event.STAFF_REVEALED,
    Event.TEST_NOTICE_SENT,
    Event.IDENTITY_CHECK_FAILED,
    Event.STAFF_SEARCHED,
]
_ELSEWHERE = [*_PROPOSALS, *_LETTERS, *_BY_STAFF]
Key = int | UUID


@dataclass(frozen=True, slots=True)
class Source:
    """One table: its rows of a client, and the column of their time. Its place breaks ties between tables."""

    place: int
    name: str
    time: str
    rows: Callable[[Customer], QuerySet[Any]]
    key: Callable[[str], Key]


_SOURCES = {
    source.name: source
    for source in (
        Source(3, "record", "at", lambda client: AuditRecord.objects.filter(subject=client), int),
        Source(2, "message", "created_at", lambda client: Message.objects.filter(customer=client), UUID),
        Source(1, "login", "at", lambda client: SignIn.objects.filter(customer=client), int),
    )
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice of lines: from which tables, and which of their rows."""

    label: str | Promise
    sources: dict[str, Q]


FILTERS: dict[str, Filter] = {
    "all": Filter(gettext_lazy("Everything"), {name: Q() for name in _SOURCES}),
    "logins": Filter(gettext_lazy("Logins"), {"login": Q()}),
    "codes": Filter(gettext_lazy("Codes"), {"message": Q(is_code=True)}),
    "notices": Filter(gettext_lazy("Notices"), {"message": Q(is_code=False)}),
    "changes": Filter(
        gettext_lazy("Freezes and changes"), {"record": ~Q(event__in=[*_PROPOSALS, *_LETTERS, *_BY_STAFF])}
    ),
    "letters": Filter(gettext_lazy("Letters"), {"record": Q(event__in=_LETTERS)}),
    "proposals": Filter(gettext_lazy("Proposals"), {"record": Q(event__in=_PROPOSALS)}),
    "staff": Filter(gettext_lazy("Staff"), {"record": Q(event__in=_BY_STAFF)}),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: only what is older comes after it."""

    at: datetime
    source: Source
    key: Key

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.source.name}~{self.key}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """The place that a link names; None for anything else."""
        try:
            at_text, name, key = text.split("~")
            at, source = parse_datetime(at_text), _SOURCES[name]
            return cls(at, source, source.key(key)) if at and timezone.is_aware(at) else None
        except (KeyError, ValueError, OverflowError):
            return None

    def beyond(self, source: Source) -> Q:
        """The rows of a table that come after it."""
        older = Q(**{f"{source.time}__lt": self.at})
        if source.place > self.source.place:
            return older
        level = Q(**{source.time: self.at})
        return older | (level & Q(pk__lt=self.key) if source is self.source else level)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some lines, and where the next page begins; empty where there is none."""

    lines: list[Happening]
    next: str = ""


def read(client: Customer, *, chosen: str = "all", day: date | None = None, after: Place | None = None) -> Timeline:
    """The lines of a choice, of one day in Hong Kong or of all, beyond a place."""
    found: list[tuple[datetime, int, Any, Source]] = []
    for name, rule in FILTERS[chosen].sources.items():
        source = _SOURCES[name]
        rows = source.rows(client).filter(rule)
        if day:
            start = datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())
            limits = {f"{source.time}__gte": start, f"{source.time}__lt": start + timedelta(days=1)}
            rows = rows.filter(**limits)
        if after:
            rows = rows.filter(Q(**{f"{source.time}__lte": after.at}) & after.beyond(source))
        if name == "record":
            rows = rows.select_related("actor")
        newest = rows.order_by(f"-{source.time}", "-pk")[: PAGE + 1]
        found += [(getattr(row, source.time), source.place, row, source) for row in newest]
    found.sort(key=lambda each: (each[0], each[1], each[2].pk), reverse=True)
    shown = found[:PAGE]
    following = Place(shown[-1][0], shown[-1][3], shown[-1][2].pk) if len(found) > PAGE else None
    return Timeline(_lines([row for *_rest, row, _source in shown], client), str(following) if following else "")


def _lines(rows: Iterable[Any], client: Customer) -> list[Happening]:
    rows = list(rows)
    answers = answers_to(row for row in rows if isinstance(row, Message))
    lines = []
    for row in rows:
        if isinstance(row, SignIn):
            lines.append(of_sign_in(row))
        elif isinstance(row, Message):
            lines.append(of_message(row, answers))
        else:
            lines.append(of_record(row, client=client.pk))
    return lines


# --- The page ------------------------------------------------------------------------------------------


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of the timeline."""
    return [door(site, "accounts/customer/<int:pk>/timeline/", show, "desk_timeline")]


def show(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """One page of it, of what was chosen. A choice that makes no sense is said, and everything shown."""
    staff = staff_with(request, SEES)
    client = client_for(pk, staff, "timeline")
    asked = request.GET.get("kind", "all")
    chosen = asked if asked in FILTERS else "all"
    day, problem = _day(request.GET.get("day", ""))
    after = Place.read(request.GET.get("after", ""))
    found = read(client, chosen=chosen, day=day, after=after)
    facts = {
        "title": _("Timeline of %(client)s") % {"client": f"{client.login} {client.name}"},
        "client": client,
        "filters": [{"name": name, "label": each.label} for name, each in FILTERS.items()],
        "chosen": chosen,
        "day": day,
        "problem": problem,
        "timeline": found,
        "first": after is None,
    }
    return page(site, request, "timeline", facts)


def _day(text: str) -> tuple[date | None, str]:
    """The day that was asked for, or why there is none."""
    if not text.strip():
        return None, ""
    try:
        found = parse_date(text.strip())
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 9000:
        return None, _("This is no day: write it like 2026-01-31.")
    return found, ""
