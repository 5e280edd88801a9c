"""Changes of method that meet each other, a freeze, or a login: one outcome, and it is consistent."""

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, Method, Purpose, SignIn
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.races.together import together, type_code
from tests.twofactor.steps import code_for, freeze, pend
from tests.twofactor.switches import app_code
from twofactor.models import MethodSwitch, SoftToken, SwitchState
from twofactor.services import switching
from twofactor.services.challenges import Verdict
from twofactor.services.login import second_step

ROUNDS = 5
Begun = tuple[SignIn, bytes]


@pytest.fixture
def rounds(soak: bool) -> range:
    """How often they meet."""
    return range(40 if soak else ROUNDS)


@pytest.fixture
def somebody(make_client: Callable[..., Customer]) -> Callable[[int], Customer]:
    """A client for each round, so that no round waits for another."""
    password = make_password("unused", hasher="pbkdf2_sha256")

    def make(number: int) -> Customer:
        return make_client(f"3000{number:02d}", password=password, mobile=f"+852912300{number:02d}")

    return make


def enter(customer: Customer) -> SignIn:
    """A session, as the two steps of a login leave it."""
    sign_in, _ = pend(customer)
    SignIn.objects.filter(pk=sign_in.pk).update(result="success", proven_at=timezone.now(), last_seen_at=timezone.now())
    sign_in.refresh_from_db()
    return sign_in


def proven(sign_in: SignIn, method: str) -> None:
    """A change that was begun and whose present method was proven."""
    assert switching.begin(sign_in, method, now=timezone.now()) is None
    SignIn.objects.filter(pk=sign_in.pk).update(proof=Purpose.CHANGE_METHOD, proof_at=timezone.now())
    assert switching.after_proof(sign_in, source="192.0.2.9", language="en")[0] != switching.Onward.GONE


def at_the_key(customer: Customer) -> Begun:
    """A session with the key of a new phone."""
    sign_in = enter(customer)
    proven(sign_in, Method.SOFT_TOKEN)
    shown = switching.show_key(sign_in, "Phone", after="")
    assert shown is not None
    return sign_in, shown.seed


def fresh(sign_in: SignIn) -> SignIn:
    """The session as another request looks it up."""
    return SignIn.objects.select_related("customer").get(pk=sign_in.pk)


def at_once(*deeds: Callable[[], object]) -> None:
    """Deeds of different kinds at the same moment."""
    together(deeds)


def assert_consistent(customer: Customer) -> None:
    """Exactly one method, told and recorded as often as it was changed."""
    customer.refresh_from_db()
    bound = SoftToken.objects.filter(customer=customer, state="bound").count()
    assert bound == (1 if customer.method == Method.SOFT_TOKEN else 0)
    done = MethodSwitch.objects.filter(customer=customer, state=SwitchState.DONE).count()
    assert AuditRecord.objects.filter(subject=customer, event=Event.METHOD_CHANGED).count() == done
    assert Message.objects.filter(customer=customer, kind="notice.method_changed", channel="email").count() == done


