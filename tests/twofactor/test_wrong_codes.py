"""Five wrong codes in a row freeze the account, however they are spread."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, FreezeCause, Result, SignIn
from accounts.services import password as passwords
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.actors import Handset, Visitor, emails, text_of, wrong
from tests.twofactor.steps import (
    Clock,
    another,
    ask_password_change,
    code_for,
    count,
    english,
    frozen,
    page,
    pend,
    prove_step,
    unfreeze,
    with_key,
)
from twofactor import errors
from twofactor.services.login import second_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Visitor:
    return Visitor("en")


def guess(customer: Customer, times: int) -> None:
    """Wrong codes, each in a login of its own."""
    for number in range(times):
        sign_in, key = pend(customer, address=f"198.51.100.{number}")
        with_key(key).code_step(wrong(code_for(sign_in)) if sign_in.challenges.get().code_digest else "000000")


def test_the_fifth_wrong_code_freezes_and_the_page_counts_down(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C3"""
    visitor.password_step()
    bad = wrong(handset.code(amy.mobile))
    for left in (4, 3, 2):
        visitor.code_step(bad)
        assert english(errors.TRIES_LEFT % {"count": left}) in page(visitor)
        assert not frozen(amy)
    visitor.code_step(bad)
    assert english(errors.ONE_TRY_LEFT) in page(visitor)
    assert not frozen(amy), "four are not five"
    last = visitor.code_step(bad)
    amy.refresh_from_db()
    assert amy.frozen
    assert amy.freeze_cause == FreezeCause.WRONG_CODES
    assert amy.wrong_codes == 5
    assert amy.freeze_reference in text_of(last)
    assert SignIn.objects.get().result == Result.WRONG_CODES
    assert AuditRecord.objects.filter(event=Event.ACCOUNT_FROZEN, subject_id=amy.pk).count() == 1
    assert any(amy.freeze_reference in mail.body for mail in emails(amy.email))


