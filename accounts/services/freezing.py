"""Freezing by staff: one account, everybody, and the way back from everybody."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AccountState, Customer, Emergency, FreezeCause
from accounts.services import lockout
from accounts.services.staff import NotAllowedError, as_they_stand, ensure_may_act
from portal.audit.events import Event
from portal.audit.trail import record

#: Which freeze weighs more: a heavier one takes the place of a lighter one, so that it is not lifted as lightly.
_WEIGHT = {FreezeCause.WRONG_CODES: 0, FreezeCause.CLIENT: 1, FreezeCause.STAFF: 1, FreezeCause.FRAUD: 2}
_PERMISSIONS = {FreezeCause.STAFF: "accounts.freeze_one", FreezeCause.FRAUD: "accounts.freeze_fraud"}


def may_freeze(customer: Customer, staff: Customer, cause: FreezeCause) -> str:
    """Why this member of staff may not freeze this account for this cause; empty if they may."""
    if not staff.has_perm(_PERMISSIONS[cause]):
        return _("Your role does not freeze accounts for this cause.")
    if customer.state == AccountState.CLOSED:
        return _("The account is closed: nobody can log in to it.")
    if customer.frozen and not outweighs(customer, cause):
        return _("The account is frozen already, reference %(reference)s.") % {"reference": customer.freeze_reference}
    return ""


def outweighs(customer: Customer, cause: FreezeCause) -> bool:
    """Whether a freeze for this cause takes the place of the one that is there."""
    return _WEIGHT[cause] > _WEIGHT[FreezeCause(customer.freeze_cause)]


def freeze_one(
    customer: Customer,
    *,
    staff: Customer,
    cause: FreezeCause,
    reason: str,
    checklist: Sequence[str] = (),
    now: datetime,
) -> str:
    """Freeze an account for staff or for fraud: sessions and codes end, the client is told. The freeze reference.

    An account that wrong codes, the client or staff had frozen keeps its reference and is held for the heavier cause.
    Raises `NotAllowedError` without the right, without a reason, or where there is nothing to freeze.
    """
    with transaction.atomic():
        customer = Customer.lock(customer.pk)
        staff = as_they_stand(staff)
        ensure_may_act(staff, customer)
        refusal = may_freeze(customer, staff, cause)
        if not refusal and not reason.strip():
            refusal = _("A reason is required.")
        if refusal:
            raise NotAllowedError(refusal)
        facts = {"checked": ", ".join(checklist)}
        if customer.frozen:
            return hold(customer, cause, actor=staff, reason=reason.strip(), facts=facts)
        return lockout.freeze(customer, cause, now=now, actor=staff, reason=reason.strip(), more=facts)


def hold(customer: Customer, cause: FreezeCause, *, actor: Customer | None, reason: str, facts: dict[str, str]) -> str:
    """Keep a frozen, locked account frozen for a heavier cause. The reference of its freeze.

    The client was told of the freeze when it began.
    """
    was, customer.freeze_cause = customer.freeze_cause, cause
    customer.save(update_fields=["freeze_cause"])
    record(
        Event.FREEZE_RAISED,
        actor=actor,
        subject=customer,
        facts={"was": was, "cause": str(cause), "reference": customer.freeze_reference, "reason": reason, **facts},
    )
    return customer.freeze_reference


# --- Everybody ---------------------------------------------------------------------------------------


@transaction.atomic
def switch_on(*, staff: Customer, reason: str, now: datetime) -> None:
    """Let no client in and end every session. Raises `NotAllowedError` without right or reason, or if it is on."""
    _may_switch(staff, reason)
    if not lockout.freeze_all(reason=reason.strip(), actor=staff, now=now):
        raise NotAllowedError(_("The emergency freeze is on already."))


@transaction.atomic
def switch_off(*, staff: Customer, reason: str, now: datetime) -> timedelta:
    """Let clients log in again; how long it lasted.

    Raises `NotAllowedError` if it is off, or without right or reason.
    """
    _may_switch(staff, reason)
    lasted = lockout.unfreeze_all(reason=reason.strip(), actor=staff, now=now)
    if lasted is None:
        raise NotAllowedError(_("The emergency freeze is not on."))
    return lasted


def emergency() -> Emergency | None:
    """The emergency that is on."""
    return Emergency.objects.filter(ended_at__isnull=True).select_related("began_by").first()


def _may_switch(staff: Customer, reason: str) -> None:
    if not as_they_stand(staff).has_perm("accounts.freeze_all"):
        raise NotAllowedError(_("Your role does not use the emergency freeze."))
    longest = Emergency._meta.get_field("reason").max_length or 0
    if not 0 < len(reason.strip()) <= longest:
        raise NotAllowedError(_("A reason is required, of up to %(count)d characters.") % {"count": longest})
