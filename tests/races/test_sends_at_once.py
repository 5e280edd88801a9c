"""Many who want a code at the same moment: one text, and no cap is overrun."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import Customer, Result, SignIn
from accounts.policy import FREE_FAILURES_PER_NUMBER
from portal.messaging import policy, relay
from portal.messaging.models import Attempt, Message, SendCount, State
from tests.actors import PASSWORD, Carrier
from tests.races.together import ask_again, log_in, together
from tests.twofactor.steps import pend
from twofactor.models import Challenge, ChallengeState

_WIDE = policy.Caps(account_per_hour=1000, account_per_day=1000, number_per_day=1000, source_per_hour=1000)
#: A try counts as a failure until its password was found right; so many at once cost nobody a wait.
_FREE = FREE_FAILURES_PER_NUMBER


def let_the_wait_pass(customer: Customer) -> None:
    """The last code was sent longer ago than the wait."""
    for table in (Message, Challenge):
        table.objects.filter(customer=customer).update(created_at=timezone.now() - timedelta(seconds=90))


def codes_of(*customers: Customer) -> int:
    return Message.objects.filter(customer__in=customers, is_code=True).count()


def test_thirty_clicks_on_resend_send_one_text(amy: Customer) -> None:
    """S2"""
    sign_in, key = pend(amy)
    let_the_wait_pass(amy)
    answers = together(ask_again(key) for _ in range(30))
    assert all(answer.status_code == 302 for answer in answers)
    assert codes_of(amy) == 2, "the first one and one more"
    assert Challenge.objects.filter(sign_in=sign_in, state=ChallengeState.OPEN).count() == 1


def test_thirty_logins_waiting_each_in_its_browser_are_sent_one_text(amy: Customer) -> None:
    """S2: the wait is the account's, not the session's."""
    pending = [pend(amy, address=f"198.51.100.{number}") for number in range(30)]
    let_the_wait_pass(amy)
    together(ask_again(key) for _, key in pending)
    assert codes_of(amy) == 2


def test_parallel_logins_of_one_account_are_sent_one_text(amy: Customer) -> None:
    """S2, C8: each is asked for a code, one gets it, the others are told when."""
    answers = together([log_in(amy.login, address=f"198.51.100.{number}") for number in range(_FREE)])
    assert [answer.headers.get("Location") for answer in answers] == ["/en/login/verify/"] * _FREE
    assert SignIn.objects.filter(result=Result.PASSWORD_RIGHT).count() == _FREE
    assert Challenge.objects.count() == _FREE
    assert codes_of(amy) == 1


def test_parallel_first_logins_after_an_import_are_all_right(make_client: Callable[..., Customer]) -> None:
    """L3, O1: a hash of an older kind is replaced at the first login; nobody beside it is told "wrong"."""
    imported = make_client("100009", password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    answers = together([log_in(imported.login, address=f"198.51.100.{number}") for number in range(_FREE)])
    assert [answer.headers.get("Location") for answer in answers] == ["/en/login/verify/"] * _FREE
    imported.refresh_from_db()
    assert imported.password.startswith("argon2")


def test_the_cap_of_a_number_holds_for_many_accounts_at_once(
    make_client: Callable[..., Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8, K1"""
    monkeypatch.setattr(policy, "caps", lambda: replace(_WIDE, number_per_day=5))
    family = [make_client(f"2000{number:02d}", mobile="+85298765432") for number in range(20)]
    together([lambda each=each: pend(each, address=f"198.51.100.{each.pk % 250}") for each in family])  # type: ignore[misc]
    assert codes_of(*family) == 5
    assert Challenge.objects.filter(capped=True).count() == 15
    assert SendCount.objects.get(key__startswith="number:").used == 5


def test_the_cap_of_a_source_holds_for_many_accounts_at_once(
    make_client: Callable[..., Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8: nor does a full source use up the counts of the numbers behind it."""
    monkeypatch.setattr(policy, "caps", lambda: replace(_WIDE, source_per_hour=5))
    clients = [make_client(f"2000{number:02d}", mobile=f"+852910000{number:02d}") for number in range(20)]
    together([lambda each=each: pend(each, address="198.51.100.7") for each in clients])  # type: ignore[misc]
    assert codes_of(*clients) == 5
    assert SendCount.objects.get(key__startswith="source:").used == 5
    assert SendCount.objects.filter(key__startswith="number:").count() == 5


def test_two_relays_at_once_send_a_message_once(amy: Customer, carrier: Carrier) -> None:
    """S4"""
    for _ in range(10):
        pend(amy)
        let_the_wait_pass(amy)
    waiting = list(Message.objects.filter(is_code=True))
    together([lambda pk=each.pk: relay.deliver(pk) for each in waiting for _ in range(4)])  # type: ignore[misc]
    assert Attempt.objects.count() == len(waiting)
    assert len(carrier.received) == len(waiting)
    assert set(Message.objects.filter(is_code=True).values_list("state", flat=True)) == {State.SENT}


def test_two_sweeps_at_once_take_over_a_dead_workers_message_once(amy: Customer, carrier: Carrier) -> None:
    """S4"""
    sign_in, _ = pend(amy)
    message = Message.objects.get()
    dead = relay._claim(message.pk, timezone.now())
    assert dead is not None
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    together([lambda: relay.deliver(message.pk)] * 10)
    assert Attempt.objects.count() == 1
    assert Message.objects.get().state == State.SENT
    assert sign_in.challenges.get().message_id == message.pk
