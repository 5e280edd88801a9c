"""When a code of a bound phone is right, and the life of a token."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from accounts.models import Customer, Purpose
from portal.lib import totp
from portal.lib.crypto import CannotOpen
from tests.twofactor.phone import STEP, Phone, give_phone, suspend, token_of
from tests.twofactor.steps import Clock, count, freeze, frozen, pend, unfreeze
from twofactor import policy
from twofactor.models import SoftToken, TokenState
from twofactor.services import challenges, tokens
from twofactor.services.challenges import Outcome, Verdict
from twofactor.tasks import purge

pytestmark = pytest.mark.django_db
MakeClient = Callable[..., Customer]


@pytest.fixture
def ben(clock: Clock, make_client: MakeClient) -> Customer:
    return make_client("100002")


@pytest.fixture
def phone(ben: Customer) -> Phone:
    return give_phone(ben)


def attempt(customer: Customer, answer: str) -> Outcome:
    """A login of its own with this answer."""
    sign_in, _ = pend(customer)
    with transaction.atomic():
        return challenges.verify(sign_in, Purpose.LOGIN, answer)


def verdict(customer: Customer, answer: str) -> Verdict:
    return attempt(customer, answer).verdict


def clear(customer: Customer) -> None:
    """As if nothing had been typed yet."""
    Customer.objects.filter(pk=customer.pk).update(wrong_codes=0)
    SoftToken.objects.filter(customer=customer).update(last_step=-1, drift=0)


def test_a_code_is_right_for_sixty_seconds_from_the_start_of_its_step(
    ben: Customer, phone: Phone, clock: Clock
) -> None:
    """T1: asked at every second, from one before to some after."""
    clock.shift(600)
    code = phone.code()
    clock.shift(-1)
    assert verdict(ben, code) == Verdict.WRONG, "a second early"
    for second in range(60):
        clock.shift(1)
        clear(ben)
        assert verdict(ben, code) == Verdict.PASSED, second
    clock.shift(1)
    clear(ben)
    assert verdict(ben, code) == Verdict.CLOCK_SLOW, "at 60 s"


def test_a_code_that_worked_never_works_again(ben: Customer, phone: Phone, clock: Clock) -> None:
    """T2: at every second of its window and long after, and it costs nothing."""
    code = phone.code()
    assert verdict(ben, code) == Verdict.PASSED
    for _ in range(70):
        assert verdict(ben, code) == Verdict.USED
        clock.shift(1)
    clock.shift(3600)
    assert verdict(ben, code) == Verdict.USED
    assert count(ben) == 0


def test_after_a_code_worked_no_earlier_one_does(ben: Customer, phone: Phone) -> None:
    """T2"""
    assert verdict(ben, phone.code()) == Verdict.PASSED
    assert verdict(ben, phone.code(steps=-1)) == Verdict.USED
    assert count(ben) == 0


def test_the_next_code_works_as_soon_as_it_is_shown(ben: Customer, phone: Phone, clock: Clock) -> None:
    """T2"""
    for _ in range(5):
        assert verdict(ben, phone.code()) == Verdict.PASSED
        clock.shift(STEP)


@pytest.mark.parametrize("year", [2037, 2038, 2039, 2106, 2107])
def test_years_past_2038(year: int, ben: Customer, clock: Clock) -> None:
    """T1"""
    clock.move_to(timezone.now().replace(year=year, month=2, day=10))
    phone = give_phone(ben)
    assert verdict(ben, phone.code()) == Verdict.PASSED
    clock.shift(STEP)
    assert verdict(ben, phone.code()) == Verdict.PASSED


@pytest.mark.parametrize("steps", [1, 2, 10, policy.CLOCK_SEARCH])
def test_a_code_from_the_future_is_refused_as_any_wrong_one(steps: int, ben: Customer, phone: Phone) -> None:
    """T1: nothing says that it will be right soon."""
    outcome = attempt(ben, phone.code(steps=steps))
    assert (outcome.verdict, outcome.tries_left) == (Verdict.WRONG, 4)


@pytest.mark.parametrize("steps", [2, 3, 10, policy.CLOCK_SEARCH])
def test_a_code_of_a_slow_clock_is_refused_and_says_so(steps: int, ben: Customer, phone: Phone) -> None:
    """T1, T6"""
    outcome = attempt(ben, phone.code(steps=-steps))
    assert (outcome.verdict, outcome.tries_left) == (Verdict.CLOCK_SLOW, 4)
    assert outcome.slow_by == timedelta(seconds=steps * STEP)


@pytest.mark.parametrize("steps", [policy.CLOCK_SEARCH + 1, -policy.CLOCK_SEARCH - 1, 2880, -2880])
def test_a_clock_that_is_off_by_more_is_plainly_wrong(steps: int, ben: Customer, phone: Phone) -> None:
    """T6: up to a day either way."""
    assert verdict(ben, phone.code(steps=steps)) == Verdict.WRONG
    assert count(ben) == 1


def test_five_wrong_codes_freeze_at_the_fifth(ben: Customer, phone: Phone) -> None:
    """C3: whatever is wrong with them, and over as many logins."""
    bad = [phone.never(), phone.code(steps=5), phone.never(), phone.code(steps=-5)]
    for number, code in enumerate(bad, 1):
        assert attempt(ben, code).tries_left == 5 - number
        assert not frozen(ben)
    assert verdict(ben, phone.code(steps=7)) == Verdict.FROZEN
    assert frozen(ben)
    assert verdict(ben, phone.code()) == Verdict.FROZEN


def test_a_right_code_clears_the_count(ben: Customer, phone: Phone) -> None:
    """C3"""
    attempt(ben, phone.never())
    assert verdict(ben, phone.code()) == Verdict.PASSED
    assert count(ben) == 0


def test_a_text_message_of_before_is_worth_nothing(ben: Customer) -> None:
    """T5: it was asked for while text messages were the method."""
    sign_in, _ = pend(ben)
    give_phone(ben)
    sign_in.refresh_from_db()
    Customer.objects.filter(pk=ben.pk).update(security_epoch=1)
    with transaction.atomic():
        assert challenges.verify(sign_in, Purpose.LOGIN, "123456").verdict == Verdict.GONE


def test_a_suspended_token_opens_nothing_and_an_unfreeze_does_not_revive_it(
    ben: Customer, phone: Phone, supervisor: Customer, clock: Clock
) -> None:
    """T12"""
    assert suspend(ben)
    assert verdict(ben, phone.code()) == Verdict.WRONG
    freeze(ben)
    unfreeze(ben, supervisor)
    clock.shift(STEP)
    assert verdict(ben, phone.code()) == Verdict.WRONG
    assert SoftToken.objects.get().state == TokenState.SUSPENDED
    assert not suspend(ben), "once"


def test_a_token_that_was_only_shown_opens_nothing(ben: Customer, phone: Phone) -> None:
    """T4"""
    with transaction.atomic():
        _, seed = tokens.show(ben, name="Another", now=timezone.now())
    assert verdict(ben, Phone(seed).code()) == Verdict.WRONG
    assert verdict(ben, phone.code()) == Verdict.PASSED, "the old one stands"


def test_a_token_that_never_worked_has_no_code_that_always_does(ben: Customer, phone: Phone) -> None:
    """T2: before its first code there is no last step, not step 0 nor -1."""
    assert token_of(ben).last_step == -1
    assert verdict(ben, totp.code_of(phone.seed, 0)) == Verdict.WRONG


# --- The verbs -----------------------------------------------------------------------------------------


def test_the_first_code_proves_a_shown_key_for_ten_minutes_and_is_used_up(ben: Customer, clock: Clock) -> None:
    """T4, T2"""
    token, seed = tokens.show(ben, name="New", now=timezone.now())
    phone = Phone(seed)
    assert not tokens.proves(token, phone.never(), now=timezone.now())
    assert not tokens.proves(token, phone.code(steps=1), now=timezone.now())
    clock.shift(600)
    code = phone.code()
    assert not tokens.proves(token, code, now=timezone.now() + timedelta(seconds=1))
    assert tokens.proves(token, code, now=timezone.now())
    assert not tokens.proves(token, code, now=timezone.now())
    tokens.bind(ben, token, now=timezone.now())
    Customer.objects.filter(pk=ben.pk).update(method="soft_token")
    assert verdict(ben, code) == Verdict.USED
    assert not tokens.proves(token, phone.code(steps=-1), now=timezone.now()), "bound"


def test_binding_removes_the_token_before_it(ben: Customer, phone: Phone) -> None:
    """T5: exactly one, and of the old one no seed is left."""
    newer = give_phone(ben, name="New")
    assert tokens.live(ben) == token_of(ben)
    assert token_of(ben).name == "New"
    old = SoftToken.objects.get(state=TokenState.REMOVED)
    assert (old.sealed_seed, old.ended_at) == (None, timezone.now())
    assert verdict(ben, phone.code()) == Verdict.WRONG
    assert verdict(ben, newer.code()) == Verdict.PASSED


def test_nobody_binds_anothers_token_or_a_token_twice(ben: Customer, phone: Phone, make_client: MakeClient) -> None:
    """T4"""
    now = timezone.now()
    token, _ = tokens.show(make_client("100003"), name="New", now=now)
    with pytest.raises(AssertionError):
        tokens.bind(ben, token, now=now)
    with pytest.raises(AssertionError):
        tokens.bind(ben, token_of(ben), now=now)
    assert token_of(ben).name == "Ben’s phone"


def test_removing_erases_every_seed(ben: Customer, phone: Phone) -> None:
    """T3"""
    tokens.show(ben, name="Shown", now=timezone.now())
    tokens.remove(ben, now=timezone.now())
    assert tokens.live(ben) is None
    assert set(SoftToken.objects.values_list("state", "sealed_seed")) == {(TokenState.REMOVED, None)}
    assert verdict(ben, phone.code()) == Verdict.WRONG


def test_the_database_knows_one_token_an_account(ben: Customer, phone: Phone) -> None:
    """T5"""
    token, _ = tokens.show(ben, name="Second", now=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        SoftToken.objects.filter(pk=token.pk).update(state=TokenState.BOUND)
    suspend(ben)
    with pytest.raises(IntegrityError), transaction.atomic():
        SoftToken.objects.filter(pk=token.pk).update(state=TokenState.BOUND)


def test_keys_that_were_never_confirmed_are_deleted_after_a_day(ben: Customer, phone: Phone, clock: Clock) -> None:
    """O7"""
    tokens.show(ben, name="Forgotten", now=timezone.now())
    clock.shift(policy.UNBOUND_RETENTION.total_seconds())
    purge()
    assert SoftToken.objects.filter(name="Forgotten").exists()
    clock.shift(1)
    purge()
    assert list(SoftToken.objects.values_list("name", flat=True)) == ["Ben’s phone"]


# --- At rest -------------------------------------------------------------------------------------------


def whole_row() -> list[bytes]:
    """Every column of every row of the table, as a dump has them."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{apps.get_model("twofactor", "SoftToken")._meta.db_table}"')
        cells = [cell for row in cursor.fetchall() for cell in row if cell is not None]
    return [bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in cells]