def test_after_the_freeze_the_right_code_opens_nothing_and_nothing_more_is_counted(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C3, C5"""
    visitor.password_step()
    code = handset.code(amy.mobile)
    for _ in range(5):
        visitor.code_step(wrong(code))
    visitor.code_step(code)
    assert not visitor.inside
    visitor.code_step(wrong(code))
    assert count(amy) == 5


def test_four_wrong_codes_and_a_right_one_let_in_and_start_anew(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C3"""
    visitor.password_step()
    code = handset.code(amy.mobile)
    for _ in range(4):
        visitor.code_step(wrong(code))
    visitor.code_step(code)
    assert visitor.inside
    assert count(amy) == 0


def test_wrong_codes_add_up_over_sessions(clock: Clock, amy: Customer) -> None:
    """C3"""
    guess(amy, 4)
    assert count(amy) == 4
    assert not frozen(amy)
    guess(amy, 1)
    assert frozen(amy)


def test_a_new_code_resets_no_count(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """C3"""
    visitor.password_step()
    handset.code(amy.mobile)
    for expected in range(1, 5):
        clock.shift(61)
        visitor.code_step(wrong(another(visitor, handset, amy)))
        assert count(amy) == expected
    clock.shift(3600)
    late = Visitor("en", address="198.51.100.9")
    late.password_step()
    late.code_step(wrong(handset.code(amy.mobile)))
    assert frozen(amy)


def test_a_new_login_resets_no_count(clock: Clock, amy: Customer, handset: Handset) -> None:
    """C3"""
    for expected in range(1, 5):
        visitor = Visitor("en")
        visitor.password_step()
        visitor.code_step(wrong(handset.code(amy.mobile)))
        assert count(amy) == expected
        clock.shift(700)


def test_wrong_codes_inside_count_on_the_same_counter(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C3"""
    visitor.log_in(handset, amy)
    clock.shift(61)
    guess(amy, 3)
    ask_password_change(visitor)
    clock.shift(61)
    visitor.post("service/prove/resend/")
    code = handset.code(amy.mobile)
    prove_step(visitor, wrong(code))
    assert count(amy) == 4
    assert english(errors.ONE_TRY_LEFT) in page(visitor, "service/prove/code/")
    answer = prove_step(visitor, wrong(code))
    amy.refresh_from_db()
    assert amy.frozen
    assert amy.freeze_reference in text_of(answer)
    assert not visitor.inside, "the freeze ends the session it happened in"


def test_a_right_code_inside_resets_the_count(clock: Clock, amy: Customer, visitor: Visitor, handset: Handset) -> None:
    """C3"""
    visitor.log_in(handset, amy)
    clock.shift(61)
    ask_password_change(visitor)
    code = handset.code(amy.mobile)
    guess(amy, 4)
    prove_step(visitor, code)
    assert count(amy) == 0
    assert visitor.get("service/password/").status_code == 200


def test_a_blank_or_misshapen_code_costs_nothing(clock: Clock, amy: Customer, visitor: Visitor) -> None:
    """C3, L4"""
    visitor.password_step()
    for typed in ("", "12345", "1234567", "abcdef", "12 34", "-12345", "1" * 65, "12345\x00", "½23456"):
        visitor.code_step(typed)
        assert english(errors.CODE_SHAPE) in page(visitor), repr(typed)
    assert count(amy) == 0


def test_an_unfreeze_gives_five_tries_again(clock: Clock, amy: Customer, supervisor: Customer) -> None:
    """C3, A4"""
    guess(amy, 5)
    unfreeze(amy, supervisor)
    assert count(amy) == 0
    guess(amy, 4)
    assert not frozen(amy)
    guess(amy, 1)
    assert frozen(amy)


def test_the_count_stays_when_what_follows_fails(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C3: the page breaks after the code was judged."""
    visitor.password_step()
    code = handset.code(amy.mobile)

    def broken(*_: object) -> None:
        raise RuntimeError("the page is broken")

    monkeypatch.setattr("twofactor.views.reasons.reason", broken)
    visitor.client.raise_request_exception = False
    for _ in range(3):
        assert visitor.code_step(wrong(code)).status_code == 500
    assert count(amy) == 3


@pytest.mark.django_db(transaction=True)
def test_codes_are_judged_in_a_transaction_of_their_own(amy: Customer) -> None:
    """C3: inside somebody's transaction, which could be rolled back, no code is judged at all."""
    sign_in, _ = pend(amy)
    code = code_for(sign_in)
    with pytest.raises(RuntimeError), transaction.atomic():
        second_step(sign_in, wrong(code), device="")
    assert count(amy) == 0
    second_step(sign_in, wrong(code), device="")
    assert count(amy) == 1


def test_twenty_wrong_codes_within_a_month_force_a_new_password(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C10: right codes in between hide nobody."""
    for _ in range(5):
        amy.refresh_from_db()
        assert not amy.must_change_password
        clock.shift(24 * 3600)
        guess(amy, 4)
        clock.shift(61)
        visitor.log_in(handset, amy)
    amy.refresh_from_db()
    assert amy.must_change_password
    assert visitor.get("home/").headers["Location"] == "/en/service/password/"
    assert AuditRecord.objects.filter(event=Event.PASSWORD_CHANGE_FORCED, subject_id=amy.pk).count() == 1


def test_wrong_codes_older_than_a_month_force_nothing(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C10"""
    for _ in range(6):
        clock.shift(8 * 24 * 3600)
        guess(amy, 4)
        clock.shift(61)
        visitor.log_in(handset, amy)
    amy.refresh_from_db()
    assert not amy.must_change_password


def test_after_the_forced_change_one_slip_forces_no_second_one(
    clock: Clock, amy: Customer, visitor: Visitor, handset: Handset
) -> None:
    """C10: the guesser's password is gone, so the guesses of before are spent."""
    for _ in range(5):
        clock.shift(24 * 3600)
        guess(amy, 4)
        clock.shift(61)
        visitor.log_in(handset, amy)
    session = SignIn.objects.select_related("customer").filter(result=Result.SUCCESS).latest("at")
    passwords.change_password(session, "Peak-Tram-7719", now=timezone.now())
    clock.shift(61)
    guess(amy, 1)
    amy.refresh_from_db()
    assert not amy.must_change_password
