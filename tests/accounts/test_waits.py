"""Wrong passwords slow whoever types them. They freeze nobody, and keep nobody out for long."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import policy
from accounts.models import AccountState, Customer, Result, SignIn
from accounts.services import login
from portal.messaging.models import Message
from tests.accounts.steps import WRONG, attempt
from tests.actors import PASSWORD, Visitor, sent_codes, text_of
from twofactor.services.login import FirstStep, Step

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


@pytest.fixture(autouse=True)
def passwords_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of tries, and only their order in time matters."""

    def matches(customer: Customer | None, password: str) -> bool:
        return customer is not None and password == PASSWORD

    monkeypatch.setattr(login, "password_matches", matches)


#: From the requirement, not from the code: a new browser with the right password is in within this.
LONGEST_TO_GET_IN = timedelta(minutes=10)


def wait_of(step: FirstStep) -> float:
    """Seconds until this source may try again."""
    assert step.step == Step.SLOWED
    assert step.retry_at is not None
    return (step.retry_at - timezone.now()).total_seconds()


def test_the_wait_doubles_up_to_five_minutes() -> None:
    """L6"""
    waits = [policy.wait_after(failures, free=5).total_seconds() for failures in range(20)]
    assert waits[:5] == [0] * 5
    assert waits[5:14] == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(waits[14:]) == {300}


@pytest.mark.parametrize("number", ["100001", "999999"])
def test_a_source_that_fails_on_one_number_waits_longer_each_time(number: str, amy: Customer, clock: Clock) -> None:
    """L6: the same for a number that nobody has"""
    for _ in range(policy.FREE_FAILURES_PER_NUMBER):
        assert attempt(number).step == Step.WRONG
    waits = []
    for _ in range(6):
        wait = wait_of(attempt(number))
        waits.append(round(wait))
        clock.shift(wait + 0.1)
        assert attempt(number).step == Step.WRONG
    assert waits == [2, 4, 8, 16, 32, 64]


def test_a_source_that_tries_many_numbers_waits_too(amy: Customer, clock: Clock) -> None:
    """L6"""
    for place in range(policy.FREE_FAILURES_PER_SOURCE):
        assert attempt(f"{300000 + place}").step == Step.WRONG
    assert wait_of(attempt("400000")) == pytest.approx(2, abs=0.5)
    assert attempt("100001", PASSWORD).step == Step.SLOWED
    assert attempt("100001", PASSWORD, address="198.51.100.1").step == Step.ASKED


def test_a_slowed_try_is_not_judged_and_not_counted(amy: Customer, clock: Clock) -> None:
    """L6"""
    for _ in range(policy.FREE_FAILURES_PER_NUMBER):
        attempt()
    first = wait_of(attempt())
    for _ in range(20):
        step = attempt(password=PASSWORD)
        assert step.step == Step.SLOWED
    assert wait_of(attempt()) <= first
    assert SignIn.objects.filter(result=Result.WRONG_PASSWORD).count() == policy.FREE_FAILURES_PER_NUMBER


def test_the_wait_is_told_with_its_time(amy: Customer) -> None:
    """L6"""
    for _ in range(policy.FREE_FAILURES_PER_NUMBER):
        attempt()
    page = Visitor("en").password_step()
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) >= 1
    assert "Please try again after" in text_of(page)
    assert PASSWORD not in page.content.decode()


def test_wrong_passwords_are_forgotten_after_half_an_hour(amy: Customer, clock: Clock) -> None:
    """L6"""
    for _ in range(policy.FREE_FAILURES_PER_NUMBER):
        attempt()
    assert attempt().step == Step.SLOWED
    clock.shift(timedelta(minutes=30, seconds=1))
    assert attempt().step == Step.WRONG


def test_wrong_passwords_freeze_nobody_and_cost_no_message(amy: Customer, clock: Clock) -> None:
    """L6"""
    for place in range(60):
        attempt(address=f"198.51.{place}.1")
        clock.shift(30)
    amy.refresh_from_db()
    assert amy.state == AccountState.ACTIVE
    assert amy.wrong_codes == 0
    assert amy.security_epoch == 0
    assert not amy.must_change_password
    assert not Message.objects.exists()


@pytest.mark.parametrize(("every", "sources"), [(5, 40), (11, 1)])
def test_under_a_steady_attack_a_right_password_gets_in_within_ten_minutes(
    every: int, sources: int, amy: Customer, clock: Clock
) -> None:
    """L6: the owner comes back when told to, and not before"""
    began, come_at = timezone.now(), timezone.now() + timedelta(minutes=15)
    back_at, place, granted = come_at, 0, None
    while granted is None:
        clock.shift(every)
        attempt(address=f"198.51.100.{place % sources}")
        place += 1
        if timezone.now() >= back_at:
            step = attempt(password=PASSWORD, address="203.0.113.77")
            granted = timezone.now() if step.step == Step.ASKED else None
            back_at = step.retry_at or back_at
        assert timezone.now() < began + timedelta(minutes=30), "kept out for a quarter of an hour"
    assert granted - come_at <= LONGEST_TO_GET_IN
    assert sent_codes(amy) == 1


def test_an_owner_who_mistypes_once_under_attack_still_gets_in_within_ten_minutes(amy: Customer, clock: Clock) -> None:
    """L6"""
    came, place, typed = timezone.now() + timedelta(minutes=5), 0, [PASSWORD, WRONG]
    back_at = came
    while typed:
        clock.shift(5)
        attempt(address=f"198.51.100.{place % 25}")
        place += 1
        if timezone.now() >= back_at:
            step = attempt(password=typed[-1], address="203.0.113.77")
            if step.step != Step.SLOWED:
                typed.pop()
            back_at = step.retry_at or back_at
        assert timezone.now() - came <= LONGEST_TO_GET_IN + timedelta(seconds=5)


def test_a_right_password_clears_nobodys_failures(amy: Customer, clock: Clock) -> None:
    """L6: an attacker with an account of his own gains no tries by logging in to it"""
    for place in range(policy.FREE_FAILURES_PER_SOURCE):
        attempt(f"{300000 + place}")
        if place == 10:
            assert attempt("100001", PASSWORD).step == Step.ASKED
    assert attempt("400000").step == Step.SLOWED


def test_addresses_of_one_ipv6_subscriber_are_one_source(amy: Customer) -> None:
    """L6"""
    for place in range(policy.FREE_FAILURES_PER_SOURCE):
        visitor = Visitor("en", f"2001:db8:1:2::{place + 1:x}")
        assert visitor.password_step(f"{300000 + place}", WRONG).status_code == 200
    assert Visitor("en", "2001:db8:1:2:ffff::1").password_step("400000", WRONG).status_code == 429
    assert Visitor("en", "2001:db8:1:3::1").password_step("400000", WRONG).status_code == 200
