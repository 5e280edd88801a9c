"""How rows leave after their retention: by hand, from the beginning, into a file, and never without a trace.

The trail then begins behind them, with a row of its own that says where the chain went on. Only the owner of the
tables can do this, for the rule that rows stay is switched off inside the one transaction that takes them out.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from portal.audit import append_only, checking, exporting, sealing
from portal.audit.events import Event
from portal.audit.models import AuditLink, AuditRecord
from portal.audit.trail import record


class RetireError(Exception):
    """Why nothing was retired, in one sentence."""


@dataclass(frozen=True, slots=True)
class Retired:
    """What left."""

    rows: int
    through: int  # position
    sha256: str


def retire(before: date, *, to: Path, now: datetime) -> Retired:
    """Move every row from before a day in Hong Kong into a file of JSON lines. Raises `RetireError`.

    Nothing leaves unless the whole trail is unbroken, and nothing is deleted before it stands in the file.
    """
    start = datetime.combine(before, time.min, tzinfo=timezone.get_default_timezone())
    if start > now - settings.RETENTION_AUDIT:
        raise RetireError(f"Rows are kept for {settings.RETENTION_AUDIT.days} days: name an earlier day.")
    report, _ = checking.check(now)
    if report.faults:
        raise RetireError("The trail is broken: verify_audit says where. Nothing was retired.")
    through = _through(start)
    if through is None:
        raise RetireError("No row is from before that day.")
    leaving = AuditRecord.objects.filter(link__position__lte=through.position)
    with transaction.atomic():
        rows = leaving.count()
        sha256 = _store(to, leaving)
        facts: dict[str, str | int] = {
            "through": through.position,
            "digest": through.digest,
            "rows": rows,
            "file": to.name,
            "sha256": sha256,
        }
        record(Event.AUDIT_RETIRED, facts=facts)
        sealing.seal(now)  # so that the chain goes on behind what leaves, also where nothing else is left
        _delete(through.position)
    return Retired(rows, through.position, sha256)


def _through(start: datetime) -> AuditLink | None:
    """The last link before the first row that stays."""
    stays = AuditLink.objects.filter(record__at__gte=start).aggregate(first=Min("position"))["first"]
    older = AuditLink.objects.order_by("-position")
    return (older if stays is None else older.filter(position__lt=stays)).first()


def _store(to: Path, leaving: QuerySet[AuditRecord]) -> str:
    """Write the file, which must not exist yet; its SHA-256."""
    digest = hashlib.sha256()
    try:
        with to.open("xb") as file:
            for line in exporting.json_lines(exporting.in_pages(leaving)):
                digest.update(line.encode())
                file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RetireError(f"{to} cannot be written: {error.strerror}. Nothing was retired.") from None
    return digest.hexdigest()


def _delete(through: int) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # a foreign key's trigger that waits keeps the table from being altered
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        append_only.remove(connection)
        cursor.execute(
            "DELETE FROM audit_auditrecord WHERE id IN (SELECT record_id FROM audit_auditlink WHERE position <= %s)",
            [through],
        )
        cursor.execute("DELETE FROM audit_auditlink WHERE position <= %s", [through])
        append_only.install(connection)
