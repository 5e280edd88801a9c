"""The report on the desk."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Customer, Finding, FindingClient, FindingKind, StaffDay, SurveillanceReport
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import text_of
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db

DAY = date(2035, 11, 18)
PATH = "surveillance/2035-11-18/"


@pytest.fixture
def report(db: None) -> SurveillanceReport:
    """A report that was made."""
    now = timezone.now()
    return SurveillanceReport.objects.create(
        day=DAY, claimed_until=now, made_at=now, attempts=1234, totals={FindingKind.ACCOUNTS_OF_ADDRESS: 60}
    )


def find(report: SurveillanceReport, *clients: Customer, key: str = "203.0.113.7", place: int = 1) -> Finding:
    """A finding that concerns some clients."""
    finding = Finding.objects.create(
        report=report, kind=FindingKind.ACCOUNTS_OF_ADDRESS, place=place, key=key, measure=77, successes=2,
        clients=len(clients) + 5,
    )  # fmt: skip
    FindingClient.objects.bulk_create(
        FindingClient(finding=finding, customer=client, place=nth) for nth, client in enumerate(clients, 1)
    )
    return finding


def test_each_finding_leads_to_the_clients_concerned(
    report: SurveillanceReport, amy: Customer, no_mobile: Customer, ng: Customer, ng_inside: Desk
) -> None:
    """L11"""
    find(report, amy, no_mobile)
    StaffDay.objects.create(report=report, staff=ng, searches=7, reveals=3, unfreezes=1)
    response = ng_inside.get(PATH)
    html, told = response.content.decode(), text_of(response)
    for client in (amy, no_mobile):
        assert f'href="/staff/accounts/customer/{client.pk}/">{client.login}</a>' in html
    assert "203.0.113.7 77 2 100001 100004 and more: 7 in all" in told
    assert "Many accounts from one network address: 60" in told
    assert "The worst 1 of 60 are kept." in told
    assert "Login after many failures: 0 None." in told
    assert "ng Ng 7 3 1" in told
    for secret in (amy.mobile, amy.email, amy.name):
        assert secret not in html
    assert AuditRecord.objects.get(event=Event.SURVEILLANCE_READ).actor == ng


def test_the_reports_stand_in_a_list_that_has_an_end(ng_inside: Desk) -> None:
    """L11"""
    now = timezone.now()
    SurveillanceReport.objects.bulk_create(
        SurveillanceReport(day=DAY - timedelta(days=back), claimed_until=now, made_at=now) for back in range(40)
    )
    SurveillanceReport.objects.create(day=DAY + timedelta(days=1), claimed_until=now)
    page = ng_inside.get("surveillance/")
    assert page.content.decode().count("/staff/surveillance/2035-") == 31
    assert "2035-11-19" not in text_of(page), "one that is not made yet"
    older = ng_inside.get("surveillance/", QUERY_STRING="before=2035-10-19")
    assert older.content.decode().count("/staff/surveillance/2035-") == 9
    assert "?before=" not in older.content.decode()


@pytest.mark.parametrize("day", ["2035-11-17", "x", "2035-13-45", "20351118x", "0", "%00", "2035-11-18T00:00"])
def test_a_day_without_a_report_is_not_found(day: str, report: SurveillanceReport, ng_inside: Desk) -> None:
    assert ng_inside.get(f"surveillance/{day}/").status_code == 404
    assert ng_inside.get("surveillance/", QUERY_STRING=f"before={day}").status_code in {200, 404}


@pytest.mark.parametrize("role", ["clerk", "supervisor", "auditor"])
def test_the_report_is_the_officers(
    role: str, report: SurveillanceReport, amy: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A1"""
    find(report, amy)
    make_staff("other", role)
    desk = Desk()
    desk.log_in("other")
    for path in ("surveillance/", PATH):
        answer = desk.get(path)
        assert answer.status_code == 403
        assert amy.login not in text_of(answer)
    assert not AuditRecord.objects.filter(event=Event.SURVEILLANCE_READ).exists()


@pytest.mark.parametrize("key", ["<script>alert(1)</script>", '=HYPERLINK("http://x")', "{{ 7|add:7 }}"])
def test_whatever_was_found_shows_as_text(
    key: str, report: SurveillanceReport, make_client: Callable[..., Customer], ng_inside: Desk
) -> None:
    """Injection"""
    find(report, make_client("100007", name=key), key=key)
    html = ng_inside.get(PATH).content.decode()
    assert "<script>alert" not in html
    assert 'HYPERLINK("' not in html
    assert "{{ 7|add:7 }}" in html or "14" not in text_of(ng_inside.get(PATH)).split("Clients concerned")[-1]


def test_a_long_report_takes_few_statements(
    report: SurveillanceReport,
    make_client: Callable[..., Customer],
    ng_inside: Desk,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    clients = [make_client(f"4000{number:02d}") for number in range(20)]
    for place in range(1, 51):
        find(report, *clients, place=place)
    ng_inside.get(PATH)
    with django_assert_max_num_queries(16):
        ng_inside.get(PATH)


def test_midnight_of_the_page_is_that_of_hong_kong(report: SurveillanceReport, ng_inside: Desk) -> None:
    SurveillanceReport.objects.update(made_at=datetime(2035, 11, 18, 16, 35, tzinfo=UTC))
    assert "Made 2035-11-19 00:35:00" in text_of(ng_inside.get(PATH))
