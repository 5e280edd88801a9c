"""Many right codes of one phone at the same moment, each on a login of its own: one gets in."""

import pytest
from pytest_django import Settings

from accounts.models import Customer, FreezeCause, SignIn
from portal.messaging.models import Message
from tests.races.together import together, type_code
from tests.twofactor.phone import Phone, give_phone, token_of
from tests.twofactor.steps import count, freeze, pend, with_key
from twofactor.models import Challenge, ChallengeState
from twofactor.services import resealing


@pytest.fixture
def crowd(soak: bool) -> int:
    """How many come at once."""
    return 200 if soak else 50


@pytest.fixture
def phone(amy: Customer) -> Phone:
    return give_phone(amy)


def let_in() -> int:
    return SignIn.objects.filter(proven_at__isnull=False).count()


def test_fifty_right_codes_on_fifty_logins_are_one_success(amy: Customer, phone: Phone, crowd: int) -> None:
    """C2, T2: and the others lose no try by it."""
    pending = [pend(amy, address=f"198.51.100.{number % 250}") for number in range(crowd)]
    code = phone.code()
    answers = together(type_code(key, code) for _, key in pending)
    assert all(answer.status_code == 302 for answer in answers)
    assert sum(answer.headers["Location"] == "/en/home/" for answer in answers) == 1
    assert let_in() == 1
    assert Challenge.objects.filter(state=ChallengeState.USED).count() == 1
    assert Message.objects.filter(kind="notice.login").count() == 1
    assert count(amy) == 0


def test_fifty_right_codes_on_one_login_are_one_success(amy: Customer, phone: Phone, crowd: int) -> None:
    """C2"""
    _, key = pend(amy)
    code = phone.code()
    together(type_code(key, code) for _ in range(crowd))
    assert let_in() == 1
    assert count(amy) == 0


def test_pairs_and_single_codes_at_once_use_each_step_once(amy: Customer, phone: Phone) -> None:
    """T2, T6: whoever comes first, the newest step that was used is kept."""
    pending = [pend(amy) for _ in range(20)]
    step, pair = phone.step, phone.pair()
    visitors = [with_key(key) for _, key in pending]
    singles = [type_code(key, pair["code2"]) for _, key in pending[:10]]
    together([*singles, *(lambda who=who: who.post("login/clock/", pair) for who in visitors[10:])])
    assert let_in() == 1
    assert token_of(amy).last_step == step
    assert count(amy) == 0


def test_a_hundred_wrong_codes_count_five(amy: Customer, phone: Phone) -> None:
    """C3"""
    pending = [pend(amy, address=f"198.51.100.{number % 250}") for number in range(100)]
    bad = phone.never()
    together(type_code(key, bad) for _, key in pending)
    amy.refresh_from_db()
    assert (amy.wrong_codes, amy.frozen, amy.freeze_cause) == (5, True, FreezeCause.WRONG_CODES)
    assert let_in() == 0


def test_a_freeze_against_a_right_code_leaves_no_live_session(amy: Customer, phone: Phone) -> None:
    """C5"""
    for _ in range(5):
        _, key = pend(amy)
        visitor = with_key(key)
        together([lambda: visitor.code_step(phone.code()), lambda: freeze(amy)])  # noqa: B023 - done before the next
        assert not visitor.inside
        Customer.objects.filter(pk=amy.pk).update(state="active", frozen_at=None, freeze_cause="", wrong_codes=0)


def test_resealing_during_logins_loses_neither(amy: Customer, phone: Phone, settings: Settings) -> None:
    """T3: the seal changes and the step that was used stays used."""
    settings.SEALING_KEYS = {"new": bytes(32), **settings.SEALING_KEYS}
    pending = [pend(amy) for _ in range(10)]
    step, code = phone.step, phone.code()
    together([*(type_code(key, code) for _, key in pending), *[resealing.soft_tokens] * 3])
    assert let_in() == 1
    token = token_of(amy)
    assert bytes(token.sealed_seed or b"").startswith(b"new:")
    assert token.last_step == step
    assert token.seed == phone.seed