def test_a_dump_of_the_database_alone_makes_no_code(ben: Customer, phone: Phone) -> None:
    """T3: every column, and every piece of 20 bytes in one, tried as the seed."""
    cells = whole_row()
    assert any(len(cell) > 40 for cell in cells), "the sealed seed is among them"
    pieces = {cell[start : start + 20] for cell in cells for start in range(max(1, len(cell) - 19))} | set(cells)
    assert phone.seed not in pieces
    step = totp.step_of(timezone.now())
    right = [totp.code_of(phone.seed, step + later) for later in range(3)]
    assert all([totp.code_of(piece, step + later) for later in range(3)] != right for piece in pieces)


def test_a_seed_does_not_open_in_anothers_row(ben: Customer, phone: Phone, make_client: MakeClient) -> None:
    """T3: whoever can write the table and has a phone of his own swaps the seeds, and opens nothing."""
    mallory = make_client("100003")
    other = give_phone(mallory)
    mine, his = token_of(ben), token_of(mallory)
    for row, seed in ((mine, his.sealed_seed), (his, mine.sealed_seed)):
        SoftToken.objects.filter(pk=row.pk).update(sealed_seed=seed)
    for customer, answer in ((ben, other.code()), (ben, phone.code()), (mallory, phone.code())):
        with pytest.raises(CannotOpen):
            attempt(customer, answer)


def test_the_seed_is_in_no_text_that_the_row_gives_of_itself(ben: Customer, phone: Phone) -> None:
    """T3"""
    row = token_of(ben)
    for text in (str(row), repr(row)):
        assert phone.seed.hex() not in text
        assert totp.base32_key(phone.seed).replace(" ", "") not in text
