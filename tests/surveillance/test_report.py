"""The daily report: what stands out, whom it concerns, and that it is made once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import policy
from accounts.models import Customer, Finding, FindingKind, Result, SignIn, SurveillanceReport
from accounts.services import surveillance, suspicions
from accounts.services.staff import NotAllowedError
from accounts.tasks import surveil
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.messaging.models import Message
from tests.actors import emails
from tests.desk.steps import Desk
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db

DAY = date(2035, 11, 18)  # the day before the tests' morning
NOON = datetime(2035, 11, 18, 4, 0, tzinfo=UTC)  # in Hong Kong
MIDNIGHT = datetime(2035, 11, 17, 16, 0, tzinfo=UTC)
_serial = count()
People = list[Customer]


@pytest.fixture(autouse=True)
def morning(clock: Clock) -> Clock:
    """The day after."""
    return clock


@pytest.fixture
def people(make_client: Callable[..., Customer]) -> People:
    """Thirty clients."""
    return [make_client(f"4000{number:02d}") for number in range(30)]


def tries(
    customer: Customer | str, result: Result, number: int = 1, *, at: datetime = NOON, **facts: Any
) -> list[SignIn]:
    """So many tries on an account, or on a number that is none, a second apart."""
    row = {
        "number": customer if isinstance(customer, str) else customer.login,
        "customer": None if isinstance(customer, str) else customer,
        "address": "203.0.113.7",
        "result": result,
        **facts,
    }
    return SignIn.objects.bulk_create(
        SignIn(at=at + timedelta(seconds=nth), verification=f"s{next(_serial)}", **row) for nth in range(number)
    )


def report() -> SurveillanceReport:
    """The report on the day."""
    made = surveillance.make(DAY, now=timezone.now())
    assert made is not None
    return made


def found(kind: FindingKind) -> list[tuple[str, int]]:
    """Keys and measures of a kind, the worst first."""
    report()
    return [(each.key, each.measure) for each in Finding.objects.filter(kind=kind).order_by("place")]


def concerned(kind: FindingKind) -> list[str]:
    """The clients whom the first finding of a kind leads to."""
    finding = Finding.objects.filter(kind=kind).order_by("place")[0]
    return [each.customer.login for each in finding.concerned.order_by("place")]


# --- Many accounts from one address or device ----------------------------------------------------------


def test_many_accounts_from_one_address_stand_out(people: People) -> None:
    """L11"""
    for client in people[:20]:
        tries(client, Result.WRONG_PASSWORD, address="198.51.100.9")
    for client in people[:19]:
        tries(client, Result.WRONG_PASSWORD, 3, address="198.51.100.8")
    assert found(FindingKind.ACCOUNTS_OF_ADDRESS) == [("198.51.100.9", 20)]


def test_numbers_that_are_no_accounts_count_too(db: None) -> None:
    """L11: who tries numbers at random hits few accounts"""
    for number in range(25):
        tries(f"9000{number:02d}", Result.WRONG_PASSWORD, address="2001:db8:1:2::")
    assert found(FindingKind.ACCOUNTS_OF_ADDRESS) == [("2001:db8:1:2::", 25)]
    assert Finding.objects.get().clients == 0


def test_who_was_got_into_stands_first_among_the_clients_concerned(people: People) -> None:
    """L11"""
    for client in people[:23]:
        tries(client, Result.WRONG_PASSWORD, 5)
    tries(people[24], Result.SUCCESS)
    tries(people[23], Result.PASSWORD_RIGHT)
    tries("999999", Result.WRONG_PASSWORD)
    assert found(FindingKind.ACCOUNTS_OF_ADDRESS) == [("203.0.113.7", 26)]
    names = concerned(FindingKind.ACCOUNTS_OF_ADDRESS)
    assert set(names[:2]) == {people[24].login, people[23].login}
    assert len(names) == policy.REPORT_CLIENTS
    finding = Finding.objects.get(kind=FindingKind.ACCOUNTS_OF_ADDRESS)
    assert (finding.clients, finding.successes) == (25, 1)


def test_nobody_whom_a_finding_concerns_is_out_of_reach(people: People, ng_inside: Desk) -> None:
    """L11: the report keeps the first clients, a page of their own has them all"""
    device = uuid4()
    for client in people:
        tries(client, Result.WRONG_PASSWORD, device=device)
        tries(client, Result.SUCCESS, at=NOON - timedelta(days=1), address="198.51.100.9")
    tries(people[0], Result.WRONG_PASSWORD, address="198.51.100.9", platform="staff")
    report()
    logins = [client.login for client in people]
    for kind in (FindingKind.ACCOUNTS_OF_ADDRESS, FindingKind.ACCOUNTS_OF_DEVICE):
        finding = Finding.objects.get(kind=kind)
        assert finding.concerned.count() == policy.REPORT_CLIENTS < len(people)
        assert [client.login for client in surveillance.concerned(finding)] == logins
        link = f"/staff/surveillance/{DAY}/{finding.pk}/"
        assert link in ng_inside.get(f"surveillance/{DAY}/").content.decode()
        html = ng_inside.get(link).content.decode()
        assert all(f"/staff/accounts/customer/{client.pk}/" in html for client in people)
    assert ng_inside.get(f"surveillance/{DAY}/999999/").status_code == 404
    assert ng_inside.get(f"surveillance/2035-11-01/{finding.pk}/").status_code == 404


def test_whose_contacts_a_colleague_saw_can_all_be_reached(people: People, ng: Customer) -> None:
    """L11"""
    for client in people:
        record(Event.STAFF_REVEALED, actor=ng, subject=client)
        record(Event.STAFF_REVEALED, actor=ng, subject=client)
    made = surveillance.make(timezone.localdate(), now=timezone.now() + timedelta(days=1))
    assert made is not None
    finding = made.findings.get(kind=FindingKind.REVEALS_OF_STAFF)
    assert (finding.clients, finding.concerned.count()) == (30, policy.REPORT_CLIENTS)
    assert surveillance.concerned(finding).count() == 30


def test_many_accounts_from_one_device_stand_out(people: People) -> None:
    """L11"""
    family, crowd = uuid4(), UUID("00000000-0000-4000-8000-00000000000a")
    for nth, client in enumerate(people[:4]):
        tries(client, Result.SUCCESS, device=crowd, address=f"203.0.113.{nth}")
        if nth < 3:
            tries(client, Result.SUCCESS, device=family)
    assert found(FindingKind.ACCOUNTS_OF_DEVICE) == [(str(crowd), 4)]
    assert concerned(FindingKind.ACCOUNTS_OF_DEVICE) == [client.login for client in people[:4]]


# --- One account from many places ----------------------------------------------------------------------


def test_one_account_from_many_networks_stands_out(people: People) -> None:
    """L11"""
    for nth in range(5):
        tries(people[0], Result.SUCCESS, address=f"81.{nth}.0.1" if nth else "2001:db8::")
        tries(people[1], Result.SUCCESS, address=f"81.1.{nth}.1")
    assert found(FindingKind.PLACES_OF_ACCOUNT) == [(people[0].login, 5)]
    assert concerned(FindingKind.PLACES_OF_ACCOUNT) == [people[0].login]


def test_one_account_from_many_addresses_of_one_network_stands_out(people: People) -> None:
    """L11"""
    for nth in range(13):
        tries(people[0], Result.PASSWORD_RIGHT, address=f"81.1.0.{nth}")
        tries(people[1], Result.PASSWORD_RIGHT, address=f"2001:db8:{nth % 12}::")
    assert found(FindingKind.PLACES_OF_ACCOUNT) == [(people[0].login, 13)]


def test_strangers_who_try_an_account_are_not_its_places(people: People) -> None:
    """L11"""
    for nth in range(30):
        tries(people[0], Result.WRONG_PASSWORD, address=f"81.{nth}.0.1")
    assert found(FindingKind.PLACES_OF_ACCOUNT) == []


# --- Right password, wrong codes -----------------------------------------------------------------------


def test_a_right_password_with_wrong_codes_stands_out(people: People) -> None:
    """L11"""
    tries(people[0], Result.PASSWORD_RIGHT, 2, wrong_codes=1)
    tries(people[0], Result.SUCCESS, wrong_codes=1)
    tries(people[1], Result.SUCCESS, 2, wrong_codes=1)
    tries(people[2], Result.WRONG_CODES, wrong_codes=5)
    assert found(FindingKind.RIGHT_PASSWORD_WRONG_CODES) == [(people[2].login, 5), (people[0].login, 3)]


# --- Success after many failures -----------------------------------------------------------------------


def test_a_login_after_many_failures_stands_out(people: People) -> None:
    """L11"""
    for client, failures in ((people[0], 10), (people[1], 9), (people[2], 40)):
        tries(client, Result.WRONG_PASSWORD, failures)
        tries(client, Result.SUCCESS, at=NOON + timedelta(hours=1))
    tries(people[3], Result.WRONG_PASSWORD, 50)
    assert found(FindingKind.SUCCESS_AFTER_FAILURES) == [(people[2].login, 40), (people[0].login, 10)]
    assert concerned(FindingKind.SUCCESS_AFTER_FAILURES) == [people[2].login]


def test_failures_after_the_last_login_are_no_success_after_them(people: People) -> None:
    """L11"""
    tries(people[0], Result.SUCCESS)
    tries(people[0], Result.WRONG_PASSWORD, 20, at=NOON + timedelta(minutes=1))
    assert found(FindingKind.SUCCESS_AFTER_FAILURES) == []


def test_nobody_hides_behind_midnight(people: People) -> None:
    """L11: failures late at night, the login after it"""
    tries(people[0], Result.WRONG_PASSWORD, 10, at=MIDNIGHT - timedelta(minutes=5))
    tries(people[0], Result.SUCCESS, at=MIDNIGHT + timedelta(minutes=5))
    assert found(FindingKind.SUCCESS_AFTER_FAILURES) == [(people[0].login, 10)]


def test_what_the_day_before_reported_is_not_told_again(people: People) -> None:
    """L11: the failures were followed by a login on their own day"""
    tries(people[0], Result.WRONG_PASSWORD, 10, at=MIDNIGHT - timedelta(hours=5))
    tries(people[0], Result.SUCCESS, at=MIDNIGHT - timedelta(hours=4))
    tries(people[0], Result.SUCCESS)
    assert found(FindingKind.SUCCESS_AFTER_FAILURES) == []


# --- The day -------------------------------------------------------------------------------------------


def test_the_day_is_that_of_hong_kong(people: People) -> None:
    """L11"""
    moments = (MIDNIGHT - timedelta(seconds=1), MIDNIGHT, MIDNIGHT + timedelta(hours=23, minutes=59, seconds=59))
    for nth, at in enumerate((*moments, MIDNIGHT + timedelta(days=1))):
        tries(people[nth], Result.WRONG_CODES, at=at, wrong_codes=5)
    assert {key for key, _ in found(FindingKind.RIGHT_PASSWORD_WRONG_CODES)} == {people[1].login, people[2].login}
    assert SurveillanceReport.objects.get().attempts == 2


def test_a_quiet_day_has_a_report_too(amy: Customer) -> None:
    """L11: silence would look like a report that was not made"""
    tries(amy, Result.SUCCESS)
    made = report()
    assert (made.attempts, sum(made.totals.values()), made.findings.count()) == (1, 0, 0)
    assert set(made.totals) == set(FindingKind.values)


def test_tries_of_staff_are_no_clients_tries(make_staff: Callable[..., Customer]) -> None:
    for number in range(25):
        tries(f"clerk{number}", Result.SUCCESS, platform="staff")
    made = report()
    assert (made.attempts, made.findings.count()) == (0, 0)


def test_more_than_is_kept_is_counted(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """L11: bounded, whatever somebody sends"""
    monkeypatch.setattr(policy, "REPORT_FINDINGS", 3)
    for nth, client in enumerate(people[:8]):
        tries(client, Result.WRONG_CODES, wrong_codes=5 + nth)
    kept = found(FindingKind.RIGHT_PASSWORD_WRONG_CODES)
    assert kept == [(people[7].login, 12), (people[6].login, 11), (people[5].login, 10)]
    assert SurveillanceReport.objects.get().totals[FindingKind.RIGHT_PASSWORD_WRONG_CODES] == 8


# --- Staff ---------------------------------------------------------------------------------------------


def deeds(staff: Customer, event: Event, number: int, subject: Customer | None = None) -> None:
    rows = AuditRecord.objects.bulk_create(
        AuditRecord(at=NOON, event=event, actor=staff, subject=subject) for _ in range(number)
    )
    assert len(rows) == number


@pytest.mark.parametrize(
    ("event", "kind", "limit"),
    [
        (Event.STAFF_SEARCHED, FindingKind.SEARCHES_OF_STAFF, 200),
        (Event.STAFF_REVEALED, FindingKind.REVEALS_OF_STAFF, 30),
        (Event.ACCOUNT_UNFROZEN, FindingKind.UNFREEZES_OF_STAFF, 30),
    ],
)
def test_staff_who_do_more_than_a_busy_days_work_stand_out(
    event: Event, kind: FindingKind, limit: int, amy: Customer, make_staff: Callable[..., Customer]
) -> None:
    """A2"""
    busy, curious = make_staff("busy", "clerk"), make_staff("curious", "clerk")
    deeds(busy, event, limit, amy)
    deeds(curious, event, limit, None)
    deeds(curious, event, 1, amy)
    assert found(kind) == [("curious", limit + 1)]
    assert concerned(kind) == [amy.login]


def test_what_each_of_staff_did_stands_in_the_report(amy: Customer, make_staff: Callable[..., Customer]) -> None:
    """A2"""
    mak, chan = make_staff("mak", "clerk"), make_staff("chan", "supervisor")
    deeds(mak, Event.STAFF_SEARCHED, 7)
    deeds(mak, Event.ACCOUNT_UNFROZEN, 2, amy)
    deeds(chan, Event.STAFF_REVEALED, 3, amy)
    deeds(amy, Event.ACCOUNT_UNFROZEN, 50, amy)
    days = report().staff_days.order_by("staff")
    assert [(day.staff.login, day.searches, day.reveals, day.unfreezes) for day in days] == [
        ("mak", 7, 0, 2),
        ("chan", 0, 3, 0),
    ]


# --- Made once, and announced --------------------------------------------------------------------------


def test_the_security_mailbox_gets_counts_and_no_client(people: People) -> None:
    """L11, N2"""
    for client in people:
        tries(client, Result.WRONG_CODES, 2, wrong_codes=5, address="198.51.100.9")
    report()
    (mail,) = emails("security@example.com.hk")
    assert mail.subject == "Surveillance report S20351118"
    assert "60 attempts" in mail.body
    assert "Right password with wrong codes: 30" in mail.body
    for client in people:
        for secret in (client.login, client.name, client.mobile, client.email):
            assert secret not in mail.body
    assert "198.51.100.9" not in mail.body


def test_the_task_makes_it_once_however_often_it_runs(people: People) -> None:
    """O4"""
    tries(people[0], Result.WRONG_CODES, wrong_codes=5)
    for _ in range(3):
        surveil()
    assert SurveillanceReport.objects.get().day == DAY
    assert Finding.objects.count() == 1
    assert Message.objects.filter(kind="alarm").count() == 1


def test_a_run_that_died_is_made_up_for_once_its_time_is_over(clock: Clock) -> None:
    """O4"""
    SurveillanceReport.objects.create(day=DAY, claimed_until=timezone.now() + policy.REPORT_LEASE)
    surveil()
    assert SurveillanceReport.objects.get().made_at is None, "somebody may be at it"
    clock.shift(policy.REPORT_LEASE)
    surveil()
    assert SurveillanceReport.objects.get().made_at is not None


def test_who_was_overtaken_stores_nothing(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """O4: a worker that hung beyond its time, while another made the report"""
    tries(people[0], Result.WRONG_CODES, wrong_codes=5)
    count_attempts = suspicions.attempts
    monkeypatch.setattr(policy, "REPORT_LEASE", timedelta(0))

    def overtaken(period: suspicions.Period) -> int:
        monkeypatch.setattr(suspicions, "attempts", count_attempts)
        assert surveillance.make(DAY, now=timezone.now()) is not None
        return count_attempts(period)

    monkeypatch.setattr(suspicions, "attempts", overtaken)
    assert surveillance.make(DAY, now=timezone.now()) is None
    assert Finding.objects.count() == 1
    assert Message.objects.filter(kind="alarm").count() == 1


def test_days_without_a_scheduler_are_made_up_for_a_week_back(clock: Clock) -> None:
    """O4"""
    surveil()
    assert [each.day for each in SurveillanceReport.objects.all()] == [DAY], "no report on days before the first"
    clock.shift(timedelta(days=3))
    surveil()
    assert SurveillanceReport.objects.count() == 4
    clock.shift(timedelta(days=30))
    surveil()
    assert SurveillanceReport.objects.count() == 4 + policy.REPORT_CATCH_UP.days


def test_old_reports_go_with_the_attempts_they_speak_of(people: People, clock: Clock, settings: Settings) -> None:
    """O7"""
    settings.RETENTION_SIGN_INS = timedelta(days=200)
    tries(people[0], Result.WRONG_CODES, wrong_codes=5)
    report()
    clock.shift(settings.RETENTION_SIGN_INS - timedelta(days=1))
    assert surveillance.purge(timezone.now()) == 0
    clock.shift(timedelta(days=1))
    assert surveillance.purge(timezone.now()) == 1
    assert not Finding.objects.exists()


# --- Reading -------------------------------------------------------------------------------------------


def test_reading_it_is_written_down(make_staff: Callable[..., Customer]) -> None:
    """L11, A1"""
    officer, clerk = make_staff("ng", "officer"), make_staff("mak", "clerk")
    report()
    read = surveillance.read(DAY, staff=officer)
    assert read is not None
    assert AuditRecord.objects.get(event=Event.SURVEILLANCE_READ).facts == {"reference": "S20351118"}
    assert surveillance.read(DAY - timedelta(days=1), staff=officer) is None
    with pytest.raises(NotAllowedError):
        surveillance.read(DAY, staff=clerk)
    assert AuditRecord.objects.filter(event=Event.SURVEILLANCE_READ).count() == 1
