"""Chaining what was committed, in the order in which it is found.

A row that is written is signed at once but chained only after its commit, by one sealer at a time. So writers never
wait for each other, and a transaction that is rolled back leaves no hole in the chain.
"""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from portal.audit import chain, policy
from portal.audit.models import AuditDuty, AuditLink, AuditRecord

log = structlog.get_logger(__name__)


def seal(now: datetime, *, everything: bool = False) -> int:
    """Chain the rows that have no place yet; how many.

    It looks at the newest ids and somewhat behind them, or at the whole trail. A row that was not signed with our
    key, or that is a copy of another, gets no place: the verifier names it.
    """
    newest = AuditRecord.objects.aggregate(newest=Max("pk"))["newest"] or 0
    sealed, after = 0, -1 if everything else _floor()
    while after < newest:  # what is written meanwhile waits for the next time
        looked_at, done = _batch(after, newest, now)
        sealed, after = sealed + done, looked_at
    return sealed


def unsealed(after: int = -1) -> QuerySet[AuditRecord]:
    """The rows without a place in the chain, beyond an id."""
    links = AuditLink.objects.filter(record=OuterRef("pk"))
    return AuditRecord.objects.filter(~Exists(links), pk__gt=after).order_by("pk")


def end() -> AuditLink | None:
    """The newest link."""
    return AuditLink.objects.order_by("-position").first()


def copies(rows: Iterable[AuditRecord]) -> set[int]:
    """The ids of those that bear the mark of another row, which has a place or comes before."""
    marks = {row.pk: row.mark for row in rows}
    first: dict[object, int] = {}
    same = AuditRecord.objects.filter(mark__in=set(marks.values())).values_list("mark", "pk", "link__position")
    for mark, pk, _ in sorted(same, key=lambda row: (row[2] is None, row[1])):
        first.setdefault(mark, pk)
    return {pk for pk, mark in marks.items() if first[mark] != pk}


def _floor() -> int:
    last = end()
    return last.record_id - policy.STRAGGLERS if last else -1


@transaction.atomic
def _batch(after: int, newest: int, now: datetime) -> tuple[int, int]:
    """Chain some rows beyond an id: up to which id all were looked at, and how many got a place."""
    AuditDuty.objects.select_for_update().get_or_create(name="seal")
    rows = list(unsealed(after).filter(pk__lte=newest)[: policy.SEAL_BATCH])
    if not rows:
        return newest, 0
    copied = copies(rows)
    good = [row for row in rows if row.pk not in copied and chain.is_genuine(row)]
    if len(good) < len(rows):
        log.warning("audit.refused", rows=len(rows) - len(good))
    AuditLink.objects.bulk_create(_links(good, end(), now))
    return rows[-1].pk, len(good)


def _links(rows: Iterable[AuditRecord], last: AuditLink | None, now: datetime) -> list[AuditLink]:
    reached, before = (last.position, last.digest) if last else (0, "")
    links = []
    for position, row in enumerate(rows, reached + 1):
        before = chain.link(before, position=position, record=row.pk, mac=row.mac, sealed_at=now)
        links.append(AuditLink(position=position, record=row, sealed_at=now, digest=before))
    return links
