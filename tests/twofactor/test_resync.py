"""A phone whose clock is off: what it is told, and two codes in a row."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from accounts.models import Customer
from tests.actors import Handset, Visitor, text_of
from tests.twofactor.phone import STEP, Phone, give_phone, token_of
from tests.twofactor.steps import Clock, ask_password_change, count, english, frozen, page
from twofactor import errors, policy

pytestmark = pytest.mark.django_db
MakeClient = Callable[..., Customer]
Resync = Callable[[dict[str, str]], HttpResponse]


@pytest.fixture
def ben(clock: Clock, make_client: MakeClient) -> Customer:
    return make_client("100002")


@pytest.fixture
def phone(ben: Customer) -> Phone:
    return give_phone(ben)


@pytest.fixture
def visitor(phone: Phone, ben: Customer) -> Visitor:
    """At the code page."""
    visitor = Visitor("en")
    visitor.password_step(ben.login)
    return visitor


@pytest.fixture
def resync(visitor: Visitor) -> Resync:
    return lambda typed: visitor.post("login/clock/", typed)


def anew(ben: Customer) -> Visitor:
    """The code page of a new login."""
    visitor = Visitor("en", "198.51.100.9")
    visitor.password_step(ben.login)
    return visitor


@pytest.mark.parametrize(
    ("off", "minutes"),
    [
        (-65, 2),
        (-300, 5),
        (-600, 10),
    ],
)
def test_the_page_says_by_how_much_the_clock_is_slow_and_offers_a_way(
    off: int, minutes: int, visitor: Visitor, ben: Customer, phone: Phone
) -> None:
    """T6"""
    phone.off = off
    assert "/en/login/clock/" not in visitor.get("login/verify/").content.decode()
    visitor.code_step(phone.code())
    answer = visitor.get("login/verify/")
    said = text_of(answer)
    assert english(errors.CLOCK_SLOW, count=minutes) in said
    assert english(errors.TOKEN_TRIES_LEFT, count=4) in said
    assert english(errors.CLOCK_HELP) in said
    assert 'href="/en/login/clock/"' in answer.content.decode()
    assert count(ben) == 1


@pytest.mark.parametrize("steps", [1, 10, 20])
def test_a_code_of_the_future_is_plainly_wrong_and_there_is_a_way(
    steps: int, visitor: Visitor, ben: Customer, phone: Phone
) -> None:
    """T6: whoever guessed it does not learn that it will be right soon."""
    visitor.code_step(phone.never())
    of_a_guess = text_of(visitor.get("login/verify/"))
    visitor.code_step(phone.code(steps=steps))
    answer = visitor.get("login/verify/")
    assert text_of(answer) == of_a_guess.replace("4 tries left", "3 tries left")
    assert 'href="/en/login/clock/"' in answer.content.decode()
    assert count(ben) == 2


def test_nor_is_one_that_a_slow_clock_is_still_to_show(ben: Customer, phone: Phone, clock: Clock) -> None:
    """T6: what is right by our clock is the future of a phone that we know to be behind."""
    phone.off = -300
    anew(ben).post("login/clock/", phone.pair())
    clock.shift(3600)
    visitor = anew(ben)
    visitor.code_step(phone.code(steps=10))
    assert english(errors.CLOCK_MENDED) not in page(visitor)
    assert count(ben) == 1


def test_one_minute_is_not_minutes(visitor: Visitor, phone: Phone) -> None:
    """T6"""
    visitor.code_step(phone.code(steps=-2))
    assert "about 1 minute slow" in page(visitor)


@pytest.mark.parametrize("off", [0, 30, 90, 299, 600, -30, -90, -299, -570])
def test_two_codes_in_a_row_let_in_and_the_drift_is_learned(
    off: int, visitor: Visitor, resync: Resync, ben: Customer, phone: Phone, clock: Clock
) -> None:
    """T6: from then on one code is enough, for 60 s of the phone's own clock and not a second more."""
    phone.off = off
    assert "Enter two security codes in a row" in page(visitor, "login/clock/")
    assert resync(phone.pair()).headers["Location"] == "/en/home/"
    assert visitor.inside
    token = token_of(ben)
    assert (token.last_step, token.drift) == (phone.step, off // STEP)
    clock.shift(3600)
    assert anew(ben).code_step(phone.code()).headers["Location"] == "/en/home/"
    clock.shift(60)
    assert anew(ben).code_step(phone.code(steps=-1)).headers["Location"] == "/en/home/"
    clock.shift(60)
    for steps in (1, -2):
        late = anew(ben)
        late.code_step(phone.code(steps=steps))
        assert not late.inside
    assert count(ben) == 2


@pytest.mark.parametrize("first", [-policy.CLOCK_SEARCH, policy.CLOCK_SEARCH - 1])
def test_twenty_steps_either_way_can_be_learned(first: int, resync: Resync, ben: Customer, phone: Phone) -> None:
    """T6"""
    assert resync(phone.pair(steps=first)).headers["Location"] == "/en/home/"
    assert token_of(ben).drift == first + 1
    assert abs(token_of(ben).drift) <= policy.CLOCK_SEARCH


@pytest.mark.parametrize("first", [-policy.CLOCK_SEARCH - 1, policy.CLOCK_SEARCH, 2880])
def test_more_than_twenty_steps_cannot(first: int, resync: Resync, ben: Customer, phone: Phone) -> None:
    """T6"""
    resync(phone.pair(steps=first))
    assert (count(ben), token_of(ben).drift) == (1, 0)


def test_a_drift_never_adds_up_beyond_the_limit(ben: Customer, phone: Phone, clock: Clock) -> None:
    """T6: learned from our clock each time, not from what was learned before."""
    phone.off = 600
    assert anew(ben).post("login/clock/", phone.pair()).headers["Location"] == "/en/home/"
    clock.shift(3600)
    phone.off = 660
    assert anew(ben).post("login/clock/", phone.pair()).headers["Location"] == "/en/login/clock/"
    assert (count(ben), token_of(ben).drift) == (1, 20)


@pytest.mark.parametrize("order", ["backwards", "same twice", "one apart", "one right", "both wrong"])
def test_a_pair_that_is_none_costs_one_try(
    order: str, visitor: Visitor, resync: Resync, ben: Customer, phone: Phone
) -> None:
    """T6"""
    phone.off = 120
    now, after, later, bad = phone.code(), phone.code(steps=1), phone.code(steps=2), phone.never()
    codes = {
        "backwards": (after, now),
        "same twice": (now, now),
        "one apart": (now, later),
        "one right": (now, bad),
        "both wrong": (bad, bad),
    }[order]
    answer = resync(dict(zip(("code1", "code2"), codes, strict=True)))
    assert answer.headers["Location"] == "/en/login/clock/", "back to where two are typed"
    assert english(errors.TOKEN_TRIES_LEFT, count=4) in page(visitor, "login/clock/")
    assert count(ben) == 1
    assert token_of(ben).drift == 0


def test_five_pairs_that_are_none_freeze(resync: Resync, ben: Customer, phone: Phone) -> None:
    """C3"""
    bad = {"code1": phone.never(), "code2": phone.never()}
    for _ in range(4):
        resync(bad)
    assert not frozen(ben)
    assert "frozen" in text_of(resync(bad))
    assert frozen(ben)


def test_neither_code_of_a_pair_works_again(resync: Resync, ben: Customer, phone: Phone) -> None:
    """T2: nor both together, and trying costs nothing."""
    pair = phone.pair()
    resync(pair)
    for code in pair.values():
        visitor = anew(ben)
        visitor.code_step(code)
        assert english(errors.TOKEN_USED) in page(visitor)
    visitor = anew(ben)
    visitor.post("login/clock/", pair)
    assert english(errors.TOKEN_USED) in page(visitor, "login/clock/")
    assert count(ben) == 0


def test_a_pair_whose_first_code_was_used_waits_for_the_next(ben: Customer, phone: Phone, clock: Clock) -> None:
    """T2"""
    anew(ben).code_step(phone.code())
    clock.shift(STEP)
    visitor = anew(ben)
    visitor.post("login/clock/", phone.pair())
    assert english(errors.TOKEN_USED) in page(visitor, "login/clock/")
    clock.shift(STEP)
    assert visitor.post("login/clock/", phone.pair()).headers["Location"] == "/en/home/"


@pytest.mark.parametrize("typed", [{}, {"code1": "123456"}, {"code1": "123456", "code2": "x"}, {"code2": "1" * 65}])
def test_what_are_not_two_codes_costs_nothing(
    typed: dict[str, str], visitor: Visitor, resync: Resync, ben: Customer
) -> None:
    """L4"""
    assert resync(typed).headers["Location"] == "/en/login/clock/"
    assert english(errors.TWO_CODES_SHAPE) in page(visitor, "login/clock/")
    assert count(ben) == 0


@pytest.mark.parametrize("mended", [0, -30])
def test_a_clock_that_was_mended_is_told_so_and_learned_again(
    mended: int, ben: Customer, phone: Phone, clock: Clock
) -> None:
    """T6: the drift of before is not held against the client."""
    phone.off = 300
    anew(ben).post("login/clock/", phone.pair())
    phone.off = mended
    clock.shift(3600)
    visitor = anew(ben)
    visitor.code_step(phone.code())
    assert english(errors.CLOCK_MENDED) in page(visitor)
    visitor.post("login/clock/", phone.pair())
    assert visitor.inside
    assert token_of(ben).drift == mended // STEP


def test_inside_two_codes_prove_as_well(visitor: Visitor, ben: Customer, phone: Phone, clock: Clock) -> None:
    """T6"""
    visitor.code_step(phone.code())
    ask_password_change(visitor)
    phone.off = 240
    visitor.post("service/prove/code/", {"code": phone.code()})
    assert 'href="/en/service/prove/clock/"' in visitor.get("service/prove/code/").content.decode()
    assert "Change trading password" in page(visitor, "service/prove/clock/")
    visitor.post("service/prove/clock/", {"code1": phone.never(), "code2": phone.never()})
    assert count(ben) == 2
    assert visitor.post("service/prove/clock/", phone.pair()).headers["Location"] == "/en/service/password/"
    assert count(ben) == 0


def test_the_pages_for_two_codes_are_for_tokens_and_for_those_who_got_that_far(
    amy: Customer, ben: Customer, phone: Phone, handset: Handset
) -> None:
    """L2"""
    nobody, by_sms = Visitor("en"), Visitor("en", "198.51.100.9")
    pair = phone.pair()
    by_sms.password_step(amy.login)
    deeds: list[Callable[[Visitor, str], HttpResponse]] = [
        lambda who, path: who.get(path),
        lambda who, path: who.post(path, pair),
    ]
    for deed in deeds:
        assert "session-ended" in deed(nobody, "login/clock/").headers["Location"]
        assert deed(nobody, "service/prove/clock/").headers["Location"] == "/en/login/"
        assert deed(by_sms, "login/clock/").headers["Location"] == "/en/login/verify/"
        assert deed(by_sms, "service/prove/clock/").headers["Location"] == "/en/login/verify/"
    assert count(amy) == 0
    by_sms.code_step(handset.code(amy.mobile))
    ask_password_change(by_sms)
    for deed in deeds:
        assert deed(by_sms, "service/prove/clock/").headers["Location"] == "/en/service/prove/code/"
    assert count(amy) == 0
