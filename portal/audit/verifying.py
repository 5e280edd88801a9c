"""Walking the whole trail: is every row what was written, in its place, with none missing?

Bounded memory whatever its length: a page of rows at a time. It reads, and changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F, Window
from django.db.models.functions import Lead
from django.utils import timezone

from portal.audit import append_only, chain, heads, policy, sealing
from portal.audit.events import Event
from portal.audit.heads import Head, HeadError
from portal.audit.models import AuditHead, AuditLink, AuditRecord
from portal.audit.words import Finding, Value

_COLUMNS = ("pk", "at", "event", "actor_id", "subject_id", "facts", "request_id", "mark", "mac")


@dataclass
class Report:
    """What was looked at, what is wrong, and what could not be told. Faults come in the order of the rows."""

    rows: int = 0
    last: int = 0  # position
    heads: int = 0
    faults: int = 0
    worst: list[Finding] = field(default_factory=list)
    unchecked: list[Finding] = field(default_factory=list)

    def fault(self, code: str, **values: Value) -> None:
        """Count one, and keep it if it is among the first."""
        self.faults += 1
        if len(self.worst) < policy.FAULTS:
            self.worst.append(Finding(code, values))

    def open(self, code: str, **values: Value) -> None:
        """Something that could not be checked."""
        self.unchecked.append(Finding(code, values))


def verify(kept: Mapping[str, Head]) -> Report:
    """Walk the trail against the heads that we have and those that were kept elsewhere, by the name of their file."""
    report = Report()
    expected = _Heads(report, kept)
    _Walk(report, expected).run()
    expected.settle()
    _unchained(report)
    _gaps(report)
    for table in append_only.unguarded():
        report.fault("unguarded", table=table)
    return report


class _Heads:
    """What heads say of positions: ours, and those that were kept elsewhere."""

    def __init__(self, report: Report, kept: Mapping[str, Head]) -> None:
        self._report = report
        self._open: defaultdict[int, list[tuple[str, Head]]] = defaultdict(list)
        ours = dict(_stored(report))
        for name, head in [*ours.items(), *kept.items()]:
            if head.signed:
                self._open[head.position].append((name, head))
                report.heads += 1
            else:
                report.fault("forged_head", head=name)
        self._kept = set(kept)
        self._newest = max((head.position for head in (kept or ours).values()), default=0)

    def compare(self, position: int, digest: str) -> None:
        """The walk has come to a position."""
        for name, head in self._open.pop(position, ()):
            if head.digest != digest:
                self._report.fault("rewritten", position=position, head=name)

    def settle(self) -> None:
        """The walk has come to its end."""
        report = self._report
        for position, name in sorted((position, name) for position, each in self._open.items() for name, _ in each):
            if position > report.last:
                report.fault("truncated", last=report.last, position=position, head=name)
            elif position and name in self._kept:
                report.open("head_before", position=position, head=name)
        if not self._kept:
            report.open("no_head")
        if self._newest < report.last:
            report.open("after_heads", first=self._newest + 1, last=report.last)


def _stored(report: Report) -> Iterator[tuple[str, Head]]:
    for row in AuditHead.objects.order_by("day").iterator():
        name = heads.file_name(row.day)
        try:
            head = heads.parse(row.text)
        except HeadError:
            report.fault("forged_head", head=name)
            continue
        yield name, head


class _Walk:
    """From the first position to the last."""

    def __init__(self, report: Report, expected: _Heads) -> None:
        self._report = report
        self._expected = expected
        self._before: str | None = ""  # the digest of the link before; None where that is gone

    def run(self) -> None:
        """A page at a time."""
        self._begin()
        while page := _links(self._report.last):
            records = _records(page[0].position, page[-1].position)
            for link in page:
                self._look_at(link, records.get(link.record_id))

    def _begin(self) -> None:
        """The chain starts with row 1, or behind what was retired."""
        first = AuditLink.objects.order_by("position").values_list("position", flat=True).first() or 1
        if first == 1:
            return
        self._report.last = first - 1
        found = AuditRecord.objects.filter(event=Event.AUDIT_RETIRED, facts__through=first - 1).order_by("-pk").first()
        if found and chain.is_genuine(found):
            self._before = str(found.facts["digest"])
            self._report.open("retired", last=first - 1, at=_time(found.at))
        else:
            self._before = None
            self._report.fault("beheaded", last=first - 1)

    def _look_at(self, link: Any, record: Any) -> None:
        report = self._report
        if link.position > report.last + 1:
            report.fault("gap", first=report.last + 1, last=link.position - 1)
            self._before = None
        if record is None:
            report.fault("deleted", row=link.position)
        elif not _known(record.mac):
            report.fault("unknown_key", row=_named(record, link), key=record.mac.partition(":")[0])
        elif not chain.is_genuine(record):
            report.fault("edited", row=_named(record, link))
        elif self._before is not None and not chain.is_linked(
            link.digest,
            self._before,
            position=link.position,
            record=record.pk,
            mac=record.mac,
            sealed_at=link.sealed_at,
        ):
            report.fault("displaced", row=_named(record, link))
        self._expected.compare(link.position, link.digest)
        self._before = link.digest
        report.last = link.position
        report.rows += 1


def _links(after: int) -> list[Any]:
    rows = AuditLink.objects.filter(position__gt=after).order_by("position")
    return list(rows.values_list("position", "record_id", "sealed_at", "digest", named=True)[: policy.PAGE])


def _records(first: int, last: int) -> dict[int, Any]:
    rows = AuditRecord.objects.filter(link__position__range=(first, last)).order_by()
    return {row.pk: row for row in rows.values_list(*_COLUMNS, named=True)}


def _known(mac: str) -> bool:
    return mac.partition(":")[0] in settings.AUDIT_KEYS


def _named(record: Any, link: Any = None) -> str:
    place = f"{link.position} " if link else ""
    return f"{place}(id {record.pk}, {_time(record.at)}, {record.event})"


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at, timezone.get_default_timezone()):%Y-%m-%d %H:%M:%S}"


def _unchained(report: Report) -> None:
    """Rows without a place: on their way to the sealer, or refused by it."""
    number, oldest, after = 0, None, -1
    while page := list(sealing.unsealed(after)[: policy.PAGE]):
        copied = sealing.copies(page)
        for row in page:
            if not chain.is_genuine(row):
                report.fault("inserted", row=_named(row))
            elif row.pk in copied:
                report.fault("copied", row=_named(row))
            else:
                number, oldest = number + 1, min(oldest or row.at, row.at)
        after = page[-1].pk
    if oldest:
        report.open("not_chained", number=number, at=_time(oldest))


def _gaps(report: Report) -> None:
    """Ids between the first and the last that no row has: rolled back, or taken away before they were chained."""
    numbered = AuditRecord.objects.order_by("pk").annotate(next=Window(Lead("pk"), order_by="pk"))
    missing = numbered.filter(next__gt=F("pk") + 1).values_list("pk", "next")
    for before, after in missing[: policy.GAPS]:
        report.open("id_gap", first=before + 1, last=after - 1)
    total = missing.count()
    if total > policy.GAPS:
        report.open("id_gaps", number=total)
