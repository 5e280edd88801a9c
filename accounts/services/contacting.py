"""Reaching a client: how, in full, for one who says why; and trying whether it works."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import AccountState, Customer
from accounts.services import pace
from accounts.services.staff import NotAllowedError, as_they_stand, ensure_may_act
from portal.audit.events import Event
from portal.audit.trail import record
from portal.messaging import notices
from portal.messaging.models import Message
from portal.messaging.texts import Notice


def may_send_test(customer: Customer, staff: Customer, *, now: datetime) -> str:
    """Why this member of staff may not send this client a test notice now; empty if they may."""
    if not staff.has_perm("accounts.reveal_contacts"):
        return _("Your role does not send test notices.")
    if customer.state == AccountState.CLOSED:
        return _("The account is closed: nobody can log in to it.")
    if not customer.email and not customer.mobile:
        return _("There is neither an e-mail address nor a mobile number on file.")
    if tests_left(customer, now) == 0:
        return _("This client was sent %(count)d test notices within a day: that is enough.") % {
            "count": policy.TEST_NOTICES
        }
    return ""


def tests_left(customer: Customer, now: datetime) -> int:
    """How many test notices this client may still be sent. One by two channels is one."""
    since = now - policy.TEST_NOTICE_WINDOW
    sent = Message.objects.filter(customer=customer, kind=f"notice.{Notice.TEST}", created_at__gt=since)
    return max(0, policy.TEST_NOTICES - sent.order_by().values("created_at").distinct().count())


def send_test(
    customer: Customer, *, staff: Customer, reason: str, checklist: Collection[str] = (), now: datetime
) -> list[Message]:
    """Send a notice that says it is a test to every contact on file. Raises `NotAllowedError`."""
    with transaction.atomic():
        customer = Customer.lock(customer.pk)
        staff = as_they_stand(staff)
        ensure_may_act(staff, customer)
        refusal = may_send_test(customer, staff, now=now)
        if not refusal and not reason.strip():
            refusal = _("A reason is required.")
        if refusal:
            raise NotAllowedError(refusal)
        told = notices.tell(customer, Notice.TEST, now=now)
        channels = ", ".join(message.channel for message in told)
        record(
            Event.TEST_NOTICE_SENT,
            actor=staff,
            subject=customer,
            facts={"channels": channels, "reason": reason.strip(), "checked": ", ".join(checklist)},
        )
    return told


#: What can be shown in full.
CONTACTS = ("mobile", "email", "postal_address")


def reveal(
    customer: Customer, *, staff: Customer, contacts: Collection[str], reason: str, now: datetime
) -> dict[str, str]:
    """These contacts of a client in full, for one who says why, on record. Raises `NotAllowedError`.

    `contacts` are names out of `CONTACTS`. Nobody does it more often on one day than the policy says.
    """
    with transaction.atomic():
        customer = Customer.lock(customer.pk)
        staff = as_they_stand(staff)
        ensure_may_act(staff, customer)
        if not staff.has_perm("accounts.reveal_contacts"):
            raise NotAllowedError(_("Your role does not see contacts in full."))
        wanted = [name for name in CONTACTS if name in contacts and getattr(customer, name)]
        if not wanted:
            raise NotAllowedError(_("There is nothing on file to show."))
        if not reason.strip():
            raise NotAllowedError(_("A reason is required."))
        pace.ensure_not_used_up(staff, Event.STAFF_REVEALED, now=now)
        record(
            Event.STAFF_REVEALED,
            actor=staff,
            subject=customer,
            facts={"contacts": ", ".join(wanted), "reason": reason.strip()},
        )
    return {name: getattr(customer, name) for name in wanted}
