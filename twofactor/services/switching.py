"""Changing the verification method: begun, proven by the current method, proven by the new one, swapped.

What the client chose is a row, bound to the session and to the account's epoch. Until the swap the old method
stands; the swap is one transaction. The account is locked first, and the clock is read after that.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, Method, Purpose, SignIn
from accounts.services import holds, sign_ins
from portal.lib.batches import delete_in_batches
from portal.messaging import notices
from twofactor import policy
from twofactor.methods import METHODS
from twofactor.methods.base import Context
from twofactor.models import MethodSwitch, SoftToken, SwitchState
from twofactor.services import challenges, swapping, tokens
from twofactor.services.challenges import Outcome, Resent, Verdict


class Refusal(Enum):
    """Why a method cannot be chosen now."""

    HELD = auto()  # contacts or password changed a moment ago
    IN_USE = auto()
    NO_MOBILE = auto()
    UNKNOWN_BROWSER = auto()  # nobody could be told of it, and this browser never logged in before
    GONE = auto()  # the session or the account is no longer what it was


class Onward(Enum):
    """Where a proof of the current method leads."""

    BIND = auto()
    CONFIRM = auto()
    DONE = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Shown:
    """A new key, given out this once, and until when it can be confirmed."""

    token: SoftToken
    seed: bytes = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What became of a code of the new method. `key` is the session's new one, if the change is done; after a wrong
    code without a try left the change is over."""

    outcome: Outcome
    key: str = field(default="", repr=False)


def why_not(customer: Customer, sign_in: SignIn, to_method: str, *, now: datetime) -> Refusal | None:
    """Why this session may not change to this method now; None if it may."""
    if holds.method_held_until(customer, now=now):
        return Refusal.HELD
    if to_method == Method.SMS:
        if customer.method == Method.SMS and customer.method_chosen_at:
            return Refusal.IN_USE
        return None if METHODS[Method.SMS].ready(customer) else Refusal.NO_MOBILE
    may_bind = notices.has_channel(customer) or sign_in.known_browser
    return None if may_bind else Refusal.UNKNOWN_BROWSER


@transaction.atomic(durable=True)
def begin(sign_in: SignIn, to_method: str, *, now: datetime) -> Refusal | None:
    """Open a change to this method and close what this session had open before; or say why not."""
    customer = Customer.lock(sign_in.customer_id or 0)
    if not sign_ins.stands(sign_in, customer):
        return Refusal.GONE
    refusal = why_not(customer, sign_in, to_method, now=now)
    if refusal:
        return refusal
    _abandon_open(sign_in, now)
    MethodSwitch.objects.create(
        customer=customer,
        sign_in=sign_in,
        epoch=customer.security_epoch,
        from_method=customer.method,
        to_method=to_method,
        created_at=now,
    )
    return None


def current(sign_in: SignIn) -> MethodSwitch | None:
    """The change that this session has open, whether or not it was proven in time."""
    return (
        MethodSwitch.objects.select_related("token")
        .filter(sign_in=sign_in, state=SwitchState.OPEN, epoch=sign_in.epoch)
        .first()
    )


def in_time(switch: MethodSwitch, *, now: datetime) -> bool:
    """Whether the current method was proven for this change, and not too long ago."""
    return switch.proven_at is not None and now - switch.proven_at <= policy.KEY_LIFETIME


@transaction.atomic(durable=True)
def after_proof(sign_in: SignIn, *, source: str, language: str) -> tuple[Onward, str]:
    """Password and current method are proven: spend the proof on the open change. Where it leads, and the new key.

    Whoever applies for text messages and has just typed a code out of one is done.
    """
    customer = Customer.lock(sign_in.customer_id or 0)
    now = timezone.now()
    switch = _open(customer, sign_in, now)
    if switch is None or not sign_ins.spend_proof(sign_in, Purpose.CHANGE_METHOD, now=now):
        return Onward.GONE, ""
    switch.proven_at = now
    switch.save(update_fields=["proven_at"])
    if switch.to_method == Method.SOFT_TOKEN:
        return Onward.BIND, ""
    if switch.from_method == switch.to_method:
        return Onward.DONE, swapping.swap(customer, sign_in, switch, now=now)
    challenges.ask_again(customer, sign_in, Purpose.NEW_METHOD, source=source, language=language, method=Method.SMS)
    return Onward.CONFIRM, ""


@transaction.atomic(durable=True)
def show_key(sign_in: SignIn, name: str, *, after: str) -> Shown | None:
    """Make a key for the device of this name; a key of this change that was shown before is void.

    `after` is the id of that earlier token, or empty. None when it is another one, as when the form is sent a second
    time, or when there is no change to make a key for.
    """
    customer = Customer.lock(sign_in.customer_id or 0)
    now = timezone.now()
    switch = _proven(customer, sign_in, now)
    if switch is None or switch.to_method != Method.SOFT_TOKEN or str(switch.token_id or "") != after:
        return None
    swapping.drop_key(switch)
    token, seed = tokens.show(customer, name=name, now=now)
    switch.token = token
    switch.save(update_fields=["token"])
    return Shown(token, seed, _until(switch))


