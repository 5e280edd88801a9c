"""How rows leave after seven years."""

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer
from portal.audit import append_only, checking, heads, retiring
from portal.audit.events import Event
from portal.audit.heads import Head
from portal.audit.models import AuditLink, AuditRecord
from portal.audit.retiring import RetireError
from portal.audit.trail import record
from tests.audit.owner import tamper
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
Trail = list[AuditRecord]
LATER = "2043-01-10T02:00:00+00:00"
BEFORE = date(2035, 11, 20)


@pytest.fixture
def later(trail: Trail, clock: Clock, mak: Customer) -> list[AuditRecord]:
    """Three rows of the day after, and then seven years."""
    clock.move_to("2035-11-20T02:00:00+00:00")
    rows = [record(Event.STAFF_SEARCHED, actor=mak) for _ in range(3)]
    clock.move_to(LATER)
    return rows


def faults() -> list[str]:
    report, _ = checking.check(timezone.now())
    return [fault.code for fault in report.worst]


def test_old_rows_leave_into_a_file_and_the_rest_is_unbroken(
    trail: Trail, later: Trail, tmp_path: Path, head: Head
) -> None:
    """O7, A6"""
    file = tmp_path / "old.jsonl"
    retired = retiring.retire(BEFORE, to=file, now=timezone.now())
    assert (retired.rows, retired.through) == (9, 9)
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == [row.pk for row in trail]
    assert retired.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert AuditLink.objects.order_by("position")[0].position == 10
    assert not AuditRecord.objects.filter(pk__in=[row.pk for row in trail]).exists()
    report, _ = checking.check(timezone.now(), kept={"kept.txt": head})
    assert report.faults == 0
    assert {"retired", "head_before"} <= {each.code for each in report.unchecked}
    assert append_only.unguarded() == []


def test_it_is_recorded(later: Trail, tmp_path: Path) -> None:
    """O7"""
    retiring.retire(BEFORE, to=tmp_path / "old.jsonl", now=timezone.now())
    row = AuditRecord.objects.get(event=Event.AUDIT_RETIRED)
    assert (row.facts["through"], row.facts["rows"], row.facts["file"]) == (9, 9, "old.jsonl")


def test_what_says_where_the_trail_goes_on_cannot_be_changed(later: Trail, tmp_path: Path) -> None:
    """A6"""
    retiring.retire(BEFORE, to=tmp_path / "old.jsonl", now=timezone.now())
    assert faults() == []
    tamper("DELETE FROM audit_auditrecord WHERE id = (SELECT record_id FROM audit_auditlink WHERE position = 10)")
    tamper("DELETE FROM audit_auditlink WHERE position = 10")
    assert faults() == ["beheaded"]


def test_it_can_be_done_again_a_year_later(later: Trail, tmp_path: Path, clock: Clock) -> None:
    """O7"""
    retiring.retire(BEFORE, to=tmp_path / "first.jsonl", now=timezone.now())
    retired = retiring.retire(date(2035, 11, 21), to=tmp_path / "second.jsonl", now=timezone.now())
    assert (retired.rows, retired.through) == (3, 12)
    assert faults() == []


def test_stored_heads_of_what_left_are_no_faults(trail: Trail, clock: Clock, mak: Customer, tmp_path: Path) -> None:
    """O7"""
    heads.publish(timezone.now(), tell=lambda *_: None, alarm=lambda *_: None)
    clock.move_to(LATER)
    retiring.retire(BEFORE, to=tmp_path / "old.jsonl", now=timezone.now())
    assert faults() == []


def test_nothing_leaves_within_the_retention(later: Trail, tmp_path: Path, clock: Clock) -> None:
    """O7"""
    clock.move_to("2042-11-01T02:00:00+00:00")
    with pytest.raises(RetireError, match="are kept for"):
        retiring.retire(BEFORE, to=tmp_path / "old.jsonl", now=timezone.now())
    assert not (tmp_path / "old.jsonl").exists()


def test_nor_within_a_longer_one_that_compliance_asked_for(later: Trail, tmp_path: Path, settings: Settings) -> None:
    """O7"""
    settings.RETENTION_AUDIT = timedelta(days=8 * 366)
    with pytest.raises(RetireError, match="are kept for 2928 days"):
        retiring.retire(BEFORE, to=tmp_path / "old.jsonl", now=timezone.now())


def test_nothing_leaves_a_broken_trail(trail: Trail, later: Trail, tmp_path: Path) -> None:
    """O7, A6"""
    tamper(f"UPDATE audit_auditrecord SET event = 'x' WHERE id = {trail[4].pk}")
    with pytest.raises(RetireError, match="broken"):
        retiring.retire(BEFORE, to=tmp_path / "old.jsonl", now=timezone.now())
    assert AuditRecord.objects.count() == 12


def test_nothing_leaves_without_a_file(later: Trail, tmp_path: Path) -> None:
    """O7"""
    file = tmp_path / "old.jsonl"
    file.write_text("here already")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("retire_audit", "--before", "2035-11-20", "--output", str(file))
    assert (file.read_text(), AuditRecord.objects.count()) == ("here already", 12)


def test_nothing_to_retire_is_said(later: Trail, tmp_path: Path) -> None:
    """O7"""
    with pytest.raises(RetireError, match="No row"):
        retiring.retire(date(2035, 11, 1), to=tmp_path / "old.jsonl", now=timezone.now())
