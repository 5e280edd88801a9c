"""The auditor's page: the trail by page and filter, its last check, and a period as a file."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Customer
from portal.audit import checking, heads, sealing
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.desk.audit import PAGE
from tests.actors import text_of
from tests.audit.owner import tamper
from tests.desk.conftest import clock, make_staff
from tests.desk.steps import Desk
from tests.twofactor.steps import Clock

__all__ = ["clock", "make_staff"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def auditor(make_staff: Callable[..., Customer]) -> Customer:
    """Who reads it."""
    return make_staff("lee2", "auditor")


@pytest.fixture
def inside(clock: Clock, auditor: Customer) -> Desk:
    """The auditor, logged in."""
    desk = Desk("198.51.100.77")
    assert desk.log_in("lee2").headers["Location"] == "/staff/"
    return desk


def read(desk: Desk, query: str = "") -> str:
    """The page."""
    answer = desk.get(f"audit/{query}")
    assert answer.status_code == 200
    return text_of(answer)


def test_the_page_tells_when_what_by_whom_on_which_account_in_hong_kong_time(
    inside: Desk, amy: Customer, auditor: Customer
) -> None:
    """A6"""
    row = record(Event.SESSIONS_ENDED, actor=auditor, subject=amy, facts={"reason": "left a public computer"})
    sealing.seal(timezone.now())
    when = f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}"
    assert f"{when} Sessions ended lee2 100001 reason: left a public computer" in read(inside)


def test_pages_follow_each_other_without_gap_or_double(inside: Desk, amy: Customer) -> None:
    """A6"""
    for nth in range(2 * PAGE + 5):
        record(Event.SESSIONS_ENDED, subject=amy, facts={"nth": f"n{nth:03d}n"})
    seen: list[str] = []
    before = ""
    for _ in range(3):
        answer = inside.get(f"audit/?event=sessions.ended{before}").content.decode()
        seen += [f"n{nth:03d}n" for nth in reversed(range(2 * PAGE + 5)) if f"n{nth:03d}n" in answer]
        if 'rel="next"' not in answer:
            break
        before = "&before=" + answer.split("before=")[-1].split('"')[0].split("&")[0]
    assert seen == [f"n{nth:03d}n" for nth in reversed(range(2 * PAGE + 5))]


def test_a_filter_shows_what_it_says_and_nothing_else(
    inside: Desk, amy: Customer, no_mobile: Customer, auditor: Customer, clock: Clock
) -> None:
    """A6"""
    record(Event.SESSIONS_ENDED, actor=auditor, subject=amy, facts={"mark": "first"})
    record(Event.ACCOUNT_FROZEN, subject=no_mobile, facts={"mark": "second"})
    today = timezone.localdate()
    for query, shown, hidden in (
        (f"?client={amy.login}", "first", "second"),
        ("?event=account.frozen", "second", "first"),
        ("?actor=lee2&event=sessions.ended", "first", "second"),
        (f"?first={today}&last={today}&client={amy.login}", "first", "second"),
    ):
        told = read(inside, query)
        assert f"mark: {shown}" in told, query
        assert f"mark: {hidden}" not in told, query
    assert "mark: first" not in read(inside, f"?last={today - timedelta(days=1)}")
    assert "mark: first" not in read(inside, "?client=999999")


@pytest.mark.parametrize(
    "query",
    ["?first=x", "?last=9999-12-31", "?first=0001-01-01", "?event=nothing", "?before=-1", "?before=" + "9" * 40,
     "?actor=%00", "?client=" + "x" * 4000],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_no_error(query: str, inside: Desk) -> None:
    read(inside, query)


def test_reading_and_exporting_are_recorded(inside: Desk, auditor: Customer) -> None:
    """A6"""
    read(inside, "?event=account.frozen")
    row = AuditRecord.objects.get(event=Event.AUDIT_READ)
    assert (row.actor, row.facts) == (auditor, {"filter": "event account.frozen"})


def test_the_page_says_what_the_last_check_found_and_how_far_the_last_head_reaches(inside: Desk, amy: Customer) -> None:
    """A6"""
    told = read(inside)
    assert "The trail was not checked yet." in told
    assert "No head was published yet." in told
    row = record(Event.SESSIONS_ENDED, subject=amy)
    sealing.seal(timezone.now())
    tamper(f"UPDATE audit_auditrecord SET request_id = 'x' WHERE id = {row.pk}")
    checking.check(timezone.now())
    told = read(inside)
    assert "1 faults." in told
    assert "edited. It does not say what was signed." in told


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_period_leaves_as_a_file_that_is_recorded_and_harmless(form: str, inside: Desk, amy: Customer) -> None:
    """A6"""
    record(Event.SESSIONS_ENDED, subject=amy, facts={"reason": "=1+1"})
    today = timezone.localdate()
    answer: Any = inside.post("audit/export/", {"first": today, "last": today, "form": form})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="audit-{today}-{today}.{form}"'
    lines = b"".join(part if isinstance(part, bytes) else part.encode() for part in answer.streaming_content)
    if form == "jsonl":
        facts = [json.loads(line)["facts"] for line in lines.decode().splitlines()]
        assert {"reason": "=1+1"} in facts
    assert not any(cell.startswith("=") for cell in lines.decode().replace("\n", ",").split(","))
    assert AuditRecord.objects.filter(event=Event.AUDIT_EXPORTED).count() == 1


@pytest.mark.parametrize(
    ("first", "last"), [("2035-11-19", "2035-11-18"), ("2034-01-01", "2035-11-19"), ("x", "2035-11-19"), ("", "")]
)
def test_a_period_that_is_none_or_too_long_is_refused(first: str, last: str, inside: Desk) -> None:
    """A6"""
    answer = inside.post("audit/export/", {"first": first, "last": last, "form": "csv"})
    assert answer.status_code == 200
    assert "errornote" in answer.content.decode() or "errorlist" in answer.content.decode()
    assert not AuditRecord.objects.filter(event=Event.AUDIT_EXPORTED).exists()


def test_a_page_costs_the_same_whatever_the_length_of_the_trail(inside: Desk, amy: Customer) -> None:
    """A6"""
    costs = []
    for number in (3, 3 * PAGE):
        for _ in range(number):
            record(Event.SESSIONS_ENDED, subject=amy)
        with CaptureQueriesContext(connection) as asked:
            read(inside)
        costs.append(sum("audit_" in each["sql"] for each in asked))  # not the session, not the emergency
    assert costs[0] == costs[1]


def test_the_head_of_a_day_stands_on_the_page(inside: Desk, amy: Customer, settings: Any, tmp_path: Any) -> None:
    """A6"""
    settings.AUDIT_HEAD_DIRECTORY = str(tmp_path)
    record(Event.SESSIONS_ENDED, subject=amy)
    heads.publish(timezone.now(), tell=lambda *_: None, alarm=lambda *_: None)
    assert "was published" in read(inside)
