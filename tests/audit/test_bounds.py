"""Verifying takes little time and memory, whatever the length of the trail."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Customer
from portal.audit import chain, heads, policy, verifying
from portal.audit.events import Event
from portal.audit.models import AuditLink, AuditRecord
from tests.audit.owner import tamper
from tests.surveillance import bulk

pytestmark = pytest.mark.django_db(transaction=True)

MOST_SECONDS, MOST_BYTES = 60, 200 * 1024**2
_BATCH = 5000


def rows(number: int, actor: Customer, subject: Customer, at: datetime) -> Iterator[AuditRecord]:
    """Signed, as `record` signs them."""
    for nth in range(number):
        row = AuditRecord(
            at=at + timedelta(milliseconds=nth),
            event=Event.STAFF_VIEWED_CLIENT,
            actor_id=actor.pk,
            subject_id=subject.pk,
            facts={"page": "timeline", "reference": f"{nth:08X}", "reason": "the caller asks about a code"},
            request_id=f"{nth:032x}",
            mark=UUID(int=nth),
        )
        row.mac = chain.sign(row)
        yield row


def write(number: int, actor: Customer, subject: Customer, at: datetime) -> None:
    """So many rows in their places."""
    before, position = "", 0
    source = rows(number, actor, subject, at)
    while batch := [*islice(source, _BATCH)]:
        links = []
        for row in AuditRecord.objects.bulk_create(batch):
            position += 1
            before = chain.link(before, position=position, record=row.pk, mac=row.mac, sealed_at=at)
            links.append(AuditLink(position=position, record_id=row.pk, sealed_at=at, digest=before))
        AuditLink.objects.bulk_create(links)


def test_a_long_trail_is_verified_in_little_time_and_memory(
    soak: bool, amy: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A6: a million rows, in full runs"""
    number = 1_000_000 if soak else 10_000
    write(number, amy, amy, timezone.now() - timedelta(days=1))
    last = AuditLink.objects.latest("position")
    head = heads.sign(timezone.localdate(), timezone.now(), last.position, last.digest)
    began = time.monotonic()
    with bulk.measured() as memory:
        report = verifying.verify({"kept.txt": head})
    seconds = time.monotonic() - began
    if soak:
        with capsys.disabled():
            print(
                f"\n{number} rows of the audit trail verified: {seconds:.1f} s, {memory.ours / 1e6:.0f} MB here, "
                f"{memory.theirs / 1e6:.0f} MB in the database's processes"
            )
    assert (report.faults, report.rows, report.unchecked) == (0, number, [])
    assert seconds < MOST_SECONDS
    assert memory.ours + memory.theirs < MOST_BYTES
    middle = AuditLink.objects.get(position=number // 2)
    tamper(f"UPDATE audit_auditrecord SET request_id = 'x' WHERE id = {middle.record_id}")
    report = verifying.verify({})
    assert report.faults == 1
    assert str(report.worst[0].values["row"]).startswith(f"{number // 2} (id {middle.record_id}, ")
    assert policy.PAGE < 10_000, "more than a page was walked"
