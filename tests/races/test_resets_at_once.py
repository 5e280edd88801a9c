"""Resets of one account that meet each other, a freeze, or a second worker: one outcome."""

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import Customer, PasswordReset, Purpose, ResetWay
from accounts.services import reset as journeys
from accounts.services.login import Try
from accounts.services.reset import Step
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.letters.models import State
from portal.messaging.models import Message
from tests.races.together import together
from tests.reset.steps import NEW, posted, reset_of
from tests.twofactor.steps import code_for, freeze
from twofactor.services import reset as service
from twofactor.services.challenges import Verdict
from twofactor.services.reset import Finding

ROUNDS = 4


@pytest.fixture
def rounds(soak: bool) -> range:
    """How often they meet."""
    return range(40 if soak else ROUNDS)


@pytest.fixture
def somebody(make_client: Callable[..., Customer]) -> Callable[[int], Customer]:
    """A client for each round, so that no round waits for another."""
    password = make_password("unused", hasher="pbkdf2_sha256")

    def make(number: int) -> Customer:
        return make_client(f"3200{number:02d}", password=password, mobile=f"+852912320{number:02d}")

    return make


def begun(customer: Customer, way: ResetWay, nth: int = 0) -> PasswordReset:
    """A journey that has just been asked for, as a request would look it up."""
    facts = Try(
        number=customer.login,
        verification=f"test:{customer.login}:{way}:{nth}",
        address=f"198.18.{int(customer.login[-2:])}.{nth}",  # no round takes of what another's source may have
        user_agent="",
        language="en",
    )
    key = journeys.ask(facts, way, now=timezone.now())
    assert key
    return found(key)


def found(key: str) -> PasswordReset:
    reset = journeys.find(key)
    assert reset
    return reset


def again(reset: PasswordReset) -> PasswordReset:
    """The same journey, looked up by another request."""
    return PasswordReset.objects.select_related("sign_in__customer").get(pk=reset.pk)


def at_the_method(customer: Customer, nth: int = 0) -> PasswordReset:
    """A journey whose letter was right."""
    reset = begun(customer, ResetWay.LETTER, nth)
    _, code = posted(customer)
    assert service.recognise_by_letter(reset, code, source="192.0.2.9", language="en").finding == Finding.RIGHT
    return again(reset)


def at_the_password(customer: Customer) -> PasswordReset:
    """A journey that has nothing left to do but to take a new password."""
    reset = at_the_method(customer)
    assert service.prove(reset, code_for(reset.sign_in, Purpose.RESET)).verdict == Verdict.PASSED
    return again(reset)


def replaced(customer: Customer) -> int:
    """How often the password was replaced, as trail, notices and epoch have it."""
    done = AuditRecord.objects.filter(subject=customer, event=Event.PASSWORD_RESET).count()
    assert Message.objects.filter(customer=customer, kind="notice.password_reset", channel="email").count() == done
    return done


def choose(reset: PasswordReset) -> Step:
    return journeys.choose(reset, NEW, now=timezone.now())


def test_two_tabs_that_finish_at_once_replace_the_password_once(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """L10"""
    for number in rounds:
        customer = somebody(number)
        reset = at_the_password(customer)
        answers = together([partial(choose, again(reset)) for _ in range(5)])
        assert set(answers) == {Step.DONE}
        assert replaced(customer) == 1
        customer.refresh_from_db()
        assert customer.security_epoch == 1


def test_a_letter_typed_in_two_browsers_at_once_resets_one_password(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """T8"""
    for number in rounds:
        customer = somebody(number)
        made, code = posted(customer)
        resets = [begun(customer, ResetWay.LETTER, nth) for nth in range(4)]
        typed = together(
            [partial(service.recognise_by_letter, reset, code, source="192.0.2.9", language="en") for reset in resets]
        )
        assert {each.finding for each in typed} == {Finding.RIGHT}
        for reset in map(again, resets):
            assert service.prove(reset, code_for(reset.sign_in, Purpose.RESET)).verdict == Verdict.PASSED
        answers = together([partial(choose, again(reset)) for reset in resets])
        assert sorted(answer.name for answer in answers) == ["DONE", "OVER", "OVER", "OVER"]
        assert replaced(customer) == 1
        made.refresh_from_db()
        assert made.state == State.USED


def test_a_freeze_at_the_same_moment_wins_or_comes_after(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """C5"""
    for number in rounds:
        customer = somebody(number)
        reset = at_the_password(customer)
        deeds: list[Callable[[], object]] = [partial(choose, again(reset)), partial(freeze, customer)]
        stands, _ = together(deeds)
        customer.refresh_from_db()
        assert customer.frozen
        assert replaced(customer) == (stands == Step.DONE)
        assert customer.security_epoch == 1 + (stands == Step.DONE)


def test_a_right_code_beside_a_freeze_proves_nothing_that_lasts(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """C5"""
    for number in rounds:
        customer = somebody(number)
        reset = at_the_method(customer)
        code = code_for(reset.sign_in, Purpose.RESET)
        deeds: list[Callable[[], object]] = [partial(service.prove, again(reset), code), partial(freeze, customer)]
        together(deeds)
        assert choose(again(reset)) == Step.OVER
        assert replaced(customer) == 0


def test_parallel_guesses_are_five_at_most(
    rounds: range, somebody: Callable[[int], Customer], caps_lifted: None
) -> None:
    """C3"""
    for number in rounds:
        customer = somebody(number)
        reset = begun(customer, ResetWay.EMAIL)
        assert service.answer_asked() == 1
        reset, right = again(reset), code_for(again(reset).sign_in, Purpose.RESET_EMAIL)
        guesses = [f"{(int(right) + step) % 10**6:06d}" for step in range(1, 13)]
        found_ = together(
            [
                partial(service.recognise_by_email, again(reset), guess, source="192.0.2.9", language="en")
                for guess in guesses
            ]
        )
        assert sorted(each.finding.name for each in found_) == ["GONE"] * 7 + ["LAST_WRONG"] + ["WRONG"] * 4
        customer.refresh_from_db()
        assert customer.wrong_codes == 0


def test_two_workers_send_one_code(rounds: range, somebody: Callable[[int], Customer], caps_lifted: None) -> None:
    """O4"""
    for number in rounds:
        customer = somebody(number)
        begun(customer, ResetWay.EMAIL)
        sent = together([service.answer_asked for _ in range(4)])
        assert sum(sent) == 1
        assert Message.objects.filter(customer=customer, kind="code.reset_email").count() == 1


def test_a_right_code_typed_many_times_at_once_spends_one_text_message(
    rounds: range, somebody: Callable[[int], Customer]
) -> None:
    """C2, S2"""
    for number in rounds:
        customer = somebody(number)
        reset = begun(customer, ResetWay.EMAIL)
        assert service.answer_asked() == 1
        code = code_for(again(reset).sign_in, Purpose.RESET_EMAIL)
        together(
            [
                partial(service.recognise_by_email, again(reset), code, source="192.0.2.9", language="en")
                for _ in range(6)
            ]
        )
        assert Message.objects.filter(customer=customer, channel="sms").count() == 1
        assert reset_of(customer).recognised_at
