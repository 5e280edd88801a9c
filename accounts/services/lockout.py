"""Freezing and unfreezing, and the counts that lead there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import AccountState, Customer, Emergency, FreezeCause, SignIn
from accounts.services import pace, sign_ins
from accounts.services.staff import NotAllowedError, as_they_stand, ensure_may_act, own_client_ids
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.lib.references import new_reference
from portal.messaging import notices
from portal.messaging.texts import Detail, Notice
from portal.metrics import FREEZES


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """What the clerk asked the caller. Which questions and whether they were passed, never the answers."""

    questions: tuple[str, ...]
    passed: bool


def count_wrong_code(customer: Customer, sign_in: SignIn, *, now: datetime) -> int:
    """Count one wrong code on a locked account; tries left. At none the account is frozen, in here."""
    customer.wrong_codes += 1
    SignIn.objects.filter(pk=sign_in.pk).update(wrong_codes=F("wrong_codes") + 1)
    left = max(0, policy.FREEZE_AT - customer.wrong_codes)
    if left == 0:
        freeze(customer, FreezeCause.WRONG_CODES, now=now)
    else:
        customer.save(update_fields=["wrong_codes"])
    if _guessed_slowly(customer, now) and not customer.must_change_password:
        customer.must_change_password = True
        customer.save(update_fields=["must_change_password"])
        record(Event.PASSWORD_CHANGE_FORCED, subject=customer, facts={"cause": "wrong codes over 30 days"})
    return left


def _guessed_slowly(customer: Customer, now: datetime) -> bool:
    """Whether right codes in between hide a guesser: wrong ones of the last weeks, whatever came after them."""
    since = max(now - policy.SLOW_GUESS_WINDOW, customer.password_changed_at)  # a new password is a new secret
    recent = SignIn.objects.filter(customer=customer, at__gt=since)
    return (recent.aggregate(total=Sum("wrong_codes"))["total"] or 0) >= policy.SLOW_GUESSES


def clear_wrong_codes(customer: Customer) -> None:
    """A right code of the method in use: the row of wrong ones is broken. The account is locked."""
    if customer.wrong_codes:
        customer.wrong_codes = 0
        customer.save(update_fields=["wrong_codes"])


def freeze(
    customer: Customer,
    cause: FreezeCause,
    *,
    now: datetime,
    actor: Customer | None = None,
    reason: str = "",
    more: Mapping[str, str] | None = None,
) -> str:
    """Freeze a locked account: every session and open code ends, the owner is told. The freeze reference.

    An account that is frozen or closed already stays as it is. `more` are facts for the record.
    """
    if customer.state != AccountState.ACTIVE:
        return customer.freeze_reference
    customer.state = AccountState.FROZEN
    customer.frozen_at = now
    customer.freeze_cause = cause
    customer.freeze_reference = new_reference("F")
    sign_ins.end_all(customer)
    customer.save(
        update_fields=[
            "state", "frozen_at", "freeze_cause", "freeze_reference", "security_epoch", "wrong_codes",
        ]
    )  # fmt: skip
    record(
        Event.ACCOUNT_FROZEN,
        actor=actor,
        subject=customer,
        facts={"cause": str(cause), "reference": customer.freeze_reference, "reason": reason, **(more or {})},
    )
    by_us = cause in {FreezeCause.STAFF, FreezeCause.FRAUD}
    notice = Notice.FROZEN_BY_US if by_us else Notice.FROZEN
    notices.tell(customer, notice, now=now, detail=Detail(reference=customer.freeze_reference))
    FREEZES.labels(str(cause)).inc()
    return customer.freeze_reference


@transaction.atomic
def freeze_for_client(customer: Customer, *, now: datetime) -> str:
    """ "This was not me": the client freezes the own account, and the security mailbox hears of it."""
    customer = Customer.lock(customer.pk)
    reference = freeze(customer, FreezeCause.CLIENT, now=now, actor=customer)
    notices.alarm(
        f"Client reports a login as not theirs: {reference}",
        f"A client froze the own account (reference {reference}) because a login was not theirs.\n"
        f"Account ending {customer.login[-2:]}. Every session was ended. Call the client back.\n",
        now=now,
    )
    return reference


def may_unfreeze(customer: Customer, staff: Customer, *, now: datetime) -> str:
    """Why this member of staff may not unfreeze this account alone; empty if they may."""
    if not customer.frozen:
        return _("The account is not frozen.")
    if customer.pk in own_client_ids(staff):
        return _("This is an account of your own: a colleague has to do it.")
    if not staff.has_perm("accounts.unfreeze_wrong_codes"):
        return _("Your role does not unfreeze accounts.")
    if customer.freeze_cause != FreezeCause.WRONG_CODES:
        return _("This freeze was not caused by wrong codes: it takes a second person to unfreeze it.")
    if unfrozen_lately(customer, now):
        return _("This account was unfrozen within the last 24 hours: this time it takes a second person.")
    return ""


def may_propose_unfreeze(customer: Customer, staff: Customer, *, now: datetime) -> str:
    """Why this member of staff may not propose to unfreeze this account; empty if they may."""
    if not customer.frozen:
        return _("The account is not frozen.")
    if not staff.has_perm("accounts.propose"):
        return _("Your role does not propose.")
    if not may_unfreeze(customer, staff, now=now):
        return _("This freeze needs no second person: unfreeze the account yourself.")
    return ""


def unfrozen_lately(customer: Customer, now: datetime) -> bool:
    """Whether a clerk's own right to unfreeze this account is used up for today."""
    return customer.unfrozen_at is not None and now - customer.unfrozen_at < policy.CLERK_UNFREEZE_EVERY


