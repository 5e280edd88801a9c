"""Budgets of a day: who pumps texts meets them, who logged in before does not."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer, Result, SignIn
from portal import carriers
from portal.messaging import budgets, outbox, policy
from portal.messaging.models import Channel, Message, SendCount
from portal.messaging.tasks import watch_budgets
from tests.actors import Handset, Visitor, text_of

pytestmark = pytest.mark.django_db
WIDE = {"segments": 10**6, "country": 10**6, "prefix": 10**6}


@pytest.fixture
def cap(settings: Settings) -> Callable[..., None]:
    """Set budgets; what is not named is far away."""

    def make(**most: int) -> None:
        settings.SMS_BUDGETS = {**WIDE, **{name.replace("_", "."): value for name, value in most.items()}}

    return make


@pytest.fixture
def no_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row for each counter."""
    monkeypatch.setattr(policy, "BUDGET_SHARDS", 1)


def ask(client: Customer, *, known: bool = False, source: str = "203.0.113.7") -> outbox.MaySend:
    """May a code go to this client now?"""
    return outbox.may_send_code(
        client, channel=Channel.SMS, to=client.mobile, source=source, now=timezone.now(), known=lambda: known
    )


@pytest.fixture
def people(make_client: Callable[..., Customer], password_hash: str) -> Callable[[int], list[Customer]]:
    """Clients with numbers of one range."""

    def make(number: int) -> list[Customer]:
        return [
            make_client(f"5{nth:05d}", password=password_hash, mobile=f"+8529123{nth:04d}") for nth in range(number)
        ]

    return make


@pytest.mark.usefixtures("clock", "no_shards")
@pytest.mark.parametrize("budget", ["segments", "country_852", "prefix"])
def test_when_a_budget_is_gone_those_who_logged_in_before_still_get_codes_and_nobody_else(
    budget: str, cap: Callable[..., None], people: Callable[[int], list[Customer]]
) -> None:
    """S8"""
    cap(**{budget: 2})
    first, second, third, fourth = people(4)
    assert ask(first).allowed
    assert ask(second).allowed
    refused = ask(third)
    assert (refused.allowed, refused.capped) == (False, True)
    assert refused.again_at == timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=1
    )
    assert ask(fourth, known=True).allowed


@pytest.mark.usefixtures("no_shards")
def test_a_budget_begins_anew_at_midnight_in_hong_kong(
    clock: time_machine.Traveller, cap: Callable[..., None], people: Callable[[int], list[Customer]]
) -> None:
    """S8"""
    cap(segments=1)
    first, second, third = people(3)
    assert ask(first).allowed
    clock.shift(timedelta(hours=13, minutes=59, seconds=59))
    assert not ask(second).allowed
    clock.shift(1)
    assert ask(third).allowed


