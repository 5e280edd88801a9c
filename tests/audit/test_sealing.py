"""How rows get their places."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer
from portal.audit import policy, sealing
from portal.audit.events import Event
from portal.audit.models import AuditLink, AuditRecord
from portal.audit.trail import record
from portal.tasks import seal as sweep
from tests.audit.owner import tamper
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db


def write(number: int) -> list[AuditRecord]:
    return [record(Event.STAFF_SEARCHED, facts={"nth": nth}) for nth in range(number)]


def places() -> list[tuple[int, int]]:
    """Position and record of every link."""
    return list(AuditLink.objects.order_by("position").values_list("position", "record_id"))


def forget(row: AuditRecord) -> None:
    """As if its transaction had not committed yet."""
    tamper(f"DELETE FROM audit_auditrecord WHERE id = {row.pk}")


def test_writing_costs_one_statement(django_assert_num_queries: object, amy: Customer) -> None:
    """A6: and waits for nobody"""
    with django_assert_num_queries(1):  # type: ignore[operator]
        record(Event.PASSWORD_CHANGED, actor=amy, subject=amy, facts={"by": "client"})


def test_the_sweep_chains_what_was_committed(clock: Clock) -> None:
    """A6, O4"""
    rows = write(3)
    sweep()
    sweep()
    assert places() == [(nth + 1, row.pk) for nth, row in enumerate(rows)]
    assert timezone.now() - AuditLink.objects.get(position=3).sealed_at < timedelta(seconds=30)


def test_a_transaction_that_is_rolled_back_leaves_no_hole(db: None) -> None:
    """A6"""
    kept = write(1)
    with transaction.atomic():
        write(2)
        transaction.set_rollback(True)
    kept += write(1)
    assert sealing.seal(timezone.now()) == 2
    assert places() == [(1, kept[0].pk), (2, kept[1].pk)]


def test_a_row_that_commits_late_gets_a_place_at_the_end(db: None) -> None:
    """A6"""
    first, slow, last = write(3)
    forget(slow)
    assert sealing.seal(timezone.now()) == 2
    slow.save(force_insert=True)
    assert sealing.seal(timezone.now()) == 1
    assert places() == [(1, first.pk), (2, last.pk), (3, slow.pk)]


def test_a_row_that_commits_very_late_is_found_when_everything_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    """A6"""
    monkeypatch.setattr(policy, "STRAGGLERS", 1)
    slow, *rest = write(4)
    forget(slow)
    sealing.seal(timezone.now())
    slow.save(force_insert=True)
    assert sealing.seal(timezone.now()) == 0
    assert sealing.seal(timezone.now(), everything=True) == 1
    assert len(places()) == len(rest) + 1


def test_many_rows_are_chained_a_batch_at_a_time(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """A6"""
    monkeypatch.setattr(policy, "SEAL_BATCH", 4)
    write(11)
    assert sealing.seal(timezone.now()) == 11
    assert [position for position, _ in places()] == list(range(1, 12))


def test_what_is_refused_does_not_hold_up_what_is_genuine(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """A6"""
    monkeypatch.setattr(policy, "SEAL_BATCH", 2)
    for _ in range(5):
        AuditRecord.objects.create(event="forged", mac="a1:00")
    genuine = write(1)
    assert sealing.seal(timezone.now()) == 1
    assert places() == [(1, genuine[0].pk)]