def unfreeze(
    customer: Customer, *, staff: Customer, reason: str, check: IdentityCheck, now: datetime, call: str = ""
) -> AuditRecord:
    """Unfreeze an account after an identity check that was passed: counters reset, the client told.

    `call` is what the telephone system calls the call, where it does. Raises `NotAllowedError` if the role does not
    suffice, the check was not passed or no reason is given. A caller who did not pass the check is on record.
    """
    with transaction.atomic():
        customer = Customer.lock(customer.pk)
        facts = {
            "reference": customer.freeze_reference,
            "cause": customer.freeze_cause,
            "reason": reason.strip(),
            "questions": ", ".join(check.questions),
            **({"call": call.strip()} if call.strip() else {}),
        }
        staff = as_they_stand(staff)
        refusal = may_unfreeze(customer, staff, now=now)
        if not refusal and not (check.passed and check.questions):
            record(Event.IDENTITY_CHECK_FAILED, actor=staff, subject=customer, facts=facts)
            refusal = _("The identity check was not passed: the account stays frozen.")
        elif not refusal and not reason.strip():
            refusal = _("A reason is required.")
        if not refusal:
            pace.ensure_not_used_up(staff, Event.ACCOUNT_UNFROZEN, now=now)
            _unfreeze(customer, now=now)
            return record(Event.ACCOUNT_UNFROZEN, actor=staff, subject=customer, facts=facts)
    raise NotAllowedError(refusal)


def unfreeze_approved(customer: Customer, *, staff: Customer, facts: Mapping[str, str], now: datetime) -> AuditRecord:
    """Unfreeze a locked account that a second person, `staff`, has approved: counters reset, the client told.

    `facts` say who proposed it and why. Raises `NotAllowedError` if it is not frozen, or one of their own.
    """
    ensure_may_act(staff, customer)
    if not customer.frozen:
        raise NotAllowedError(_("The account is not frozen."))
    frozen = {"reference": customer.freeze_reference, "cause": customer.freeze_cause}
    _unfreeze(customer, now=now)
    return record(Event.ACCOUNT_UNFROZEN, actor=staff, subject=customer, facts={**frozen, **facts})


def record_failed_check(customer: Customer, *, staff: Customer, questions: Sequence[str], reason: str) -> AuditRecord:
    """Write down that a caller did not pass the identity check, for whatever was wanted."""
    facts = {"reference": customer.freeze_reference, "cause": customer.freeze_cause, "reason": reason.strip()}
    asked = {"questions": ", ".join(questions)}
    return record(Event.IDENTITY_CHECK_FAILED, actor=staff, subject=customer, facts={**facts, **asked})


def _unfreeze(customer: Customer, *, now: datetime) -> None:
    customer.state = AccountState.ACTIVE
    customer.frozen_at = None
    customer.freeze_cause = ""
    customer.wrong_codes = 0
    customer.unfrozen_at = now
    customer.save(update_fields=["state", "frozen_at", "freeze_cause", "wrong_codes", "unfrozen_at"])
    notices.tell(customer, Notice.UNFROZEN, now=now, detail=Detail(reference=customer.freeze_reference))


@transaction.atomic
def end_sessions(customer: Customer, *, staff: Customer, reason: str, checklist: Sequence[str] = ()) -> AuditRecord:
    """End every session, pending login and open code of a client, who logs in anew. Raises `NotAllowedError`."""
    customer = Customer.lock(customer.pk)
    staff = as_they_stand(staff)
    if not staff.has_perm("accounts.end_sessions"):
        raise NotAllowedError(_("Your role does not end sessions."))
    if not reason.strip():
        raise NotAllowedError(_("A reason is required."))
    ensure_may_act(staff, customer)
    sign_ins.end_all(customer)
    customer.save(update_fields=["security_epoch"])
    facts = {"reason": reason.strip(), "checked": ", ".join(checklist)}
    return record(Event.SESSIONS_ENDED, actor=staff, subject=customer, facts=facts)


# --- Everybody at once ---------------------------------------------------------------------------


def freeze_all(*, reason: str, actor: Customer | None, now: datetime) -> bool:
    """Let nobody in and end every session, by one row; whether it was not so already. Nobody is written to."""
    try:
        with transaction.atomic():
            Emergency.objects.create(began_at=now, began_by=actor, reason=reason)
            record(Event.ALL_FROZEN, actor=actor, facts={"reason": reason})
    except IntegrityError:
        return False
    return True


def unfreeze_all(*, reason: str, actor: Customer | None, now: datetime) -> timedelta | None:
    """End the emergency; how long it lasted, or None if there was none. Clients log in anew."""
    with transaction.atomic():
        emergency = Emergency.objects.select_for_update().filter(ended_at__isnull=True).first()
        if emergency is None:
            return None
        emergency.ended_at = now
        emergency.save(update_fields=["ended_at"])
        record(Event.ALL_UNFROZEN, actor=actor, facts={"reason": reason})
        return now - emergency.began_at


def all_frozen() -> bool:
    """Whether the emergency is on."""
    return Emergency.objects.filter(ended_at__isnull=True).exists()
