"""What an account may not do for a while, because something else about it has just changed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import Customer
from accounts.services.staff import NotAllowedError, as_they_stand, ensure_may_act
from portal.audit.events import Event
from portal.audit.trail import record


def method_held_until(customer: Customer, *, now: datetime) -> datetime | None:
    """From when on the verification method may be changed again; None if it may be changed now."""
    return _until(customer.method_held_from, policy.METHOD_HOLD, now)


def contacts_held_until(customer: Customer, *, now: datetime) -> datetime | None:
    """From when on the client may change a contact again; None if that may be now."""
    return _until(customer.contact_held_from, policy.CONTACT_HOLD, now)


def _until(held_from: datetime | None, hold: timedelta, now: datetime) -> datetime | None:
    return held_from + hold if held_from and now - held_from < hold else None


def may_lift(customer: Customer, staff: Customer, *, now: datetime) -> str:
    """Why this member of staff may not lift the holds of this client; empty if they may."""
    if not staff.has_perm("accounts.override_hold"):
        return _("Your role does not lift holds.")
    if not method_held_until(customer, now=now) and not contacts_held_until(customer, now=now):
        return _("Nothing is on hold.")
    return ""


def lift(customer: Customer, *, staff: Customer, reason: str, now: datetime) -> None:
    """Let a client change method and contacts now, with a reason, on record. Raises `NotAllowedError`."""
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
