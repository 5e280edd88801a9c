"""What a code is: six digits, once, for one session and one purpose, for three minutes."""

import secrets

import pytest

from accounts.models import Customer, SignIn
from tests.actors import Handset, Visitor, wrong
from tests.twofactor.steps import (
    Clock,
    ask_password_change,
    challenge_of,
    code_for,
    count,
    english,
    freeze,
    frozen,
    page,
    pend,
    prove_step,
    unfreeze,
    with_key,
)
from twofactor import errors
from twofactor.methods.codes import _new_code
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_english() -> Visitor:
    return Visitor("en")


def test_leading_zeros_of_a_code_are_kept(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C1"""
    monkeypatch.setattr(secrets, "randbelow", lambda below: 42)
    in_english.password_step()
    assert handset.code(amy.mobile) == "000042"
    in_english.code_step("42")
    assert not in_english.inside
    assert count(amy) == 0, "what is no six digits is not judged at all"
    in_english.code_step("000042")
    assert in_english.inside


def test_codes_are_six_digits_and_all_of_them_occur(amy: Customer) -> None:
    """C1"""
    codes = [_new_code() for _ in range(2000)]
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert {code[0] for code in codes} == set("0123456789")


def test_a_code_may_be_typed_with_spaces_as_phones_show_it(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset
) -> None:
    """C1"""
    in_english.password_step()
    code = handset.code(amy.mobile)
    in_english.code_step(f" {code[:3]} {code[3:]}\n")
    assert in_english.inside


def test_a_code_works_once(clock: Clock, amy: Customer, handset: Handset) -> None:
    """C2, C8"""
    sign_in, key = pend(amy)
    first, second = with_key(key), with_key(key)
    code = code_for(sign_in)
    first.code_step(code)
    assert first.inside
    second.code_step(code)
    assert not second.inside
    assert first.inside, "the session that began stays"
    assert count(amy) == 0


def test_a_used_code_opens_no_later_login(clock: Clock, amy: Customer, handset: Handset) -> None:
    """C2, C8"""
    early = Visitor("en")
    early.log_in(handset, amy)
    used = handset.code(amy.mobile)
    clock.shift(61)
    late = Visitor("en")
    late.password_step()
    late.code_step(used)
    assert not late.inside
    assert count(amy) == 0


@pytest.mark.parametrize(("seconds", "accepted"), [(0, True), (179, True), (181, False), (600, False)])
def test_a_code_is_good_for_three_minutes(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset, seconds: int, accepted: bool
) -> None:
    """S1"""
    in_english.password_step()
    code = handset.code(amy.mobile)
    clock.shift(seconds)
    in_english.code_step(code)
    assert in_english.inside is accepted


def test_the_three_minutes_count_from_creation_and_not_from_sending(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset
) -> None:
    """S1"""
    in_english.password_step()
    clock.shift(100)
    code = handset.code(amy.mobile)
    clock.shift(81)
    in_english.code_step(code)
    assert not in_english.inside


def test_a_code_is_bound_to_its_session(clock: Clock, amy: Customer) -> None:
    """C4, C8"""
    mine, key = pend(amy)
    clock.shift(61)
    _, other_key = pend(amy)
    other = with_key(other_key)
    other.code_step(code_for(mine))
    assert not other.inside
    me = with_key(key)
    me.code_step(code_for(mine))
    assert me.inside


def test_a_code_to_log_in_confirms_no_change_of_password(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset
) -> None:
    """C4, C8"""
    in_english.log_in(handset, amy)
    clock.shift(61)
    _, _ = pend(amy)
    for_login = handset.code(amy.mobile)
    clock.shift(61)
    ask_password_change(in_english)
    prove_step(in_english, for_login)
    assert in_english.get("service/password/").status_code == 302
    assert count(amy) == 1, "a right code for another purpose is a wrong one"


def test_a_code_to_change_the_password_opens_no_login(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset
) -> None:
    """C4, C8"""
    in_english.log_in(handset, amy)
    clock.shift(61)
    ask_password_change(in_english)
    for_change = handset.code(amy.mobile)
    clock.shift(61)
    _, key = pend(amy)
    at_the_door = with_key(key)
    at_the_door.code_step(for_change)
    assert not at_the_door.inside
    assert count(amy) == 1
    prove_step(in_english, for_change)
    assert in_english.get("service/password/").status_code == 200, "where it belongs it still works"


@pytest.mark.parametrize("fact", [{"password": "argon2$other"}, {"mobile": "+85298765432"}, {"security_epoch": 7}])
def test_a_changed_password_or_mobile_kills_open_codes(clock: Clock, amy: Customer, fact: dict[str, object]) -> None:
    """C4"""
    sign_in, key = pend(amy)
    code = code_for(sign_in)
    Customer.objects.filter(pk=amy.pk).update(**fact)
    visitor = with_key(key)
    visitor.code_step(code)
    assert not visitor.inside


def test_changing_the_password_ends_pending_logins(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset
) -> None:
    """C4, L9"""
    in_english.log_in(handset, amy)
    clock.shift(61)
    sign_in, key = pend(amy)
    code = code_for(sign_in)
    clock.shift(61)
    ask_password_change(in_english)
    prove_step(in_english, handset.code(amy.mobile))
    new = "Peak-Tram-7719"
    in_english.post("service/password/", {"new_password": new, "repeat_password": new})
    amy.refresh_from_db()
    assert amy.check_password(new)
    other = with_key(key)
    other.code_step(code)
    assert not other.inside


def test_a_freeze_between_sending_and_typing_wins(clock: Clock, amy: Customer) -> None:
    """C5"""
    sign_in, key = pend(amy)
    code = code_for(sign_in)
    freeze(amy)
    visitor = with_key(key)
    visitor.code_step(code)
    assert not visitor.inside
    assert not SignIn.objects.filter(proven_at__isnull=False).exists()


def test_an_unfreeze_revives_no_code(clock: Clock, amy: Customer, supervisor: Customer) -> None:
    """C5"""
    sign_in, key = pend(amy)
    code = code_for(sign_in)
    freeze(amy)
    unfreeze(amy, supervisor)
    assert not frozen(amy)
    visitor = with_key(key)
    visitor.code_step(code)
    assert not visitor.inside


def test_a_code_is_kept_as_a_keyed_digest_alone(clock: Clock, amy: Customer) -> None:
    """C6"""
    sign_in, _ = pend(amy)
    challenge = challenge_of(sign_in)
    code = code_for(sign_in)
    row = Challenge.objects.filter(pk=challenge.pk).values().get()
    assert code not in " ".join(str(value) for name, value in row.items() if name != "code_digest")
    assert challenge.code_digest.startswith("k1:")
    assert len(challenge.code_digest.partition(":")[2]) == 64


def test_after_three_minutes_the_page_says_that_the_code_expired(
    clock: Clock, amy: Customer, in_english: Visitor, handset: Handset
) -> None:
    """S1, C9"""
    in_english.password_step()
    code = handset.code(amy.mobile)
    clock.shift(181)
    assert "10:03:00" in page(in_english)
    in_english.code_step(wrong(code))
    assert english(errors.TRIES_LEFT % {"count": 4}) in page(in_english), "a guess after the end is a guess"
