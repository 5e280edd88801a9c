"""Freezes that meet a login, an unfreeze, each other: the account ends up frozen, once."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import cast

import pytest
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Customer, Emergency, Finding, FreezeCause, FreezeRun, Result, RunState, SignIn
from accounts.models import SurveillanceReport as Report
from accounts.services import contacting, freeze_runs, freezing, lockout, surveillance
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.desk.steps import frozen
from tests.races.together import together, type_code
from tests.twofactor.steps import code_for, pend, with_key

ROUNDS = 5
Deed = Callable[[], object]


@pytest.fixture
def rounds(soak: bool) -> range:
    """How often they meet."""
    return range(40 if soak else ROUNDS)


@pytest.fixture
def officer(db: None) -> Customer:
    """Who may everything; superusers are held to the rules of the verbs as well."""
    return Customer.objects.create_staff("ng", is_superuser=True)


@pytest.fixture
def somebody(make_client: Callable[..., Customer]) -> Callable[[int], Customer]:
    """A client for each round."""
    password = make_password("unused", hasher="pbkdf2_sha256")

    def make(number: int) -> Customer:
        return make_client(f"3000{number:02d}", password=password, mobile=f"+852912300{number:02d}")

    return make


def listed(*clients: Customer, cause: FreezeCause = FreezeCause.STAFF) -> FreezeRun:
    """A confirmed list of clients."""
    content = "\n".join(client.login for client in clients).encode()
    run = freeze_runs.check(io.BytesIO(content), cause=cause, staff=None, now=timezone.now())
    return freeze_runs.confirm(run, staff=None, reason="leak", now=timezone.now())


def refused(deed: Callable[[], object]) -> bool:
    """Whether a deed was not allowed."""
    try:
        deed()
    except NotAllowedError:
        return True
    return False


def test_a_list_against_a_right_code_leaves_no_live_session(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """C5, L9"""
    for number in rounds:
        client = somebody(number)
        sign_in, key = pend(client)
        visitor = with_key(key)
        listed(client)
        deeds: list[Deed] = [type_code(key, code_for(sign_in)), freeze_runs.work_off]
        together(deeds)
        client.refresh_from_db()
        assert client.frozen
        assert not visitor.inside
        assert not SignIn.objects.filter(customer=client, proven_at__isnull=False, epoch=client.security_epoch).exists()


def test_a_list_against_an_unfreeze_leaves_the_account_frozen(
    rounds: range, somebody: Callable[[int], Customer], officer: Customer
) -> None:
    """A5: the clerk who lifts a freeze by wrong codes does not lift what a list is just freezing"""
    Customer.objects.filter(pk=officer.pk).update(is_superuser=False)
    clerk = Customer.objects.get(pk=officer.pk)
    clerk.has_perm = lambda perm, obj=None: perm == "accounts.unfreeze_wrong_codes"  # type: ignore[method-assign]
    check = IdentityCheck(("full name", "address"), passed=True)
    for number in rounds:
        client = frozen(somebody(number), FreezeCause.WRONG_CODES, freeze_reference=f"FAB2CD{number:02d}")
        run = listed(client)
        unfreeze = partial(lockout.unfreeze, client, staff=clerk, reason="called", check=check, now=timezone.now())
        was_refused, _ = together([partial(refused, unfreeze), partial(refused, freeze_runs.work_off)])
        client.refresh_from_db()
        assert (client.frozen, client.freeze_cause) == (True, FreezeCause.STAFF)
        held = run.items.get().state == "already"
        assert was_refused == held, "either the list came first and held it, or it froze it anew"


def test_two_workers_on_one_list_freeze_each_account_once(make_client: Callable[..., Customer], soak: bool) -> None:
    """O4"""
    clients = [make_client(f"3100{number:02d}") for number in range(90 if soak else 30)]
    run = listed(*clients)
    FreezeRun.objects.update(claimed_until=timezone.now() - timedelta(hours=1))
    items = list(run.items.values_list("pk", "customer_id"))
    one_by_one = [partial(freeze_runs._freeze, run, *item, timezone.now) for item in items[:10]]
    deeds: list[Deed] = [*[freeze_runs.work_off] * 6, *one_by_one]
    together(deeds)
    freeze_runs.work_off()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN).count() == len(clients)
    assert AuditRecord.objects.filter(event=Event.FREEZE_RUN_FINISHED).count() == 1
    assert Message.objects.filter(kind="notice.frozen_by_us").count() == len(clients)
    assert set(Customer.objects.filter(is_staff=False).values_list("security_epoch", flat=True)) == {1}


def test_a_list_and_a_clerk_at_once_freeze_once(
    rounds: range, somebody: Callable[[int], Customer], officer: Customer
) -> None:
    """L9"""
    for number in rounds:
        client = somebody(number)
        listed(client)
        by_hand = partial(
            freezing.freeze_one, client, staff=officer, cause=FreezeCause.STAFF, reason="called", now=timezone.now()
        )
        together([partial(refused, by_hand), partial(refused, freeze_runs.work_off)])
        client.refresh_from_db()
        assert client.security_epoch == 1
        assert AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN, subject=client).count() == 1


def test_a_list_is_confirmed_once(make_client: Callable[..., Customer]) -> None:
    client = make_client("310000")
    run = freeze_runs.check(io.BytesIO(client.login.encode()), cause=FreezeCause.FRAUD, staff=None, now=timezone.now())
    confirm = partial(freeze_runs.confirm, run, staff=None, reason="leak", now=timezone.now())
    assert together([partial(refused, confirm)] * 8).count(False) == 1
    assert AuditRecord.objects.filter(event=Event.FREEZE_RUN_CONFIRMED).count() == 1


def test_the_switch_against_right_codes_leaves_nobody_inside(
    rounds: range, somebody: Callable[[int], Customer], officer: Customer, caps_lifted: None
) -> None:
    """L9: whoever gets in at the same moment is out again, also after it is over"""
    for number in rounds:
        client = somebody(number)
        sign_in, key = pend(client)
        switch = partial(freezing.switch_on, staff=officer, reason="leak", now=timezone.now())
        deeds: list[Deed] = [type_code(key, code_for(sign_in)), switch]
        answer = cast(HttpResponse, together(deeds)[0])
        visitor = with_key(answer.cookies["__Host-client"].value if "__Host-client" in answer.cookies else key)
        assert not visitor.inside
        freezing.switch_off(staff=officer, reason="over", now=timezone.now())
        assert not visitor.inside


def test_of_many_officers_one_throws_the_switch(officer: Customer) -> None:
    """L9"""
    switch = partial(freezing.switch_on, staff=officer, reason="leak", now=timezone.now())
    assert together([partial(refused, switch)] * 8).count(False) == 1
    assert Emergency.objects.count() == 1
    assert AuditRecord.objects.filter(event=Event.ALL_FROZEN).count() == 1


def test_of_many_test_notices_at_once_three_are_sent(amy: Customer, officer: Customer) -> None:
    send = partial(contacting.send_test, amy, staff=officer, reason="called")
    at = timezone.now()
    deeds = [partial(refused, partial(send, now=at + timedelta(milliseconds=number))) for number in range(10)]
    assert together(deeds).count(False) == 3
    assert AuditRecord.objects.filter(event=Event.TEST_NOTICE_SENT).count() == 3


def test_of_many_schedulers_one_makes_the_report(amy: Customer) -> None:
    """O4, L11"""
    day = date(2026, 11, 18)
    SignIn.objects.create(
        at=surveillance._period(day).start + timedelta(hours=9), number=amy.login, customer=amy, address="::1",
        verification="x", result=Result.WRONG_CODES, wrong_codes=5,
    )  # fmt: skip
    made = together([partial(surveillance.make, day, now=timezone.now())] * 6)
    assert len([report for report in made if report]) == 1
    assert Report.objects.count() == 1
    assert Finding.objects.count() == 1
    assert Message.objects.filter(kind="alarm").count() == 1
