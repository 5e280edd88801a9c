"""What staff learn of budgets and caps: in time, and how many codes each stood against."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts.models import Customer
from portal.messaging import budgets, notices, outbox, policy
from portal.messaging.models import Channel, Message
from portal.messaging.tasks import watch_budgets
from portal.messaging.texts import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
_FAR = 10**6


@pytest.fixture
def set_budgets(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set budgets, one row for each; what is not named is far away."""
    monkeypatch.setattr(policy, "BUDGET_SHARDED_FROM", _FAR + 1)

    def make(**most: int) -> None:
        settings.SMS_BUDGETS = {"segments": _FAR, "country": _FAR, "prefix": _FAR, **most}

    return make


@pytest.fixture
def committed(
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> Callable[..., Any]:
    """Do something, and what follows its commit."""

    def do(work: Callable[..., Any], *facts: Any, **more: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return work(*facts, **more)

    return do


@pytest.fixture
def ask(committed: Callable[..., Any], make_client: Callable[..., Customer]) -> Callable[..., bool]:
    """Whether the n-th client, each with a number of the same range, gets a code now."""

    def may(nth: int, *, known: bool = False, source: str = "203.0.113.7") -> bool:
        login = f"5{nth:05d}"
        client = Customer.objects.filter(login=login).first() or make_client(login, mobile=f"+8529123{nth:04d}")
        now = timezone.now()
        permit: outbox.MaySend = committed(
            outbox.may_send_code,
            client,
            channel=Channel.SMS,
            to=client.mobile,
            source=source,
            now=now,
            known=lambda: known,
        )
        if permit.allowed:
            outbox.put(
                channel=Channel.SMS,
                kind="code.login",
                to=client.mobile,
                text="123456",
                customer=client,
                is_code=True,
                expires_at=now + timedelta(minutes=3),
                now=now,
            )
        return permit.allowed

    return may


def report() -> list[str]:
    """What the command prints."""
    out = StringIO()
    call_command("sms_budgets", stdout=out)
    return out.getvalue().splitlines()


def counted(budget: str, fate: str) -> float:
    """The figure that Prometheus reads."""
    return REGISTRY.get_sample_value("portal_sms_over_budget_total", {"budget": budget, "fate": fate}) or 0


# --- In time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [500, 49_999, policy.BUDGET_SHARDED_FROM, policy.BUDGETS["country.852"]])
def test_four_fifths_are_gone_before_the_first_code_is_refused_whoever_comes(most: int, settings: Settings) -> None:
    """S8: the alarm comes in time, also of a budget that is spread over rows"""
    settings.SMS_BUDGETS = {"segments": most, "country": _FAR, "prefix": _FAR}
    now, chance, used = timezone.now(), random.Random(most), Counter[str]()
    for nth in range(most):
        counters = budgets.limits("+85291234567", account=chance.randrange(_FAR), now=now)
        (row,) = [key for key in counters if budgets.name_of(key) == "segments"]
        used[row] += 1
        if used[row] > counters[row].most:
            assert nth >= most * policy.BUDGET_ALARM_PERCENT / 100
            break


def test_staff_are_told_of_a_refusal_even_when_little_of_the_whole_is_gone(
    ask: Callable[..., bool], set_budgets: Callable[..., None], monkeypatch: pytest.MonkeyPatch, make_client: Any
) -> None:
    """S8: whoever comes, shares one row"""
    set_budgets(segments=32)
    monkeypatch.setattr(policy, "BUDGET_SHARDED_FROM", 0)
    monkeypatch.setattr(policy, "BUDGET_SHARDS", 16)
    for nth in range(64):
        make_client(f"5{nth:05d}", mobile=f"+8529123{nth:04d}")
    same = [int(each.login[1:]) for each in Customer.objects.order_by("pk") if each.pk % 16 == 3]
    assert [ask(nth) for nth in same[:3]] == [True, True, False]
    watch_budgets()
    watch_budgets()
    assert Message.objects.filter(kind="alarm").count() == 1


@pytest.mark.parametrize("times", [policy.CAP_ALARM - 1, policy.CAP_ALARM])
def test_staff_are_told_of_a_cap_that_many_meet(times: int, committed: Callable[..., Any]) -> None:
    """S8"""
    for _ in range(times):
        committed(outbox._note, ["source"], "refused", timezone.now())
    watch_budgets()
    watch_budgets()
    assert Message.objects.filter(kind="alarm").count() == (times == policy.CAP_ALARM)


# --- Notices ---------------------------------------------------------------------------------------------------


def test_a_notice_by_text_message_costs_its_segment_and_is_never_refused(
    ask: Callable[..., bool], set_budgets: Callable[..., None], committed: Callable[..., Any], amy: Customer
) -> None:
    """S8: the segments of a day are those of codes and of notices"""
    set_budgets(segments=2)
    amy.email, amy.method = "", "soft_token"
    for _ in range(2):
        (told,) = committed(notices.tell, amy, Notice.LOGIN, now=timezone.now())
        assert told.channel == Channel.SMS
    used = {each.name: each.used for each in budgets.figures(timezone.now())}
    assert (used["segments"], used["country:852"]) == (2, 2)
    assert not any(name.startswith("prefix:") for name in used), "nobody pumps notices"
    assert not ask(1), "nothing is left for codes"
    assert committed(notices.tell, amy, Notice.LOGIN, now=timezone.now())


def test_an_e_mail_costs_no_segment(committed: Callable[..., Any], amy: Customer) -> None:
    """S8"""
    assert committed(notices.tell, amy, Notice.LOGIN, now=timezone.now())
    assert {each.used for each in budgets.figures(timezone.now())} == {0}


# --- The report ------------------------------------------------------------------------------------------------


def test_the_report_says_how_many_codes_each_budget_and_cap_refused(
    ask: Callable[..., bool], set_budgets: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8"""
    monkeypatch.setattr(policy, "caps", lambda: policy.Caps(1, 9, 9, 6))
    set_budgets(segments=3, prefix=4)
    before = {fate: counted("segments", fate) for fate in ("passed", "refused", "shadow")}
    assert [ask(nth) for nth in range(5)] == [True] * 3 + [False] * 2
    assert [ask(nth, known=True) for nth in (5, 6)] == [True] * 2, "logged in before"
    assert not ask(0), "the account had its one code"
    assert [ask(nth, known=True) for nth in (7, 8)] == [True, False], "the source had its six"
    told = report()
    assert "segments: 6 of 3 (200 %), 2 refused" in told
    assert "prefix:8529123: 6 of 4 (150 %), 0 refused" in told
    assert told[-3:] == [
        "cap of one account: 1 refused",
        "cap of one number: 0 refused",
        "cap of one source: 1 refused",
    ]
    assert "Shadow mode" not in "".join(told)
    after = {fate: counted("segments", fate) - was for fate, was in before.items()}
    assert after == {"passed": 4, "refused": 2, "shadow": 0}


def test_in_shadow_mode_the_report_says_how_many_codes_would_have_been_refused(
    ask: Callable[..., bool], set_budgets: Callable[..., None], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """S8: what the first week is for; a client who logged in before would have passed"""
    settings.SMS_BUDGETS_SHADOW = True
    monkeypatch.setattr(policy, "caps", lambda: policy.Caps(1, 9, 9, 4))
    set_budgets(segments=3)
    before = counted("source", "shadow")
    assert all(ask(nth) for nth in range(5))
    assert ask(5, known=True)
    assert not ask(0), "the caps of an account hold always"
    told = report()
    assert told[0] == "Shadow mode: only the cap of one account refuses codes."
    assert "segments: 6 of 3 (200 %), 2 would have been refused" in told
    assert told[-3:] == [
        "cap of one account: 1 refused",
        "cap of one number: 0 would have been refused",
        "cap of one source: 2 would have been refused",
    ]
    assert counted("source", "shadow") - before == 2
