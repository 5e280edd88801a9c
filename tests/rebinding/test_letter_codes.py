"""What a typed letter code is told to be, and what it costs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import errors as account_errors
from accounts import policy as accounts_policy
from accounts.models import Customer, EndReason, SignIn
from portal.letters import letters, policy
from portal.letters.models import Kind, Letter, State, Void
from portal.letters.policy import LIFETIME
from tests.accounts.steps import MORNING
from tests.actors import Handset, Visitor, emails, text_of
from tests.rebinding.steps import (
    CODE,
    NO_CODE,
    OTHER_CODE,
    START,
    at_the_letter,
    letter_state,
    made,
    posted,
    printed,
    rebind,
    to_key,
    type_app,
    type_letter,
)
from tests.twofactor.steps import Clock, count, english, frozen
from tests.twofactor.switches import app_code
from twofactor import errors
from twofactor import policy as twofactor_policy
from twofactor.services import login

pytestmark = pytest.mark.django_db
SPELLINGS = [
    "K7QM4TXB92HD", "k7qm-4txb-92hd", "K7QM 4TXB 92HD", " k7qm4txb92hd\t", "K7QM\u20144TXB\u221292HD",
    "K7QM\u200b4TXB92HD", "".join(chr(ord(sign) + 0xFEE0) for sign in "K7QM-4TXB-92HD"),
    "\u3000".join(chr(ord(sign) + 0xFEE0) for sign in "k7qm4txb92hd"),
]  # fmt: skip
NO_CODES = [
    "", " ", "-", "K7QM4TXB92H", "K7QM4TXB92HDX", "K7QM4TXB92H!", "K7QM4TXB92HU", "K7QM\x004TXB92HD", "\x00", "123456",
    "K" * 10_000, "碼" * 12, "🙂" * 12, "K7QM4TXB92H\u202e", "' OR 1=1;--",
]  # fmt: skip


def said(visitor: Visitor) -> str:
    """What the letter page says now."""
    return text_of(visitor.get(START))


def one_sign_off(code: str, place: int) -> str:
    """A code with one wrong sign."""
    return code[:place] + ("3" if code[place] != "3" else "5") + code[place + 1 :]


@pytest.mark.parametrize("typed", SPELLINGS)
def test_however_i_type_the_code_it_is_the_code(typed: str, waiting: Visitor) -> None:
    """T8: case, spaces, hyphens and full width do not matter"""
    assert type_letter(waiting, typed).headers["Location"].endswith("/login/rebind/phone/")


@pytest.mark.parametrize("code", ["0O1IL0123456", "OOOOIIIILLLL"])
def test_letters_that_look_like_digits_are_read_as_digits(code: str, ben: Customer) -> None:
    """T8"""
    posted(ben, code.translate(str.maketrans("OIL", "011")))
    assert type_letter(at_the_letter(ben), code).headers["Location"].endswith("/login/rebind/phone/")


@pytest.mark.parametrize("typed", NO_CODES, ids=range(len(NO_CODES)))
def test_what_is_no_code_costs_nothing_and_is_told_so(typed: str, waiting: Visitor, letter: Letter) -> None:
    """C8, T8"""
    assert type_letter(waiting, typed).headers["Location"] == f"/en/{START}"
    page = waiting.get(START)
    assert english(account_errors.LETTER_SHAPE) in text_of(page)
    assert len(page.content) < 20_000, "what was typed is not sent back"
    assert letter_state(letter) == (State.POSTED, 0)
    assert rebind(waiting)


@pytest.mark.parametrize("place", range(12))
def test_one_wrong_sign_costs_a_try_and_the_page_says_how_many_are_left(
    place: int, waiting: Visitor, letter: Letter
) -> None:
    """T8"""
    type_letter(waiting, one_sign_off(CODE, place))
    assert english(errors.REBIND_WRONG % {"count": 4}) in said(waiting)
    assert letter_state(letter) == (State.POSTED, 1)
    assert rebind(waiting)


def test_after_five_wrong_codes_the_letter_is_void_and_nothing_else(
    waiting: Visitor, ben: Customer, letter: Letter, handset: Handset
) -> None:
    """T8, C3: the last one says so; the right one is worth nothing after it; the owner hears of it"""
    for left in (4, 3, 2, 1):
        type_letter(waiting, NO_CODE)
        assert english(errors.REBIND_WRONG % {"count": left}) in said(waiting)
    type_letter(waiting, NO_CODE)
    assert english(errors.REBIND_SPOILT_NOW) in said(waiting)
    assert letter_state(letter) == (State.VOIDED, 5)
    assert letter.void == Void.TRIES
    type_letter(waiting)
    assert english(errors.REBIND_SPOILT) in said(waiting)
    assert not frozen(ben)
    assert count(ben) == 0
    assert "letter is void" in str(emails(ben.email)[-1].subject)
    assert "letter is void" in handset.texts(ben.mobile)[-1]


def test_the_tries_of_a_letter_are_counted_over_all_logins(ben: Customer, letter: Letter) -> None:
    """T8, C3: a new login, a new browser, a right code of a phone: none gives a try back"""
    for nth in range(5):
        type_letter(at_the_letter(ben, address=f"192.0.2.{nth}"), NO_CODE)
    assert letter_state(letter) == (State.VOIDED, 5)


def test_without_a_letter_guessing_ends_the_login(ben: Customer, clock: Clock) -> None:
    """C3: there is nothing to guess, and nobody learns so"""
    visitor = at_the_letter(ben)
    for left in (4, 3, 2, 1):
        type_letter(visitor, NO_CODE)
        assert english(errors.REBIND_WRONG % {"count": left}) in said(visitor)
    assert type_letter(visitor, NO_CODE).headers["Location"] == "/en/login/"
    assert english(errors.REBIND_OVER) in text_of(visitor.get("login/"))
    sign_in = SignIn.objects.get()
    assert (sign_in.end_reason, sign_in.wrong_codes) == (EndReason.GUESSING, 5)
    posted(ben)
    assert "session-ended" in type_letter(visitor).headers["Location"]
    assert not frozen(ben)
    assert count(ben) == 0


def test_wrong_letter_codes_reset_no_count(ben: Customer, handset: Handset, clock: Clock) -> None:
    """C3: nor does a right one, nor the phone that is bound with it"""
    visitor = Visitor("en")
    visitor.password_step(ben.login)
    code = handset.code(ben.mobile)
    visitor.code_step("000000" if code != "000000" else "111111")
    assert count(ben) == 1
    posted(ben)
    type_letter(visitor, NO_CODE)
    assert count(ben) == 1
    rebind(visitor)
    assert count(ben) == 1


def test_a_wrong_code_is_told_to_an_owner_whose_browser_it_is_not(
    waiting: Visitor, ben: Customer, clock: Clock
) -> None:
    """N1: a right password without a right code, also where no code could be asked for"""
    type_letter(waiting, NO_CODE)
    clock.shift(twofactor_policy.UNFINISHED_AFTER + timedelta(seconds=1))
    assert login.tell_unfinished(timezone.now()) == 1
    assert "right password" in str(emails(ben.email)[-1].subject)
    assert login.tell_unfinished(timezone.now()) == 0


def test_whoever_is_still_at_it_is_not_told_of_as_unfinished(waiting: Visitor, ben: Customer, clock: Clock) -> None:
    """N1"""
    clock.shift(timedelta(minutes=9))
    to_key(waiting)
    clock.shift(timedelta(minutes=2))
    assert login.tell_unfinished(timezone.now()) == 0


# --- Right once, or not yet ------------------------------------------------------------------------


def test_a_letter_is_good_for_thirty_days_to_the_second(ben: Customer, letter: Letter, clock: Clock) -> None:
    """T8: also while nobody has closed it"""
    clock.shift(LIFETIME)
    assert type_letter(at_the_letter(ben)).headers["Location"].endswith("/phone/")
    clock.shift(1)
    visitor = at_the_letter(ben)
    type_letter(visitor)
    assert english(errors.REBIND_LAPSED) in said(visitor)
    assert letter_state(letter) == (State.POSTED, 0)
    letters.lapse(timezone.now())
    type_letter(visitor)
    assert english(errors.REBIND_LAPSED) in said(visitor)


def test_a_letter_that_lapses_between_the_steps_binds_nothing(ben: Customer, letter: Letter, clock: Clock) -> None:
    """T8"""
    clock.shift(LIFETIME - timedelta(minutes=1))
    visitor = at_the_letter(ben)
    type_letter(visitor)
    clock.shift(timedelta(minutes=1, seconds=1))
    assert visitor.post("login/rebind/phone/", {"name": "x", "after": ""}).headers["Location"].endswith("/phone/")
    assert letter_state(letter) == (State.POSTED, 0)


def test_a_used_letter_is_used_for_ever(waiting: Visitor, ben: Customer, letter: Letter) -> None:
    """T8"""
    rebind(waiting)
    waiting.post("logout/")
    visitor = at_the_letter(ben)
    type_letter(visitor)
    assert english(errors.REBIND_USED) in said(visitor)


def test_a_newer_letter_takes_the_place_of_an_earlier_one(waiting: Visitor, ben: Customer, letter: Letter) -> None:
    """T8"""
    newer = posted(ben, OTHER_CODE)
    type_letter(waiting)
    assert english(errors.REBIND_REPLACED) in said(waiting)
    assert letter_state(newer) == (State.POSTED, 0), "it costs the newer one nothing"
    rebind(waiting, OTHER_CODE)


def test_a_letter_that_staff_took_back_says_so(waiting: Visitor, ben: Customer) -> None:
    """T8"""
    with transaction.atomic():
        letters.void_all(Customer.lock(ben.pk), [Kind.REBINDING], Void.STAFF, now=timezone.now())
    type_letter(waiting)
    assert english(errors.REBIND_WITHDRAWN) in said(waiting)


def test_a_letter_that_nobody_posted_sends_me_to_the_hotline(ben: Customer, clock: Clock) -> None:
    """T8: whoever types it took it out of the house"""
    letter = printed(ben)
    visitor = at_the_letter(ben)
    type_letter(visitor)
    assert english(errors.REBIND_NOT_POSTED) in said(visitor)
    assert letter_state(letter) == (State.PRINTED, 0)


def test_a_letter_that_is_not_printed_has_no_code(ben: Customer, clock: Clock) -> None:
    """T8"""
    made(ben)
    visitor = at_the_letter(ben)
    type_letter(visitor)
    assert english(errors.REBIND_WRONG % {"count": 4}) in said(visitor)


def test_the_letter_of_another_client_is_a_wrong_code(
    ben: Customer, make_client: Callable[..., Customer], letter: Letter
) -> None:
    """C4"""
    other = make_client("100009")
    visitor = at_the_letter(other)
    type_letter(visitor)
    assert english(errors.REBIND_WRONG % {"count": 4}) in said(visitor)
    assert letter_state(letter) == (State.POSTED, 0)


def test_a_password_letter_binds_nothing(ben: Customer, letter: Letter) -> None:
    """C4"""
    Letter.objects.update(kind=Kind.PASSWORD)
    visitor = at_the_letter(ben)
    type_letter(visitor)
    assert english(errors.REBIND_WRONG % {"count": 4}) in said(visitor)


def test_a_hold_that_comes_between_the_steps_wins(waiting: Visitor, ben: Customer, letter: Letter) -> None:
    """K3: looked at again in the swap"""
    seed = to_key(waiting)
    Customer.objects.filter(pk=ben.pk).update(method_held_from=timezone.now())
    assert type_app(waiting, app_code(seed)).headers["Location"] == f"/en/{START}"
    assert letter_state(letter) == (State.POSTED, 0)
    assert not waiting.inside


def test_while_contacts_are_new_the_letter_waits(waiting: Visitor, ben: Customer, letter: Letter, clock: Clock) -> None:
    """K3: it costs nothing, and the page says from when on"""
    Customer.objects.filter(pk=ben.pk).update(method_held_from=MORNING)
    type_letter(waiting)
    assert english(errors.REBIND_HELD % {"time": "2035-11-20 10:00"}) in said(waiting)
    type_letter(waiting, NO_CODE)
    assert english(errors.REBIND_WRONG % {"count": 4}) in said(waiting), "a wrong code is told nothing of it"
    clock.shift(accounts_policy.METHOD_HOLD)
    rebind(at_the_letter(ben))
    assert policy.TRIES - letter_state(letter)[1] == 4
