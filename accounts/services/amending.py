"""Contacts changed by staff, with a second person: off a signed form, or back to what a thief replaced."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import AccountState, ChangeState, Contact, ContactChange, Customer, replaced_since
from accounts.services import sign_ins
from accounts.services.contact import NOTICES
from accounts.services.staff import NotAllowedError, ensure_may_act
from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters import letters
from portal.messaging import notices
from portal.messaging.texts import Detail


def why_not(customer: Customer) -> str:
    """Why no contact of this account can be changed; empty if one can."""
    if customer.state == AccountState.CLOSED:
        return _("The account is closed: nobody can log in to it.")
    return ""


def facts(customer: Customer) -> dict[str, str]:
    """What a change rests on: every contact as it is."""
    return {contact.value: getattr(customer, contact) for contact in Contact}


def replaced(customer: Customer, *, now: datetime) -> list[ContactChange]:
    """The changes of the last days, whose old contacts can be put back; the newest first."""
    return replaced_since(customer.pk, now - policy.FORMER_CONTACT)[: policy.REPLACED_SHOWN]


def amend(
    customer: Customer,
    new: Mapping[str, str],
    *,
    staff: Customer,
    reference: str,
    approval: Mapping[str, str],
    now: datetime,
) -> None:
    """Set these contacts of a locked account; every session ends, old and new contacts are told, the holds begin.

    `new` has names of contacts and what they shall be. `staff` is who approved it, `approval` says who proposed it and
    why. Raises `NotAllowedError`.
    """
    ensure_may_act(staff, customer)
    refusal = why_not(customer)
    if refusal:
        raise NotAllowedError(refusal)
    contacts = [contact for contact in Contact if contact in new and new[contact] != getattr(customer, contact)]
    if not contacts:
        raise NotAllowedError(_("That is what is on file already."))
    for contact in contacts:
        change = ContactChange(
            customer=customer,
            epoch=customer.security_epoch,
            contact=contact,
            state=ChangeState.DONE,
            created_at=now,
            ended_at=now,
            reference=reference,
        )
        change.seal(old=getattr(customer, contact), new=new[contact])
        change.save(force_insert=True)
        setattr(customer, contact, new[contact])
    customer.last_security_change_at = customer.method_held_from = customer.contact_held_from = now
    sign_ins.end_all(customer)
    customer.save(
        update_fields=[
            *contacts, "last_security_change_at", "method_held_from", "contact_held_from", "security_epoch",
        ]
    )  # fmt: skip
    changed = ", ".join(contact.value for contact in contacts)
    record(
        Event.CONTACT_CHANGED,
        actor=staff,
        subject=customer,
        facts={"contacts": changed, "reference": reference, **approval},
    )
    if Contact.POSTAL_ADDRESS in contacts:
        letters.void_unprinted(customer, now=now)
    for contact in contacts:
        notices.tell(customer, NOTICES[contact], now=now, detail=Detail(reference=reference))
