"""A period leaves as a file that is exact, bounded, harmless and recorded."""

import csv
import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import structlog
from django.core.management import CommandError, call_command

from accounts.models import Customer
from portal.audit import exporting, policy
from portal.audit.events import Event
from portal.audit.exporting import Period, PeriodError
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.lib.cells import harmless
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db
Trail = list[AuditRecord]
TODAY = Period(date(2035, 11, 19), date(2035, 11, 19))


def exported(form: str, period: Period = TODAY, by: Customer | None = None) -> str:
    return "".join(exporting.export(period, form, by=by).lines)


def objects(period: Period = TODAY) -> list[dict[str, object]]:
    return [json.loads(line) for line in exported("jsonl", period).splitlines()]


def test_json_lines_hold_everything_that_is_verified(trail: Trail, mak: Customer, amy: Customer) -> None:
    """A6"""
    rows = objects()
    assert [row["position"] for row in rows] == list(range(1, 10))
    fifth, row = trail[4], rows[4]
    assert row["facts"] == fifth.facts
    assert (row["actor"], row["actor_id"], row["subject"]) == ("mak", mak.pk, "100001")
    assert (row["mark"], row["mac"]) == (str(fifth.mark), fifth.mac)
    assert row["digest"]
    assert str(row["at"]).startswith("2035-11-19T10:")
    assert str(row["at"]).endswith("+08:00"), "Hong Kong"


def test_both_forms_hold_the_same_rows_whatever_the_page(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    """A6: also where many rows have the same time"""
    monkeypatch.setattr(policy, "PAGE", 2)
    assert [row["id"] for row in objects()] == [row.pk for row in trail]
    table = list(csv.DictReader(StringIO(exported("csv"))))
    assert [int(row["id"]) for row in table] == [*(row.pk for row in trail), AuditRecord.objects.latest("pk").pk - 1]
    assert list(table[0]) == list(exporting.COLUMNS)


def test_the_period_is_counted_in_hong_kong_with_both_days(clock: Clock, db: None) -> None:
    """A6"""
    at = []
    for moment in ("2035-11-18T15:59:59", "2035-11-18T16:00:00", "2035-11-19T15:59:59", "2035-11-19T16:00:00"):
        clock.move_to(f"{moment}+00:00")
        at.append(record(Event.STAFF_SEARCHED).pk)
    assert [row["id"] for row in objects()] == at[1:3]


def test_the_export_is_recorded_and_not_in_itself(trail: Trail, mak: Customer) -> None:
    """A6"""
    assert len(exported("csv", by=mak).splitlines()) == 10
    row = AuditRecord.objects.latest("pk")
    assert (row.event, row.actor) == (Event.AUDIT_EXPORTED, mak)
    assert row.facts == {"from": "2035-11-19", "to": "2035-11-19", "form": "csv", "rows": 9}


@pytest.mark.parametrize(
    ("first", "last"), [(date(2035, 1, 2), date(2035, 1, 1)), (date(2034, 1, 1), date(2035, 1, 2))]
)
def test_a_period_has_an_end_and_a_bound(trail: Trail, first: date, last: date) -> None:
    """A6"""
    with pytest.raises(PeriodError):
        exported("csv", Period(first, last))
    assert not AuditRecord.objects.filter(event=Event.AUDIT_EXPORTED).exists()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1+1", "\r\n=1", "\u200b=1", "|x", "%0A"])
def test_a_formula_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "amy", "a=b", "100001", "{}", "2035-11-19T10:00:00+08:00"])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_formula_in_any_text_is_harmless_in_the_file(clock: Clock, amy: Customer) -> None:
    """A6"""
    with structlog.contextvars.bound_contextvars(request_id="=HYPERLINK(1)"):
        row = record(Event.STAFF_SEARCHED, actor=amy, facts={"=x": '=cmd|"/c"!A1', "reason": 'a,"b"\r\n=1+1'})
    table = list(csv.DictReader(StringIO(exported("csv"), newline="")))
    assert table[0]["request_id"] == "'=HYPERLINK(1)"
    assert json.loads(table[0]["facts"]) == row.facts
    assert len(table) == 1
    assert not any(value.startswith(("=", "+", "-", "@")) for value in table[0].values())
    assert not any(line.startswith(("=", "+", "-", "@")) for line in exported("csv").splitlines())


def test_the_command_writes_a_new_file_for_its_owner_alone(trail: Trail, tmp_path: Path) -> None:
    """A6"""
    file = tmp_path / "out.jsonl"
    arguments = ["--from", "2035-11-19", "--to", "2035-11-19", "--output", str(file)]
    call_command("export_audit", *arguments, stdout=StringIO())
    assert len(file.read_text().splitlines()) == 9
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_audit", *arguments, stdout=StringIO())


def test_the_command_leaves_no_file_for_a_period_that_is_none(db: None, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    with pytest.raises(CommandError, match="ends before"):
        call_command("export_audit", "--from", "2035-11-19", "--to", "2035-11-18", "--output", str(file))
    assert not file.exists()
