"""Many who write to the audit trail at the same moment, and more than one sealer: one chain, unbroken."""

from collections.abc import Callable
from pathlib import Path
from threading import Event as Flag

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer
from portal.audit import checking, heads, sealing
from portal.audit.events import Event
from portal.audit.models import AuditCheck, AuditHead, AuditLink, AuditRecord
from portal.audit.trail import record
from portal.messaging.models import Message
from portal.tasks import check, publish_head
from tests.races.together import together

WRITERS, SEALERS = 20, 2


def writer(customer: Customer, nth: int, deeds: int) -> Callable[[], int]:
    """Writes so many rows, each in a transaction; every seventh is rolled back. How many stand."""

    def write() -> int:
        stand = 0
        for deed in range(deeds):
            with transaction.atomic():
                record(Event.STAFF_SEARCHED, actor=customer, facts={"writer": nth, "deed": deed})
                if deed % 7 == 6:
                    transaction.set_rollback(True)
                else:
                    stand += 1
        return stand

    return write


def test_twenty_writers_and_two_sealers_leave_one_unbroken_chain(amy: Customer, soak: bool) -> None:
    """A6"""
    done = Flag()
    deeds = 500 if soak else 30
    writing: list[int] = []

    def seal() -> int:
        sealed = 0
        while not done.is_set():
            sealed += sealing.seal(timezone.now())
        return sealed

    def write(nth: int) -> Callable[[], int]:
        deed = writer(amy, nth, deeds)

        def run() -> int:
            try:
                stand = deed()
            finally:
                writing.append(nth)
                if len(writing) == WRITERS:
                    done.set()
            return stand

        return run

    results = together([*(write(nth) for nth in range(WRITERS)), *([seal] * SEALERS)])
    stand = sum(results[:WRITERS])
    report, _ = checking.check(timezone.now())
    assert report.faults == 0, [str(fault) for fault in report.worst]
    assert report.rows == stand == AuditRecord.objects.count() == WRITERS * (deeds - deeds // 7)
    assert sum(results[WRITERS:]) > 0, "the sealers were at it meanwhile"
    positions = AuditLink.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, stand + 1))
    for nth in range(WRITERS):
        mine = AuditRecord.objects.filter(facts__writer=nth).order_by("link__position")
        assert [row.facts["deed"] for row in mine] == [deed for deed in range(deeds) if deed % 7 != 6], "in their order"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time, whatever is written")
def test_a_writer_does_not_wait_for_another(amy: Customer) -> None:
    """A6: nor for the sealer"""
    first_wrote, second_done = Flag(), Flag()

    def slow() -> bool:
        with transaction.atomic():
            record(Event.STAFF_SEARCHED, actor=amy)
            first_wrote.set()
            return second_done.wait(10)

    def fast() -> bool:
        first_wrote.wait(10)
        record(Event.STAFF_SEARCHED, actor=amy)
        sealing.seal(timezone.now())
        second_done.set()
        return True

    assert together([slow, fast]) == [True, True]
    sealing.seal(timezone.now())
    assert AuditLink.objects.count() == 2


def test_two_schedulers_make_one_head_and_one_check(amy: Customer, settings: SettingsWrapper, tmp_path: Path) -> None:
    """O4"""
    settings.AUDIT_HEAD_DIRECTORY = str(tmp_path)
    for _ in range(3):
        record(Event.STAFF_SEARCHED, actor=amy)
    together([publish_head] * 4)
    assert AuditHead.objects.count() == Message.objects.filter(kind="audit.head").count() == 1
    assert heads.parse(AuditHead.objects.get().text).position == 3
    together([check] * 4)
    assert AuditCheck.objects.count() == 1
