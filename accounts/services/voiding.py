"""Starting a password reset for a caller: the present password stops working, and staff never set or see a new one."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AccountState, Customer
from accounts.services import lockout, password, sign_ins
from accounts.services.lockout import IdentityCheck
from accounts.services.staff import NotAllowedError, as_they_stand, ensure_may_act
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.messaging import notices
from portal.messaging.texts import Notice


def may_void(customer: Customer, staff: Customer) -> str:
    """Why this member of staff may not void the password of this client; empty if they may."""
    if not staff.has_perm("accounts.propose"):
        return _("Your role does not start password resets.")
    if customer.state == AccountState.CLOSED:
        return _("The account is closed: nobody can log in to it.")
    if not customer.has_usable_password():
        return _("No password is set on this account: the client chooses “Forgotten password or first login”.")
    return ""


def void(customer: Customer, *, staff: Customer, reason: str, check: IdentityCheck, now: datetime) -> AuditRecord:
    """Void a client's password after an identity check that was passed: every session ends, method and contacts are
    held, the client is told. An account that is frozen stays so.

    Raises `NotAllowedError` if the role does not suffice, the check was not passed or no reason is given. A caller
    who did not pass the check is on record.
    """
    with transaction.atomic():
        customer = Customer.lock(customer.pk)
        staff = as_they_stand(staff)
        ensure_may_act(staff, customer)
        refusal = may_void(customer, staff)
        if not refusal and not (check.passed and check.questions):
            lockout.record_failed_check(customer, staff=staff, questions=check.questions, reason=reason)
            refusal = _("The identity check was not passed: the password stays as it is.")
        elif not refusal and not reason.strip():
            refusal = _("A reason is required.")
        if not refusal:
            return _void(customer, staff, reason, check, now)
    raise NotAllowedError(refusal)


def _void(customer: Customer, staff: Customer, reason: str, check: IdentityCheck, now: datetime) -> AuditRecord:
    password.remember(customer, now=now)
    customer.set_unusable_password()
    customer.last_security_change_at = customer.method_held_from = customer.contact_held_from = now
    sign_ins.end_all(customer)
    customer.save(
        update_fields=[
            "password", "last_security_change_at", "method_held_from", "contact_held_from", "security_epoch",
        ]
    )  # fmt: skip
    notices.tell(customer, Notice.PASSWORD_VOIDED, now=now)
    facts = {"reason": reason.strip(), "questions": ", ".join(check.questions)}
    return record(Event.PASSWORD_VOIDED, actor=staff, subject=customer, facts=facts)
