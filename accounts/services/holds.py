"""What an account may not do for a while, because something else about it has just changed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import ChangeState, Contact, ContactChange, Customer
from accounts.services.staff import NotAllowedError, as_they_stand, ensure_may_act
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.letters import letters
from portal.letters import policy as letters_policy
from portal.letters.models import Kind


def method_held_until(customer: Customer, *, now: datetime) -> datetime | None:
    """From when on the verification method may be changed again; None if it may be changed now."""
    return _until(customer.method_held_from, policy.METHOD_HOLD, now)


def contacts_held_until(customer: Customer, *, now: datetime) -> datetime | None:
    """From when on the client may change a contact again; None if that may be now."""
    return _until(customer.contact_held_from, policy.CONTACT_HOLD, now)


def _until(held_from: datetime | None, hold: timedelta, now: datetime) -> datetime | None:
    return held_from + hold if held_from and now - held_from < hold else None


def address_held_until(customer: Customer, *, now: datetime) -> datetime | None:
    """From when on a letter may go to the address on file again, since it was changed; None if it may now."""
    since = now - letters_policy.ADDRESS_HOLD
    changes = ContactChange.objects.filter(customer=customer, contact=Contact.POSTAL_ADDRESS, state=ChangeState.DONE)
    changed_at = changes.filter(ended_at__gt=since).order_by("-ended_at").values_list("ended_at", flat=True).first()
    if changed_at is None or _lifted_since(customer, changed_at, now):
        return None
    return _until(changed_at, letters_policy.ADDRESS_HOLD, now)


def held_by_other_letter(customer: Customer, kind: Kind, *, now: datetime) -> bool:
    """Whether a letter of the other kind is or was under way lately, so that none of this kind may follow it yet."""
    since = now - letters_policy.OTHER_KIND_HOLD
    others = [letters.latest(customer, other, since=since) for other in Kind if other != kind]
    return any(letter is not None and not _lifted_since(customer, letter.made_at, now) for letter in others)


def letters_lifted_until(customer: Customer, *, now: datetime) -> datetime | None:
    """Until when letters are free of holds that began before an officer lifted them; None if nobody did lately."""
    lifted = AuditRecord.objects.filter(subject=customer, event=Event.HOLD_LIFTED, at__gt=now - policy.LETTER_OVERRIDE)
    latest = lifted.order_by("-at").values_list("at", flat=True).first()
    return latest + policy.LETTER_OVERRIDE if latest else None


def _lifted_since(customer: Customer, began: datetime, now: datetime) -> bool:
    """Whether an officer lifted the holds after this one began: what is done after the lifting is held anew."""
    until = letters_lifted_until(customer, now=now)
    return until is not None and until - policy.LETTER_OVERRIDE > began


def letters_held(customer: Customer, *, now: datetime) -> bool:
    """Whether any letter is held back."""
    held = any(held_by_other_letter(customer, kind, now=now) for kind in Kind)
    return held or address_held_until(customer, now=now) is not None


def may_lift(customer: Customer, staff: Customer, *, now: datetime) -> str:
    """Why this member of staff may not lift the holds of this client; empty if they may."""
    if not staff.has_perm("accounts.override_hold"):
        return _("Your role does not lift holds.")
    return "" if anything_held(customer, now=now) else _("Nothing is on hold.")


def anything_held(customer: Customer, *, now: datetime) -> bool:
    """Whether there is a hold to lift."""
    own = method_held_until(customer, now=now) or contacts_held_until(customer, now=now)
    return own is not None or letters_held(customer, now=now)


def lift(customer: Customer, *, staff: Customer, reason: str, now: datetime) -> None:
    """Let a client change method and contacts now, and letters be proposed for `policy.LETTER_OVERRIDE`.

    With a reason, on record. Raises `NotAllowedError`.
    """
    with transaction.atomic():
        customer = Customer.lock(customer.pk)
        staff = as_they_stand(staff)
        ensure_may_act(staff, customer)
        refusal = may_lift(customer, staff, now=now)
        if not refusal and not reason.strip():
            refusal = _("A reason is required.")
        if refusal:
            raise NotAllowedError(refusal)
        customer.method_held_from = customer.contact_held_from = None
        customer.save(update_fields=["method_held_from", "contact_held_from"])
        record(Event.HOLD_LIFTED, actor=staff, subject=customer, facts={"reason": reason.strip()})
