"""Many answers at the same moment: one login at most, and every wrong one counted."""

import pytest

from accounts.models import Customer, FreezeCause, Purpose, Result, SignIn
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.actors import wrong
from tests.races.together import together, type_code
from tests.twofactor.steps import ask_password_change, code_for, count, freeze, pend, prove_step, with_key
from twofactor.models import Challenge, ChallengeState


@pytest.fixture
def crowd(soak: bool) -> int:
    """How many come at once."""
    return 200 if soak else 50


def never_issued(codes: set[str]) -> str:
    """A code that nobody was sent."""
    return next(f"{number:06d}" for number in range(10**6) if f"{number:06d}" not in codes)


def start_anew(customer: Customer) -> None:
    """For the next round: no freeze, no count, no wait."""
    Customer.objects.filter(pk=customer.pk).update(state="active", frozen_at=None, freeze_cause="", wrong_codes=0)
    Message.objects.update(customer=None)


def sessions_of(customer: Customer) -> int:
    return SignIn.objects.filter(customer=customer, proven_at__isnull=False).count()


def test_fifty_right_answers_at_once_are_one_login(amy: Customer, crowd: int) -> None:
    """C2"""
    sign_in, key = pend(amy)
    code = code_for(sign_in)
    answers = together(type_code(key, code) for _ in range(crowd))
    assert all(answer.status_code == 302 for answer in answers)
    let_in = [answer for answer in answers if answer.headers["Location"] == "/en/home/"]
    given = {cookie.value for answer in let_in for name, cookie in answer.cookies.items() if name == "__Host-client"}
    assert sessions_of(amy) == 1
    assert len(given) == 1
    assert Challenge.objects.get().state == ChallengeState.USED
    assert Message.objects.filter(kind="notice.login").count() == 1
    assert count(amy) == 0


def test_the_same_code_from_fifty_sessions_opens_its_own_alone(amy: Customer, crowd: int, caps_lifted: None) -> None:
    """C2, C4, C8"""
    pending = [pend(amy, address=f"198.51.100.{number % 250}") for number in range(crowd)]
    newest = pending[-1][0]
    code = code_for(newest)
    together(type_code(key, code) for _, key in pending)
    assert list(SignIn.objects.filter(proven_at__isnull=False).values_list("pk", flat=True)) == [newest.pk]
    assert count(amy) == 0


def test_a_hundred_wrong_codes_over_a_hundred_sessions_count_five(amy: Customer, soak: bool, caps_lifted: None) -> None:
    """C3"""
    pending = [pend(amy, address=f"198.51.100.{number % 250}") for number in range(200 if soak else 100)]
    issued = {code_for(sign_in) for sign_in, _ in pending}
    bad = never_issued(issued)
    answers = together(type_code(key, bad) for _, key in pending)
    amy.refresh_from_db()
    assert amy.wrong_codes == 5
    assert amy.frozen
    assert amy.freeze_cause == FreezeCause.WRONG_CODES
    assert amy.security_epoch == 1, "frozen once"
    assert sum(SignIn.objects.values_list("wrong_codes", flat=True)) == 5
    assert SignIn.objects.filter(result=Result.WRONG_CODES).count() == 1
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN).count() == 1
    assert Message.objects.filter(kind="notice.frozen").count() == 1
    assert sessions_of(amy) == 0
    assert {answer.status_code for answer in answers} <= {200, 302}


def test_wrong_codes_in_one_session_at_once_count_five(amy: Customer, crowd: int) -> None:
    """C3"""
    sign_in, key = pend(amy)
    bad = wrong(code_for(sign_in))
    together(type_code(key, bad) for _ in range(crowd))
    amy.refresh_from_db()
    assert (amy.wrong_codes, amy.frozen, amy.security_epoch) == (5, True, 1)


def test_a_right_code_among_wrong_ones_gets_in_or_finds_a_frozen_account(amy: Customer) -> None:
    """C3, C5: never both, in whatever order they come."""
    for _ in range(5):
        sign_in, key = pend(amy)
        code = code_for(sign_in)
        deeds = [type_code(key, wrong(code)) for _ in range(8)]
        together([*deeds[:4], type_code(key, code), *deeds[4:]])
        amy.refresh_from_db()
        inside = SignIn.objects.filter(pk=sign_in.pk, proven_at__isnull=False, epoch=amy.security_epoch).exists()
        assert not (amy.frozen and inside)
        assert amy.frozen == (amy.wrong_codes >= 5)
        start_anew(amy)


def test_a_freeze_against_a_right_code_leaves_no_live_session(amy: Customer) -> None:
    """C5"""
    for _ in range(10):
        sign_in, key = pend(amy)
        visitor = with_key(key)
        code = code_for(sign_in)
        together([lambda: visitor.code_step(code), lambda: freeze(amy)])  # noqa: B023 - done before the next round
        assert not visitor.inside
        amy.refresh_from_db()
        assert amy.frozen
        assert not SignIn.objects.filter(proven_at__isnull=False, epoch=amy.security_epoch).exists()
        start_anew(amy)


def test_one_code_inside_proves_once_and_wrong_ones_at_the_door_count_with_it(amy: Customer, caps_lifted: None) -> None:
    """C2, C3: the counter of the account is one, at the door and inside."""
    sign_in, key = pend(amy)
    visitor = with_key(key)
    visitor.code_step(code_for(sign_in))
    ask_password_change(visitor)
    others = [pend(amy) for _ in range(10)]
    issued = {code_for(other) for other, _ in others} | {code_for(sign_in, Purpose.CHANGE_PASSWORD)}
    bad = never_issued(issued)
    together([*(lambda: prove_step(visitor, bad) for _ in range(10)), *(type_code(key, bad) for _, key in others)])
    assert count(amy) == 5
    assert not visitor.inside
