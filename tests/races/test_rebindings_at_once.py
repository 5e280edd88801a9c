"""Letters that meet themselves, a freeze, new contacts, or a newer letter: one outcome, and it is consistent."""

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, Method, Result, SignIn
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters.models import Letter, State
from portal.messaging.models import Message
from tests.races.test_switches_at_once import at_once, fresh
from tests.races.together import together
from tests.rebinding.steps import CODE, NO_CODE, lose_phone, posted
from tests.twofactor.steps import freeze, pend
from tests.twofactor.switches import app_code
from twofactor.models import SoftToken, TokenState
from twofactor.services import rebinding
from twofactor.services.challenges import Verdict
from twofactor.services.rebinding import Answer

ROUNDS = 5
Begun = tuple[SignIn, bytes]


@pytest.fixture
def rounds(soak: bool) -> range:
    """How often they meet."""
    return range(40 if soak else ROUNDS)


@pytest.fixture
def somebody(make_client: Callable[..., Customer]) -> Callable[[int], Customer]:
    """A client with a lost phone and a letter, one for each round."""
    password = make_password("unused", hasher="pbkdf2_sha256")

    def make(number: int) -> Customer:
        client = make_client(f"3100{number:02d}", password=password, mobile=f"+852912310{number:02d}")
        lose_phone(client)
        posted(client)
        return client

    return make


def waiting(customer: Customer) -> SignIn:
    """A login that only a letter completes."""
    sign_in, _ = pend(customer)
    SignIn.objects.filter(pk=sign_in.pk).update(result=Result.PHONE_LOST)
    return fresh(sign_in)


def at_the_key(customer: Customer) -> Begun:
    """A login whose letter was right, with the key of a new phone."""
    sign_in = waiting(customer)
    assert rebinding.prove_letter(sign_in, CODE).answer == Answer.RIGHT
    shown = rebinding.show_key(sign_in, "Phone", after="")
    assert shown is not None
    return sign_in, shown.seed


def confirm(sign_in: SignIn, seed: bytes) -> Callable[[], Verdict]:
    """The deed of typing the first code of the app."""
    looked_up, code = fresh(sign_in), app_code(seed)
    return lambda: rebinding.confirm(looked_up, code, device="Chrome").outcome.verdict


def against(begun: Begun, other: Callable[[], bool]) -> list[bool]:
    """The first code of the app and another deed at the same moment: whether each was done."""
    typed = confirm(*begun)
    return together([lambda: typed() == Verdict.PASSED, other])


def assert_consistent(customer: Customer) -> bool:
    """All of it was done or none, and it is told and recorded as often; whether it was done."""
    customer.refresh_from_db()
    bound = SoftToken.objects.filter(customer=customer, state=TokenState.BOUND).count()
    used = Letter.objects.filter(customer=customer, state=State.USED).count()
    sessions = SignIn.objects.filter(customer=customer, proven_at__isnull=False).count()
    recorded = AuditRecord.objects.filter(subject=customer, event=Event.LETTER_USED).count()
    told = Message.objects.filter(customer=customer, kind="notice.method_changed", channel="email").count()
    assert bound == used == sessions == recorded == told <= 1
    assert customer.method == Method.SOFT_TOKEN
    assert SoftToken.objects.filter(customer=customer, state=TokenState.SUSPENDED).count() == 1 - used
    return bool(used)


def test_one_login_confirmed_many_times_binds_once(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8, C2"""
    for number in rounds:
        customer = somebody(number)
        begun = at_the_key(customer)
        answers = together([confirm(*begun) for _ in range(10)])
        assert answers.count(Verdict.PASSED) == 1
        assert assert_consistent(customer)


def test_one_letter_in_two_browsers_binds_one_phone(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8"""
    for number in rounds:
        customer = somebody(number)
        begun = [at_the_key(customer) for _ in range(2)]
        answers = together([confirm(*each) for each in begun])
        assert sorted(answer.name for answer in answers) == ["GONE", "PASSED"]
        assert assert_consistent(customer)
        winner = begun[answers.index(Verdict.PASSED)][0]
        live = SignIn.objects.filter(customer=customer, epoch=customer.security_epoch, ended_at__isnull=True)
        assert [row.pk for row in live] == [winner.pk]


def test_one_code_typed_at_the_same_moment_costs_nothing(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8: a double click"""
    for number in rounds:
        customer = somebody(number)
        sign_in = waiting(customer)
        looked_up = [fresh(sign_in) for _ in range(5)]
        answers = together([partial(rebinding.prove_letter, each, CODE) for each in looked_up])
        assert sorted(answer.answer.name for answer in answers) == ["GONE"] * 4 + ["RIGHT"]
        assert Letter.objects.get(customer=customer).tries == 0


def test_wrong_codes_of_many_logins_at_once_void_the_letter_at_exactly_five(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8, C3"""
    for number in rounds:
        customer = somebody(number)
        waits = [waiting(customer) for _ in range(20)]
        answers = [each.answer for each in together([partial(rebinding.prove_letter, one, NO_CODE) for one in waits])]
        assert answers.count(Answer.SPOILT_NOW) == 1
        letter = Letter.objects.get(customer=customer)
        assert (letter.state, letter.tries) == (State.VOIDED, 5)
        assert not Customer.objects.get(pk=customer.pk).frozen


def test_a_freeze_against_a_letter_leaves_no_session(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8, C5"""
    for number in rounds:
        customer = somebody(number)
        at_once(confirm(*at_the_key(customer)), partial(freeze, customer))
        assert_consistent(customer)
        assert customer.frozen
        epoch = customer.security_epoch
        assert not SignIn.objects.filter(customer=customer, epoch=epoch, proven_at__isnull=False).exists()


def new_contact(customer: Customer) -> bool:
    """What a saved change of contact does to an account; whether contacts were not on hold."""
    with transaction.atomic():
        locked, now = Customer.lock(customer.pk), timezone.now()
        if locked.contact_held_from:
            return False
        locked.email = "new@example.org"
        locked.method_held_from = locked.contact_held_from = now
        sign_ins.end_all(locked)
        locked.save(update_fields=["email", "method_held_from", "contact_held_from", "security_epoch"])
    return True


def test_a_new_contact_against_a_letter_is_one_or_the_other(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """K3, T8"""
    for number in rounds:
        customer = somebody(number)
        bound, changed = against(at_the_key(customer), partial(new_contact, customer))
        assert bound != changed
        assert assert_consistent(customer) == bound


def test_a_newer_letter_against_an_earlier_one_is_one_or_the_other(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8: the earlier one binds before it is replaced, or not at all"""
    for number in rounds:
        customer = somebody(number)
        earlier = Letter.objects.get(customer=customer)
        at_once(confirm(*at_the_key(customer)), partial(posted, customer, "ZZZZ0000YYYY"))
        done = assert_consistent(customer)
        earlier.refresh_from_db()
        assert earlier.state == (State.USED if done else State.VOIDED)
        assert Letter.objects.filter(customer=customer, state=State.POSTED).count() == 1


def test_an_end_of_every_session_against_a_letter_wins_or_comes_after(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8, L9"""
    for number in rounds:
        customer = somebody(number)
        bound, ended = against(at_the_key(customer), partial(end_everything, customer))
        assert ended
        assert assert_consistent(customer) == bound


def end_everything(customer: Customer) -> bool:
    """What ends every session; whether it was done."""
    with transaction.atomic():
        locked = Customer.lock(customer.pk)
        sign_ins.end_all(locked)
        locked.save(update_fields=["security_epoch"])
    return True