@pytest.mark.usefixtures("clock", "no_shards")
def test_the_caps_of_a_number_and_a_source_hold_also_for_those_who_logged_in_before(
    cap: Callable[..., None], people: Callable[[int], list[Customer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8"""
    cap(segments=1)
    monkeypatch.setattr(policy, "caps", lambda: policy.Caps(9, 9, 9, 1))
    first, second = people(2)
    assert ask(first, known=True).allowed
    assert not ask(second, known=True).allowed


@pytest.mark.usefixtures("clock", "no_shards")
def test_in_shadow_mode_everything_is_counted_and_nothing_refused(
    cap: Callable[..., None], people: Callable[[int], list[Customer]], settings: Settings
) -> None:
    """S8"""
    cap(segments=1)
    settings.SMS_BUDGETS_SHADOW = True
    assert all(ask(each).allowed for each in people(3))
    assert {each.name: each.used for each in budgets.figures(timezone.now())}["segments"] == 3


@pytest.mark.usefixtures("clock")
def test_spread_over_rows_a_budget_is_never_exceeded(
    cap: Callable[..., None], people: Callable[[int], list[Customer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8"""
    monkeypatch.setattr(policy, "BUDGET_SHARDED_FROM", 0)
    cap(segments=40)
    assert sum(ask(each).allowed for each in people(90)) <= 40
    assert SendCount.objects.filter(key__startswith="day:segments:").count() == policy.BUDGET_SHARDS


@pytest.mark.usefixtures("clock", "no_shards")
def test_staff_are_told_once_a_day_when_four_fifths_are_gone(
    cap: Callable[..., None], people: Callable[[int], list[Customer]]
) -> None:
    """S8"""
    cap(segments=5)
    for nth, each in enumerate(people(5)):
        ask(each)
        watch_budgets()
        watch_budgets()
        alarms = Message.objects.filter(channel=Channel.EMAIL, kind="alarm").count()
        assert alarms == (1 if nth >= 3 else 0)


@pytest.mark.usefixtures("clock", "no_shards")
def test_the_report_says_what_is_gone(cap: Callable[..., None], people: Callable[[int], list[Customer]]) -> None:
    """S8"""
    cap(segments=10, prefix=4)
    for each in people(3):
        ask(each)
    out = StringIO()
    call_command("sms_budgets", stdout=out)
    told = out.getvalue()
    assert "segments: 3 of 10 (30 %)" in told
    assert "prefix:8529123: 3 of 4 (75 %)" in told
    assert "country:852: 3 of" in told


@pytest.mark.usefixtures("clock", "no_shards")
def test_the_page_after_the_password_says_until_when(
    cap: Callable[..., None], people: Callable[[int], list[Customer]], carrier: Any
) -> None:
    """S8, L3"""
    cap(segments=1)
    first, second = people(2)
    SignIn.objects.create(number=second.login, customer=second, address="::1", verification="x", result=Result.FROZEN)
    for each, page in ((first, False), (second, True)):
        visitor = Visitor("en")
        assert visitor.password_step(each.login).headers["Location"] == "/en/login/verify/"
        said = text_of(visitor.get("login/verify/"))
        assert ("No more codes for now" in said) is page
        assert ("Try again after 2035-11-20 00:00:00 (Hong Kong time)" in said) is page
        assert ("Nothing is wrong with your account or your number" in said) is page
        assert ("+852 5550 0100" in said.partition("Nothing is wrong")[2]) is page
        assert "may be out of date" not in said


@pytest.mark.usefixtures("no_shards")
def test_when_a_budget_is_gone_who_logged_in_before_gets_the_code_and_is_let_in(
    clock: time_machine.Traveller, cap: Callable[..., None], people: Callable[[int], list[Customer]], handset: Handset
) -> None:
    """S8: a whole login, before and after; whoever never came in is told when to come back"""
    cap(country_852=2)
    regular, other, newcomer = people(3)
    assert Visitor("en").log_in(handset, regular).headers["Location"] == "/en/home/"
    assert Visitor("en").password_step(other.login).status_code == 302, "a code, and the budget is gone"
    clock.shift(timedelta(hours=1))
    stranger = Visitor("en")
    stranger.password_step(newcomer.login)
    assert "No more codes for now" in text_of(stranger.get("login/verify/"))
    assert handset.texts(newcomer.mobile) == []
    again = Visitor("en")
    again.password_step(regular.login)
    assert len(handset.texts(regular.mobile)) == 2, "the text arrived"
    again.code_step(handset.code(regular.mobile))
    assert again.inside


# --- Settings ------------------------------------------------------------------------------------------------


def test_what_is_not_named_stays_as_the_policy_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """S8: on by default"""
    assert carriers.budgets([852]) == policy.BUDGETS
    monkeypatch.setenv("SMS_BUDGETS", "segments=100 country.852=80")
    assert carriers.budgets([852]) == {**policy.BUDGETS, "segments": 100, "country.852": 80}


@pytest.mark.parametrize(
    "text", ["segments", "segments=", "segments=x", "segments=3", "segments=-1", "country.44=100", "x=100",
             "prefix=100 prefix=200", "segments=9999999999"],
)  # fmt: skip
def test_a_budget_that_makes_no_sense_stops_the_start(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """O2"""
    monkeypatch.setenv("SMS_BUDGETS", text)
    with pytest.raises(ImproperlyConfigured, match="SMS_BUDGETS must"):
        carriers.budgets([852])