def confirm_token(sign_in: SignIn, code: str) -> Confirmed:
    """Judge the first code of the new token; if it is right, the token is the method from here on."""
    with transaction.atomic(durable=True):
        customer = Customer.lock(sign_in.customer_id or 0)
        now = timezone.now()
        switch = _proven(customer, sign_in, now)
        if customer.frozen:
            return Confirmed(Outcome(Verdict.FROZEN))
        if switch is None or switch.token is None:
            return Confirmed(Outcome(Verdict.GONE))
        if not tokens.proves(switch.token, code, now=now):
            return _count_wrong(switch, now)
        return Confirmed(Outcome(Verdict.PASSED), swapping.swap(customer, sign_in, switch, now=now))


def confirm_sms(sign_in: SignIn, code: str) -> Confirmed:
    """Judge a code out of a text message; if it is right, text messages are the method from here on."""
    with transaction.atomic(durable=True):
        customer = Customer.lock(sign_in.customer_id or 0)
        now = timezone.now()
        switch = _proven(customer, sign_in, now)
        if customer.frozen:
            return Confirmed(Outcome(Verdict.FROZEN))
        if switch is None or switch.to_method != Method.SMS or not METHODS[Method.SMS].ready(customer):
            return Confirmed(Outcome(Verdict.GONE))
        outcome, _ = challenges.compare(code, Context(customer, sign_in, Purpose.NEW_METHOD, "", "", now))
        if outcome.verdict == Verdict.PASSED:
            return Confirmed(outcome, swapping.swap(customer, sign_in, switch, now=now))
        return _count_wrong(switch, now) if outcome.verdict == Verdict.WRONG else Confirmed(outcome)


@transaction.atomic(durable=True)
def resend(sign_in: SignIn, *, source: str, language: str) -> Resent:
    """Send a new code to the number of an open change to text messages; the one before it dies."""
    customer = Customer.lock(sign_in.customer_id or 0)
    now = timezone.now()
    switch = _proven(customer, sign_in, now)
    if switch is None or switch.to_method != Method.SMS or not METHODS[Method.SMS].ready(customer):
        return Resent(False, gone=True)
    return challenges.send_again(
        customer, sign_in, Purpose.NEW_METHOD, source=source, language=language, method=Method.SMS
    )


@transaction.atomic(durable=True)
def stop(sign_in: SignIn) -> bool:
    """The client keeps the present method; whether there was a change to stop."""
    Customer.lock(sign_in.customer_id or 0)
    return _abandon_open(sign_in, timezone.now())


def purge(now: datetime) -> int:
    """Delete changes that were begun long ago, done or not; how many. The audit trail keeps what was done."""
    old = MethodSwitch.objects.filter(created_at__lt=now - policy.SWITCH_RETENTION)
    return delete_in_batches(old, size=policy.PURGE_BATCH)


# --- Under the account's lock --------------------------------------------------------------------------


def _open(customer: Customer, sign_in: SignIn, now: datetime) -> MethodSwitch | None:
    """The open change of this session, if the account is still as it was when it began and may still be changed."""
    switch = current(sign_in) if sign_ins.stands(sign_in, customer) else None
    if switch is None or switch.from_method != customer.method:
        return None
    return None if why_not(customer, sign_in, switch.to_method, now=now) else switch


def _proven(customer: Customer, sign_in: SignIn, now: datetime) -> MethodSwitch | None:
    switch = _open(customer, sign_in, now)
    return switch if switch and in_time(switch, now=now) else None


def _until(switch: MethodSwitch) -> datetime:
    if switch.proven_at is None:
        raise AssertionError("a key is shown only after the current method was proven")
    return switch.proven_at + policy.KEY_LIFETIME


def _count_wrong(switch: MethodSwitch, now: datetime) -> Confirmed:
    """A wrong code of the new method ends the change at the last try. It says nothing of the method in use."""
    switch.tries += 1
    left = policy.NEW_METHOD_TRIES - switch.tries
    switch.save(update_fields=["tries"])
    if not left:
        swapping.close(switch, SwitchState.ABANDONED, now)
    return Confirmed(Outcome(Verdict.WRONG, tries_left=left))


def _abandon_open(sign_in: SignIn, now: datetime) -> bool:
    switch = MethodSwitch.objects.filter(sign_in=sign_in, state=SwitchState.OPEN).first()
    if switch:
        swapping.close(switch, SwitchState.ABANDONED, now)
    return switch is not None
