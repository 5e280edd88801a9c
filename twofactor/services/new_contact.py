"""Proving a new contact: the method in use first, then a code that is sent to the new number or address.

The change itself, and saving it, is `accounts.services.contact`.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from accounts import policy
from accounts.models import Contact, ContactChange, Customer, Purpose, SignIn
from accounts.services import contact as contacts
from accounts.services import sign_ins
from twofactor.methods.base import Context
from twofactor.services import challenges
from twofactor.services.challenges import Outcome, Resent, Verdict

#: What a code to the new contact is for, and the factor that sends it. A letter-box is sent none.
PURPOSES = {Contact.MOBILE: Purpose.NEW_MOBILE, Contact.EMAIL: Purpose.NEW_EMAIL}
_FACTORS = {Contact.MOBILE: "sms", Contact.EMAIL: "email"}


class Onward(Enum):
    """Where a proof of the method in use leads."""

    CODE = auto()
    REVIEW = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked of a new contact, by what, and where that goes."""

    purpose: Purpose
    factor: str
    to: str = field(repr=False)


@transaction.atomic(durable=True)
def after_proof(sign_in: SignIn, *, source: str, language: str) -> Onward:
    """Password and method in use are proven: spend the proof on the open change, and send a code to the new contact."""
    customer = Customer.lock(sign_in.customer_id or 0)
    now = timezone.now()
    change = contacts.open_change(customer, sign_in, now=now)
    if change is None or not sign_ins.spend_proof(sign_in, Purpose.CHANGE_CONTACT, now=now):
        return Onward.GONE
    change.proven_at = now
    change.save(update_fields=["proven_at"])
    asking = _asking(change)
    if asking is None:
        return Onward.REVIEW
    challenges.ask_again(
        customer, sign_in, asking.purpose, source=source, language=language, method=asking.factor, to=asking.to
    )
    return Onward.CODE


def confirm(sign_in: SignIn, code: str) -> Outcome:
    """Judge a code out of a message to the new contact. A wrong one at the last try ends the change, nothing else."""
    with transaction.atomic(durable=True):
        customer = Customer.lock(sign_in.customer_id or 0)
        now = timezone.now()
        if customer.frozen:
            return Outcome(Verdict.FROZEN)
        change = contacts.proven_change(customer, sign_in, now=now)
        asking = _asking(change) if change else None
        if change is None or asking is None:
            return Outcome(Verdict.GONE)
        if contacts.confirmed(change):
            return Outcome(Verdict.PASSED)  # sent twice, or gone back to
        outcome, _ = challenges.compare(code, Context(customer, sign_in, asking.purpose, "", "", now, asking.to))
        if outcome.verdict == Verdict.PASSED:
            change.confirmed_at = now
            change.save(update_fields=["confirmed_at"])
        return _count_wrong(change) if outcome.verdict == Verdict.WRONG else outcome


@transaction.atomic(durable=True)
def resend(sign_in: SignIn, *, source: str, language: str) -> Resent:
    """Send another code to the new contact; the one before it dies."""
    customer = Customer.lock(sign_in.customer_id or 0)
    change = contacts.proven_change(customer, sign_in, now=timezone.now())
    asking = _asking(change) if change else None
    if asking is None:
        return Resent(False, gone=True)
    return challenges.send_again(
        customer, sign_in, asking.purpose, source=source, language=language, method=asking.factor, to=asking.to
    )


def _asking(change: ContactChange) -> _Asking | None:
    contact = Contact(change.contact)
    if contact not in PURPOSES:
        return None
    return _Asking(PURPOSES[contact], _FACTORS[contact], change.new)


def _count_wrong(change: ContactChange) -> Outcome:
    change.tries += 1
    left = policy.NEW_CONTACT_TRIES - change.tries
    if left:
        change.save(update_fields=["tries"])
    else:
        change.delete()
    return Outcome(Verdict.WRONG, tries_left=left)
