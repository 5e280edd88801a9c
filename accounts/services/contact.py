"""Changing a contact: begun, proven by the method in use, the new one confirmed by its own code, looked at, saved.

What the client wants is a row, bound to the session and to the account's epoch. Until it is saved the old contact
stands; saving is one transaction. The account is locked first, and the clock is read after that.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from accounts import policy
from accounts.models import ChangeState, Contact, ContactChange, Customer, Purpose, SignIn
from accounts.services import holds, sign_ins
from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters import letters
from portal.lib.addresses import same_contact
from portal.lib.batches import delete_in_batches
from portal.lib.references import new_reference
from portal.messaging import notices
from portal.messaging.models import Message
from portal.messaging.texts import Detail, Notice

#: What the client is told of a changed contact.
NOTICES = {
    Contact.MOBILE: Notice.MOBILE_CHANGED,
    Contact.EMAIL: Notice.EMAIL_CHANGED,
    Contact.POSTAL_ADDRESS: Notice.ADDRESS_CHANGED,
}


class Refusal(Enum):
    """Why a contact cannot be changed now."""

    HELD = auto()  # contact, method or password changed a moment ago
    SAME = auto()  # it is what stands on file
    GONE = auto()  # the session, the account or the change is no longer what it was


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of saving. `key` is the session's new one, if it was done."""

    refusal: Refusal | None = None
    key: str = field(default="", repr=False)


@transaction.atomic(durable=True)
def begin(sign_in: SignIn, contact: Contact, new: str, *, now: datetime) -> Refusal | None:
    """Open a change of this contact, in place of what this session had open before; or say why not."""
    customer = Customer.lock(sign_in.customer_id or 0)
    if not sign_ins.stands(sign_in, customer):
        return Refusal.GONE
    if holds.contacts_held_until(customer, now=now):
        return Refusal.HELD
    old = getattr(customer, contact)
    if same_contact(old, new):
        return Refusal.SAME
    ContactChange.objects.filter(sign_in=sign_in, state=ChangeState.OPEN).delete()
    change = ContactChange(
        customer=customer, sign_in=sign_in, epoch=customer.security_epoch, contact=contact, created_at=now
    )
    change.seal(old=old, new=new)
    change.save(force_insert=True)
    sign_ins.ask_proof(sign_in, Purpose.CHANGE_CONTACT)
    return None


def current(sign_in: SignIn) -> ContactChange | None:
    """The change that this session has open, whether or not it was proven in time."""
    return ContactChange.objects.filter(sign_in=sign_in, state=ChangeState.OPEN, epoch=sign_in.epoch).first()


def in_time(change: ContactChange, *, now: datetime) -> bool:
    """Whether password and method were proven for this change, and not too long ago."""
    return change.proven_at is not None and now - change.proven_at <= policy.CONTACT_CHANGE_LIFETIME


def confirmed(change: ContactChange) -> bool:
    """Whether the new contact was proven, as far as it can be: a letter-box is not sent a code."""
    return change.contact == Contact.POSTAL_ADDRESS or change.confirmed_at is not None


def open_change(customer: Customer, sign_in: SignIn, *, now: datetime) -> ContactChange | None:
    """The open change of this session, if the locked account is as it was when it began and may still be changed."""
    change = current(sign_in) if sign_ins.stands(sign_in, customer) else None
    if change is None or getattr(customer, change.contact) != change.old:
        return None
    return None if holds.contacts_held_until(customer, now=now) else change


def proven_change(customer: Customer, sign_in: SignIn, *, now: datetime) -> ContactChange | None:
    """The open change, if it was proven in time."""
    change = open_change(customer, sign_in, now=now)
    return change if change and in_time(change, now=now) else None


@transaction.atomic(durable=True)
def save(sign_in: SignIn) -> Saved:
    """Make the change that the client has looked at; every other session ends, old and new contacts are told."""
    customer = Customer.lock(sign_in.customer_id or 0)
    now = timezone.now()
    change = proven_change(customer, sign_in, now=now)
    if change is None or not confirmed(change):
        return Saved(Refusal.GONE)
    setattr(customer, change.contact, change.new)
    customer.last_security_change_at = customer.method_held_from = customer.contact_held_from = now
    sign_ins.end_all(customer)
    customer.save(
        update_fields=[
            change.contact, "last_security_change_at", "method_held_from", "contact_held_from", "security_epoch",
        ]
    )  # fmt: skip
    change.state, change.ended_at, change.reference = ChangeState.DONE, now, new_reference("C")
    change.save(update_fields=["state", "ended_at", "reference"])
    contact = Contact(change.contact)
    record(
        Event.CONTACT_CHANGED,
        actor=customer,
        subject=customer,
        facts={"contacts": contact.value, "reference": change.reference},
    )
    if contact == Contact.POSTAL_ADDRESS:
        letters.void_unprinted(customer, now=now)
    detail = Detail(reference=change.reference)
    notices.tell(customer, NOTICES[contact], now=now, detail=detail)
    return Saved(key=sign_ins.keep(sign_in, customer))


@transaction.atomic(durable=True)
def stop(sign_in: SignIn) -> bool:
    """The client keeps what is on file; whether there was a change to stop."""
    Customer.lock(sign_in.customer_id or 0)
    return bool(ContactChange.objects.filter(sign_in=sign_in, state=ChangeState.OPEN).delete()[0])


def completed(sign_in: SignIn) -> tuple[ContactChange, list[Message]] | None:
    """The latest change that this session has made, and where notices of it went."""
    done = ContactChange.objects.filter(sign_in=sign_in, state=ChangeState.DONE).order_by("-ended_at").first()
    if done is None or done.ended_at is None:
        return None
    kind = f"notice.{NOTICES[Contact(done.contact)]}"
    told = Message.objects.filter(customer_id=done.customer_id, kind=kind, created_at=done.ended_at)
    return done, list(told.order_by("channel", "to_masked"))


def purge(now: datetime) -> int:
    """Delete changes that were never done, and former contacts that have been told for long enough; how many."""
    begun = ContactChange.objects.filter(state=ChangeState.OPEN, created_at__lt=now - policy.CONTACT_CHANGE_RETENTION)
    done = ContactChange.objects.filter(state=ChangeState.DONE, ended_at__lt=now - policy.FORMER_CONTACT)
    return sum(delete_in_batches(old, size=policy.PURGE_BATCH) for old in (begun, done))
