"""A further method needs a class and its place in the dict: the services take it as it is."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.models import Customer, Method, Purpose, Result
from portal.lib.masking import Masked
from tests.actors import Visitor
from tests.twofactor.steps import Clock, challenge_of, count, frozen, pend
from twofactor.methods import METHODS
from twofactor.methods.base import Context, Judgement
from twofactor.models import Challenge, ChallengeState
from twofactor.services import challenges
from twofactor.services.challenges import Outcome, Resent, Verdict
from twofactor.services.login import second_step

pytestmark = pytest.mark.django_db


class Key:
    """A security key, in short: the browser answers with JSON that names the challenge, and nothing is sent."""

    kind = Method.SMS.value  # it takes the place of one, since the tables know no other kind yet
    not_ready = Result.NO_MOBILE

    def __init__(self) -> None:
        self.settled: list[str] = []

    def ready(self, customer: Customer) -> bool:
        return customer.name != "without a key"

    def destination(self, customer: Customer) -> Masked | None:
        return None

    def device(self, customer: Customer) -> str:
        return "Blue key"

    def ask(self, context: Context) -> Challenge:
        ends = context.now + timedelta(minutes=5)
        return Challenge(
            id=uuid4(), customer=context.customer, sign_in=context.sign_in, purpose=context.purpose, method=self.kind,
            created_at=context.now, expires_at=ends,
        )  # fmt: skip

    def judge(self, challenge: Challenge, answer: str, context: Context) -> Judgement:
        if json.loads(answer).get("challenge") != str(challenge.pk):
            return Judgement.WRONG
        return Judgement.USED if challenge.state == ChallengeState.USED else Judgement.RIGHT

    def slow_by(self, answer: str, context: Context) -> timedelta | None:
        return None

    def settle(self, challenge: Challenge, answer: str, context: Context) -> None:
        self.settled.append(answer)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Key:
    key = Key()
    monkeypatch.setitem(METHODS, key.kind, key)
    return key


def signed(challenge: Challenge) -> str:
    return json.dumps({"challenge": str(challenge.pk), "counter": 7})


def test_a_key_logs_in_once(clock: Clock, amy: Customer, key: Key) -> None:
    """T9, C2"""
    sign_in, _ = pend(amy)
    answer = signed(challenge_of(sign_in))
    outcome, granted = second_step(sign_in, answer, device="Chrome")
    assert outcome.verdict == Verdict.PASSED
    assert granted
    assert key.settled == [answer]
    other, _ = pend(amy)
    assert second_step(other, answer, device="Chrome") == (Outcome(Verdict.WRONG, tries_left=4), None)


def test_a_key_is_counted_like_any_method(clock: Clock, amy: Customer, key: Key) -> None:
    """C3"""
    sign_in, _ = pend(amy)
    for left in (4, 3, 2, 1):
        assert second_step(sign_in, "{}", device="")[0].tries_left == left
    assert second_step(sign_in, "{}", device="")[0].verdict == Verdict.FROZEN
    assert frozen(amy)
    assert key.settled == []


def test_nothing_is_sent_and_nothing_sent_again(clock: Clock, amy: Customer, key: Key) -> None:
    """S3"""
    sign_in, _ = pend(amy)
    assert challenges.resend(sign_in, Purpose.LOGIN, source="", language="en") == Resent(False)
    assert Challenge.objects.count() == 1
    with transaction.atomic():
        locked = Customer.lock(amy.pk)
        newer = challenges.ask_again(locked, sign_in, Purpose.LOGIN, source="", language="en")
    assert Challenge.objects.filter(state=ChallengeState.OPEN).get() == newer
    assert count(amy) == 0


def test_without_a_key_the_login_ends_with_what_the_method_says(clock: Clock, amy: Customer, key: Key) -> None:
    """T11"""
    Customer.objects.filter(pk=amy.pk).update(name="without a key")
    assert Visitor("en").password_step().status_code == 200
    assert list(amy.sign_ins.values_list("result", flat=True)) == [Result.NO_MOBILE]
    assert not Challenge.objects.exists()


def test_every_kind_of_the_tables_has_its_method_and_no_other() -> None:
    """T10: an unknown kind is an error and never a default."""
    assert set(METHODS) == set(Method.values)
    assert all(kind == method.kind for kind, method in METHODS.items())
    with pytest.raises(KeyError):
        METHODS["unknown"]
