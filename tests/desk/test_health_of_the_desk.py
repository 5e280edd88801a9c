"""What waits, and how many accounts were frozen, on the page of text messages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Customer
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.desk import gateways
from portal.messaging import policy
from portal.messaging.models import Message, State
from tests.actors import text_of
from tests.desk.steps import Desk
from tests.twofactor.steps import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.each]


def put(client: Customer, seconds: int, *, is_code: bool, state: str = State.QUEUED) -> None:
    """A message that was put so long ago."""
    now = timezone.now()
    Message.objects.create(
        channel="sms", kind="code.login" if is_code else "notice.login", is_code=is_code, customer=client,
        to_masked="x", state=state, created_at=now - timedelta(seconds=seconds), expires_at=now,
    )  # fmt: skip


def test_the_page_tells_how_many_codes_and_notices_wait_and_for_how_long(
    clock: Clock, amy: Customer, mak_inside: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O3"""
    assert "Codes 0 — Notices 0 —" in text_of(mak_inside.get("gateways/"))
    for seconds, is_code, state in (
        (4, True, State.QUEUED),
        (9, True, State.SENDING),
        (90, True, State.SENT),
        (75, False, State.QUEUED),
    ):
        put(amy, seconds, is_code=is_code, state=state)
    assert "Codes 2 9 s Notices 1 75 s" in text_of(mak_inside.get("gateways/"))
    monkeypatch.setattr(policy, "WAITING_COUNTED", 2)
    put(amy, 1, is_code=True)
    assert "Codes 2 or more 9 s Notices 1 75 s" in text_of(mak_inside.get("gateways/"))


def test_the_page_tells_how_many_accounts_were_frozen_in_each_hour_of_the_last_day(
    clock: Clock, amy: Customer, make_client: Callable[..., Customer], mak_inside: Desk
) -> None:
    """L11"""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    moments = [hour, hour - timedelta(seconds=1), hour - timedelta(minutes=59), hour - timedelta(hours=24)]
    for at in moments:
        AuditRecord.objects.create(subject=amy, event=Event.ACCOUNT_FROZEN, at=at, mac="x")
    AuditRecord.objects.create(subject=amy, event=Event.ACCOUNT_UNFROZEN, at=hour, mac="x")
    names = [f"{timezone.localtime(hour - timedelta(hours=nth)):%m-%d %H:%M}" for nth in range(gateways.HOURS)]
    wanted = " ".join(f"{name} {count}" for name, count in zip(names, [1, 2] + [0] * 22, strict=True))
    assert wanted in text_of(mak_inside.get("gateways/"))


def test_frozen_accounts_are_counted_on_an_index(db: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        gateways._freezes(timezone.now())
    (query,) = [each["sql"] for each in asked]
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{explain} {query}")
        assert "audit_of_freezes" in str(cursor.fetchall())
