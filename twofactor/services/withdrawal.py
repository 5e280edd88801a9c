"""Withdrawing a mobile security code by staff, with a second person: for a phone that the client no longer has in use.

The account falls back to text messages, as if nothing had been chosen: it always has a method. That is only done
where a number on file has stood for a while, because whoever gets such texts gets in. A phone that was reported lost
is another matter: its SIM may be lost with it, so that such an account waits for the rebinding letter.
"""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import AccountState, Customer, Method
from accounts.services import holds, sign_ins
from accounts.services.staff import NotAllowedError, ensure_may_act
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.messaging import notices
from portal.messaging.texts import Detail, Notice
from twofactor.methods import METHODS
from twofactor.models import TokenState
from twofactor.services import tokens


def why_not(customer: Customer, *, now: datetime) -> str:
    """Why the method of this account cannot be withdrawn now; empty if it can."""
    token = tokens.live(customer)
    if customer.state == AccountState.CLOSED:
        return _("The account is closed: nobody can log in to it.")
    if customer.method != Method.SOFT_TOKEN or token is None:
        return _("This client proves logins by text message: there is nothing to withdraw.")
    if token.state == TokenState.SUSPENDED:
        return _("The phone was reported lost: this account waits for a rebinding letter.")
    if not METHODS[Method.SMS].ready(customer):
        return _("No mobile number on file gets text messages: without this method the client could not log in at all.")
    if holds.method_held_until(customer, now=now):
        return _("Contacts or password changed within the last 24 hours: the method stays as it is until then.")
    return ""


def facts(customer: Customer) -> dict[str, str]:
    """What a withdrawal rests on."""
    token = tokens.live(customer)
    return {
        "method": customer.method,
        "token": str(token.pk) if token else "",
        "token_state": token.state if token else "",
        "mobile": customer.mobile,
        "state": customer.state,
    }


def withdraw(
    customer: Customer, *, staff: Customer, reference: str, approval: Mapping[str, str], now: datetime
) -> AuditRecord:
    """Remove the bound token of a locked account and fall back to text messages; sessions end, the client is told.

    `staff` is who approved it, `approval` says who proposed it and why. No method is chosen for 24 hours after. Raises
    `NotAllowedError`.
    """
    ensure_may_act(staff, customer)
    refusal = why_not(customer, now=now)
    if refusal:
        raise NotAllowedError(refusal)
    tokens.remove(customer, now=now)
    customer.method, customer.method_chosen_at = Method.SMS, None
    customer.last_security_change_at = customer.method_held_from = customer.contact_held_from = now
    sign_ins.end_all(customer)
    customer.save(
        update_fields=[
            "method", "method_chosen_at", "last_security_change_at", "method_held_from", "contact_held_from",
            "security_epoch",
        ]
    )  # fmt: skip
    notices.tell(customer, Notice.METHOD_WITHDRAWN, now=now, detail=Detail(reference=reference))
    moved = {"reference": reference, "from": Method.SOFT_TOKEN.value, "to": Method.SMS.value}
    return record(Event.METHOD_WITHDRAWN, actor=staff, subject=customer, facts={**moved, **approval})
