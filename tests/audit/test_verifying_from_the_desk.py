"""An auditor has the trail verified from the desk, against a head that they kept."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer
from portal import tasks
from portal.audit import checking, verifying
from portal.audit.events import Event
from portal.audit.heads import Head
from portal.audit.models import AuditCheck, AuditRecord
from portal.audit.trail import record
from tests.actors import text_of
from tests.audit.owner import tamper
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db
Trail = list[AuditRecord]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A worker that is at hand; what it was asked for."""
    asked: list[object] = []

    def at_once(arguments: tuple[Any, ...], **_options: Any) -> None:
        asked.append(arguments)
        tasks.verify(*arguments)

    monkeypatch.setattr(tasks.verify, "apply_async", at_once)
    return asked


@pytest.fixture
def inside(trail: Trail, make_staff: Callable[..., Customer]) -> Desk:
    """The auditor, logged in."""
    make_staff("lee2", "auditor")
    desk = Desk("198.51.100.77")
    assert desk.log_in("lee2").headers["Location"] == "/staff/"
    return desk


def ask(desk: Desk, head: str = "", name: str = "audit-head.txt") -> HttpResponse:
    """Press the button."""
    form = {"head": SimpleUploadedFile(name, head.encode())} if head else {}
    return desk.post("audit/verify/", form)


def test_an_auditor_verifies_with_a_head_and_reads_the_result(head: Head, inside: Desk, worker: list[object]) -> None:
    """A1, A6"""
    assert ask(inside, f"Some mail around it\n\n{head.text}\nBye").status_code == 302
    stored = AuditCheck.objects.get()
    assert (stored.faults, stored.heads) == (0, 1)
    assert f"{stored.records} rows, 1 heads, 0 faults" in text_of(inside.get("audit/verify/"))
    asked = AuditRecord.objects.get(event=Event.AUDIT_VERIFIED)
    assert (asked.actor and asked.actor.login, asked.facts) == ("lee2", {"heads": "audit-head.txt"})


def test_a_trail_that_does_not_fit_the_head_is_told(
    trail: Trail, head: Head, inside: Desk, worker: list[object]
) -> None:
    """A6: the last rows are gone, which only the kept head shows"""
    tamper("DELETE FROM audit_auditlink WHERE position > 0")
    tamper("DELETE FROM audit_auditrecord WHERE id > 0")
    ask(inside)
    ask(inside, head.text)
    with_head, without = AuditCheck.objects.all()
    assert (without.faults > 0, with_head.faults > 0) == (False, True)
    assert "otherwise" in text_of(inside.get("audit/verify/")) or "were deleted" in text_of(inside.get("audit/verify/"))


@pytest.mark.parametrize("text", ["nothing of the kind", "\x00" * 50, "Head of the audit trail, version 1\nday: x"])
def test_a_file_that_is_no_head_is_refused(text: str, inside: Desk, worker: list[object]) -> None:
    answer = ask(inside, text)
    assert answer.status_code == 200
    assert "no head of the audit trail" in text_of(answer)
    assert worker == []


def test_a_head_is_small(inside: Desk, worker: list[object]) -> None:
    assert ask(inside, "x" * 70_000).status_code == 413


def test_without_a_worker_the_page_says_so(inside: Desk) -> None:
    answer = ask(inside)
    assert answer.status_code == 200
    assert "No worker can be reached" in text_of(answer)
    assert not AuditRecord.objects.filter(event=Event.AUDIT_VERIFIED).exists()


def test_one_is_at_work_at_a_time(inside: Desk, worker: list[object]) -> None:
    """O4: a task that is handed out twice"""
    assert checking._claim(timezone.now(), checking._ASKED)
    assert "A verification is at work" in text_of(ask(inside))
    tasks.verify({})
    assert worker == []
    assert not AuditCheck.objects.exists()


def test_a_row_that_was_taken_away_before_it_was_chained_leaves_a_gap_that_is_told(trail: Trail, amy: Customer) -> None:
    """A6: it may as well have been rolled back, so it is no fault"""
    gone, after = record(Event.STAFF_SEARCHED, subject=amy), record(Event.STAFF_SEARCHED, subject=amy)
    with transaction.atomic():
        tamper(f"DELETE FROM audit_auditrecord WHERE id = {gone.pk}")
    report = verifying.verify({})
    assert report.faults == 0
    (gap,) = [each for each in report.unchecked if each.code == "id_gap"]
    assert gap.values == {"first": gone.pk, "last": gone.pk}
    assert after.pk > gone.pk
