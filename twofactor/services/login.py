"""The two steps of a login, each in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from accounts.models import AccountState, Customer, EndReason, Purpose, Result, SignIn
from accounts.services import login as accounts_login
from accounts.services import sign_ins
from accounts.services.login import Browser, Try
from portal.messaging import notices
from portal.messaging.texts import Detail, Notice
from twofactor.methods import METHODS
from twofactor.services import challenges
from twofactor.services.challenges import Outcome, Verdict


class Step(Enum):
    """Where the first step of a login leads."""

    VERIFICATION_SPENT = auto()
    SLOWED = auto()
    WRONG = auto()
    FROZEN = auto()
    ALL_FROZEN = auto()
    NO_METHOD = auto()
    PHONE_LOST = auto()
    ASKED = auto()


#: Where a login leads whose method is not ready, by what is written down of it.
_NOT_READY = {Result.NO_MOBILE: Step.NO_METHOD, Result.PHONE_LOST: Step.PHONE_LOST}


@dataclass(frozen=True, slots=True)
class FirstStep:
    """The step, with what its page shows. `key` is for the cookie of the pending login."""

    step: Step
    key: str = ""
    retry_at: datetime | None = None
    frozen_at: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """A login that is complete: the key of the session and the device cookie for the next one."""

    key: str
    browser: Browser


def first_step(facts: Try, password: str, *, now: datetime) -> FirstStep:
    """Prove the password and, if it is right, ask for the second factor."""
    answer = accounts_login.prove_password(facts, password, now=now)
    match answer.verdict:
        case accounts_login.Verdict.SPENT:
            return FirstStep(Step.VERIFICATION_SPENT)
        case accounts_login.Verdict.SLOWED:
            return FirstStep(Step.SLOWED, retry_at=answer.retry_at)
        case accounts_login.Verdict.WRONG:
            return FirstStep(Step.WRONG)
    if answer.sign_in is None or answer.customer is None:
        raise AssertionError("a right password belongs to a try and an account")
    return _ask(answer.sign_in, answer.customer, facts, all_frozen=answer.all_frozen)


@transaction.atomic(durable=True)
def _ask(sign_in: SignIn, proven: Customer, facts: Try, *, all_frozen: bool) -> FirstStep:
    """Under the account's lock: may it log in, and if so, the pending login and its challenge."""
    customer = Customer.lock(proven.pk)
    if customer.password != proven.password or customer.state == AccountState.CLOSED:
        # The password changed under our hands, or the account is no more: there is nothing to tell about it.
        result = Result.CLOSED if customer.state == AccountState.CLOSED else Result.WRONG_PASSWORD
        accounts_login.record(sign_in, customer, result)
        return FirstStep(Step.WRONG)
    if customer.frozen:
        return _frozen(sign_in, customer)
    if all_frozen:
        accounts_login.record(sign_in, customer, Result.FROZEN)
        return FirstStep(Step.ALL_FROZEN)
    method = METHODS[customer.method]
    if not method.ready(customer):
        accounts_login.record(sign_in, customer, method.not_ready)
        key = sign_ins.start_pending(sign_in, customer, method.not_ready)
        return FirstStep(_NOT_READY[method.not_ready], key=key)
    key = sign_ins.start_pending(sign_in, customer)
    challenges.issue(customer, sign_in, Purpose.LOGIN, source=facts.address, language=facts.language)
    return FirstStep(Step.ASKED, key=key)


def _frozen(sign_in: SignIn, customer: Customer) -> FirstStep:
    accounts_login.record(sign_in, customer, Result.FROZEN)
    now = timezone.now()
    if not notices.told_lately(customer, Notice.FROZEN_LOGIN, now=now):
        notices.tell(customer, Notice.FROZEN_LOGIN, now=now)
    return FirstStep(Step.FROZEN, frozen_at=customer.frozen_at, reference=customer.freeze_reference)


def second_step(sign_in: SignIn, answer: str, *, device: str) -> tuple[Outcome, Granted | None]:
    """Judge the answer and, if it is right, begin the session and tell the owner. `device` in words for the notice."""
    try:
        with transaction.atomic(durable=True):
            outcome = challenges.verify(sign_in, Purpose.LOGIN, answer)
            if outcome.verdict != Verdict.PASSED:
                return outcome, None
            return outcome, begin_session(sign_in, device, now=timezone.now())
    except sign_ins.SessionGoneError:
        return Outcome(Verdict.GONE), None


def begin_session(sign_in: SignIn, device: str, *, now: datetime, waited_as: Result = Result.PASSWORD_RIGHT) -> Granted:
    """Let a locked account in whose second factor is proven, and tell the owner. Raises `SessionGoneError`."""
    customer = sign_in.customer
    if customer is None:
        raise AssertionError("a pending login has an account")
    key, browser = sign_ins.finish_login(sign_in, now=now, waited_as=waited_as)
    if sign_in.language and customer.language != sign_in.language:
        customer.language = sign_in.language
        customer.save(update_fields=["language"])
    notices.tell(customer, Notice.LOGIN, now=now, detail=Detail(method=sign_in.method, device=device))
    return Granted(key, browser)


def prove(sign_in: SignIn, purpose: Purpose, answer: str) -> tuple[Outcome, str | None]:
    """Judge the answer of a journey inside; the new key of the session if it is right."""
    with transaction.atomic(durable=True):
        outcome = challenges.verify(sign_in, purpose, answer)
        if outcome.verdict != Verdict.PASSED:
            return outcome, None
        return outcome, sign_ins.finish_proof(sign_in, now=timezone.now())


class Proving(Enum):
    """What the password of a journey inside leads to."""

    ASKED = auto()
    WRONG = auto()
    ENDED = auto()  # wrong once too often, or the account changed: the session is over
    NO_METHOD = auto()  # no code can reach this client any more


def begin_proof(sign_in: SignIn, password: str, purpose: Purpose, *, source: str, language: str) -> Proving:
    """Check the password of a session and ask for the second factor."""
    now = timezone.now()
    proven = sign_in.customer
    if not sign_ins.count_password_try(sign_in):
        return Proving.ENDED
    if not accounts_login.password_matches(proven, password):
        return Proving.ENDED if sign_ins.end_if_guessing(sign_in, now=now) else Proving.WRONG
    with transaction.atomic(durable=True):
        customer = Customer.lock(sign_in.customer_id or 0)
        if customer.security_epoch != sign_in.epoch or not customer.open:
            return Proving.ENDED
        if not METHODS[customer.method].ready(customer):
            return Proving.NO_METHOD
        sign_ins.password_proven(sign_in, now=now)
        challenges.ask_again(customer, sign_in, purpose, source=source, language=language)
    return Proving.ASKED


def tell_unfinished(now: datetime) -> int:
    """Tell the owners of logins that stopped after the right password, at most once an hour each; how many."""
    told = 0
    for sign_in in challenges.unfinished(now):
        with transaction.atomic():
            customer = Customer.lock(sign_in.customer_id or 0)
            mine = SignIn.objects.filter(pk=sign_in.pk, reported_at__isnull=True).update(reported_at=now)
            if mine and not notices.told_lately(customer, Notice.UNFINISHED_LOGIN, now=now):
                notices.tell(customer, Notice.UNFINISHED_LOGIN, now=now)
                told += 1
    return told


def end_earlier(sign_in: SignIn | None, *, now: datetime) -> None:
    """A new login in a browser ends what that browser had open."""
    if sign_in is not None:
        sign_ins.end(sign_in, EndReason.REPLACED, now=now)
