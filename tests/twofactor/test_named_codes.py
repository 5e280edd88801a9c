"""A code that was right for something is named as such and costs no try."""

import pytest

from accounts.models import Customer
from portal.lib import references
from tests.actors import Handset, Visitor
from tests.twofactor.steps import (
    Clock,
    another,
    ask_password_change,
    challenge_of,
    code_for,
    count,
    english,
    page,
    pend,
    prove_step,
    with_key,
)
from twofactor import errors, policy

pytestmark = pytest.mark.django_db

_MANY = 40  # more logins within minutes than any client makes


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


def test_an_expired_code_is_called_expired(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """C8"""
    visitor.password_step()
    code = handset.code(amy.mobile)
    clock.shift(181)
    for _ in range(6):
        visitor.code_step(code)
        assert english(errors.EXPIRED) in page(visitor)
    assert count(amy) == 0


def test_the_code_before_the_newest_is_called_an_earlier_one(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C8, S2"""
    visitor.password_step()
    earlier = handset.code(amy.mobile)
    clock.shift(61)
    newest = another(visitor, handset, amy)
    for _ in range(6):
        visitor.code_step(earlier)
        assert english(errors.SUPERSEDED) in page(visitor)
    assert count(amy) == 0
    assert not visitor.inside
    visitor.code_step(newest)
    assert visitor.inside


def test_an_earlier_code_is_called_so_after_its_three_minutes_too(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C8"""
    visitor.password_step()
    earlier = handset.code(amy.mobile)
    clock.shift(150)
    another(visitor, handset, amy)
    clock.shift(60)
    visitor.code_step(earlier)
    assert english(errors.SUPERSEDED) in page(visitor)
    assert count(amy) == 0


def test_a_used_code_is_called_used(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """C8: inside, on the next journey of the same session."""
    visitor.log_in(handset, amy)
    clock.shift(61)
    ask_password_change(visitor)
    used = handset.code(amy.mobile)
    prove_step(visitor, used)
    clock.shift(301)
    ask_password_change(visitor)
    for _ in range(6):
        prove_step(visitor, used)
        assert english(errors.USED) in page(visitor, "service/prove/code/")
    assert count(amy) == 0
    assert visitor.get("service/password/").status_code == 302


def test_the_code_of_another_login_is_named_with_its_reference(clock: Clock, amy: Customer) -> None:
    """C8, S10"""
    theirs, _ = pend(amy)
    clock.shift(61)
    mine, key = pend(amy)
    me = with_key(key)
    for _ in range(6):
        me.code_step(code_for(theirs))
    expected = english(errors.OTHER_LOGIN, other=challenge_of(theirs).reference, reference=challenge_of(mine).reference)
    assert expected in page(me)
    assert count(amy) == 0
    me.code_step(code_for(mine))
    assert me.inside


def test_inside_the_wait_the_code_of_the_other_login_is_named_too(clock: Clock, amy: Customer) -> None:
    """C8, S2"""
    theirs, _ = pend(amy)
    clock.shift(30)
    _, key = pend(amy)
    me = with_key(key)
    me.code_step(code_for(theirs))
    assert english(errors.OTHER_LOGIN_UNSENT, other=challenge_of(theirs).reference) in page(me)
    assert count(amy) == 0


def test_a_code_of_long_ago_is_a_wrong_code(clock: Clock, amy: Customer) -> None:
    """C8: recent challenges are recognised, not all of history."""
    old, _ = pend(amy)
    code = code_for(old)
    clock.shift(policy.RECOGNISED_FOR)
    clock.shift(1)
    _, key = pend(amy)
    with_key(key).code_step(code)
    assert count(amy) == 1


def test_the_code_of_another_account_is_a_wrong_code(clock: Clock, amy: Customer, no_mobile: Customer) -> None:
    """C4, C8"""
    Customer.objects.filter(pk=no_mobile.pk).update(mobile="+85298765432")
    no_mobile.refresh_from_db()
    theirs, _ = pend(no_mobile)
    _, key = pend(amy)
    with_key(key).code_step(code_for(theirs))
    assert count(amy) == 1
    assert count(no_mobile) == 0


def test_a_login_elsewhere_does_not_kill_the_code_of_this_one(clock: Clock, amy: Customer) -> None:
    """C8"""
    mine, key = pend(amy)
    clock.shift(61)
    pend(amy, address="198.51.100.1")
    me = with_key(key)
    me.code_step(code_for(mine))
    assert me.inside


def test_many_logins_elsewhere_do_not_kill_the_code_of_this_one(clock: Clock, amy: Customer) -> None:
    """C8, L6: whoever has the password cannot keep its owner out by logging in over and over."""
    mine, key = pend(amy)
    for number in range(_MANY):
        clock.shift(1)
        pend(amy, address=f"198.51.100.{number}")
    me = with_key(key)
    me.code_step(code_for(mine))
    assert me.inside


def test_many_logins_elsewhere_do_not_spare_a_wrong_code(clock: Clock, amy: Customer) -> None:
    """C3, C8: a session is judged however many others there are."""
    mine, key = pend(amy)
    code = code_for(mine)
    for number in range(_MANY):
        clock.shift(1)
        pend(amy, address=f"198.51.100.{number}")
    with_key(key).code_step(f"{(int(code) + 1) % 10**6:06d}")
    assert count(amy) == 1


def test_references_of_an_accounts_messages_differ(clock: Clock, amy: Customer) -> None:
    """S10: two live messages of one account cannot be mistaken for each other, as far as chance allows."""
    seen = set()
    for _ in range(5):
        sign_in, _ = pend(amy)
        seen.add(challenge_of(sign_in).reference)
        clock.shift(61)
    assert len(seen) >= 4
    assert all(set(reference) <= set(references.LETTERS) for reference in seen)


def test_a_session_without_a_challenge_is_over(clock: Clock, amy: Customer) -> None:
    """C7: an answer to no question lets nobody in and counts nothing."""
    sign_in, key = pend(amy)
    sign_in.challenges.all().delete()
    me = with_key(key)
    me.code_step("123456")
    assert not me.inside
    assert count(amy) == 0