def test_one_change_confirmed_many_times_is_made_once(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T5, C2"""
    for number in rounds:
        customer = somebody(number)
        sign_in, seed = at_the_key(customer)
        code, lookups = app_code(seed), [fresh(sign_in) for _ in range(10)]
        answers = together([partial(switching.confirm_token, each, code) for each in lookups])
        assert [answer.outcome.verdict for answer in answers].count(Verdict.PASSED) == 1
        assert_consistent(customer)
        assert customer.security_epoch == 1


def test_two_changes_of_two_sessions_are_one(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T5"""
    for number in rounds:
        customer = somebody(number)
        begun = [at_the_key(customer) for _ in range(2)]
        answers = together([partial(switching.confirm_token, fresh(each), app_code(seed)) for each, seed in begun])
        assert sorted(answer.outcome.verdict.name for answer in answers) == ["GONE", "PASSED"]
        assert_consistent(customer)
        assert customer.method == Method.SOFT_TOKEN
        winner = begun[[answer.outcome.verdict for answer in answers].index(Verdict.PASSED)][0]
        live = SignIn.objects.filter(customer=customer, epoch=customer.security_epoch, ended_at__isnull=True)
        assert [row.pk for row in live] == [winner.pk]


def test_two_changes_both_ways_are_one(rounds: range, somebody: Callable[[int], Customer], caps_lifted: None) -> None:
    """T5: one session binds another phone while the other goes back to text messages"""
    for number in rounds:
        customer = somebody(number)
        first, seed = at_the_key(customer)
        assert switching.confirm_token(first, app_code(seed)).outcome.verdict == Verdict.PASSED
        customer.refresh_from_db()
        first.refresh_from_db()
        second = enter(customer)
        proven(first, Method.SOFT_TOKEN)
        shown = switching.show_key(first, "Other phone", after="")
        assert shown is not None
        proven(second, Method.SMS)
        sms = code_for(second, Purpose.NEW_METHOD)
        one, two, typed = fresh(first), fresh(second), app_code(shown.seed)
        answers = together([partial(switching.confirm_token, one, typed), partial(switching.confirm_sms, two, sms)])
        assert sorted(answer.outcome.verdict.name for answer in answers) == ["GONE", "PASSED"]
        assert_consistent(customer)


def test_a_freeze_against_a_change_leaves_no_session_and_one_method(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T5, C5"""
    for number in rounds:
        customer = somebody(number)
        sign_in, seed = at_the_key(customer)
        looked_up, code = fresh(sign_in), app_code(seed)
        at_once(partial(switching.confirm_token, looked_up, code), partial(freeze, customer))
        assert_consistent(customer)
        assert customer.frozen
        assert not SignIn.objects.filter(
            customer=customer, epoch=customer.security_epoch, proven_at__isnull=False
        ).exists()


def test_a_login_in_flight_against_a_change_is_over(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T5: a code by text message opens nothing once the app is the method"""
    for number in rounds:
        customer = somebody(number)
        sign_in, seed = at_the_key(customer)
        waiting, key = pend(customer)
        looked_up, code = fresh(sign_in), app_code(seed)
        at_once(partial(switching.confirm_token, looked_up, code), type_code(key, code_for(waiting)))
        assert_consistent(customer)
        assert customer.method == Method.SOFT_TOKEN
        live = SignIn.objects.filter(customer=customer, epoch=customer.security_epoch, proven_at__isnull=False)
        assert [row.pk for row in live] == [sign_in.pk]
        assert second_step(fresh(waiting), code_for(waiting), device="")[0].verdict == Verdict.GONE


def test_a_changed_password_against_a_change_wins_or_comes_after(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """C4, T5"""
    for number in rounds:
        customer = somebody(number)
        sign_in, seed = at_the_key(customer)
        looked_up, code = fresh(sign_in), app_code(seed)
        at_once(partial(switching.confirm_token, looked_up, code), partial(end_everything, customer))
        assert_consistent(customer)
        assert switching.confirm_token(fresh(sign_in), app_code(seed)).outcome.verdict == Verdict.GONE


def end_everything(customer: Customer) -> None:
    """What a new password does to every session."""
    with transaction.atomic():
        locked = Customer.lock(customer.pk)
        sign_ins.end_all(locked)
        locked.save(update_fields=["security_epoch"])


def test_stopping_against_confirming_is_one_or_the_other(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T5"""
    for number in rounds:
        customer = somebody(number)
        sign_in, seed = at_the_key(customer)
        looked_up, other, code = fresh(sign_in), fresh(sign_in), app_code(seed)
        at_once(partial(switching.confirm_token, looked_up, code), partial(switching.stop, other))
        confirmed = MethodSwitch.objects.get(customer=customer).state == SwitchState.DONE
        assert_consistent(customer)
        assert (customer.method == Method.SOFT_TOKEN) == confirmed
