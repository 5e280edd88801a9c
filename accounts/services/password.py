"""Changing a password, and being reminded of its age."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q

from accounts import policy
from accounts.models import AccountState, Customer, PasswordHistory, Purpose, SignIn
from accounts.services import sign_ins
from portal.audit.events import Event
from portal.audit.trail import record
from portal.messaging import notices
from portal.messaging.texts import Notice


class ProofMissingError(Exception):
    """Password and code were not proven for this, or too long ago."""


@transaction.atomic
def change_password(sign_in: SignIn, new_password: str, *, now: datetime) -> str:
    """Replace the password; every other session and every open code ends. The new key of this session.

    Raises `ValidationError` when the password breaks a rule, `ProofMissingError` when the proof is not there.
    """
    customer = Customer.lock(sign_in.customer_id or 0)
    validate_password(new_password, customer)
    if not _authorised(sign_in, customer, now=now):
        raise ProofMissingError
    replace(customer, new_password, now=now)
    notices.tell(customer, Notice.PASSWORD_CHANGED, now=now)
    record(Event.PASSWORD_CHANGED, actor=customer, subject=customer)
    return sign_ins.keep(sign_in, customer)


def replace(customer: Customer, new_password: str, *, now: datetime) -> None:
    """Give a locked account this password, which breaks no rule: every session and every open code ends, and the
    contacts are held."""
    remember(customer, now=now)
    customer.set_password(new_password)
    customer.must_change_password = False
    customer.password_changed_at = customer.last_security_change_at = customer.contact_held_from = now
    sign_ins.end_all(customer)
    customer.save(
        update_fields=[
            "password", "must_change_password", "password_changed_at", "last_security_change_at",
            "contact_held_from", "method_held_from", "security_epoch",
        ]
    )  # fmt: skip


def remember(customer: Customer, *, now: datetime) -> None:
    """Keep the present password of a locked account among those that may not come back."""
    if customer.has_usable_password():
        PasswordHistory.objects.create(customer=customer, password=customer.password, at=now)
        _forget_old(customer)


def remind(now: datetime) -> int:
    """Tell clients whose password is old, once in each `policy.PASSWORD_REMINDER`; how many. Nothing expires."""
    since = now - policy.PASSWORD_REMINDER
    old = Customer.objects.filter(
        Q(password_reminded_at__isnull=True) | Q(password_reminded_at__lte=since),
        is_staff=False,
        is_active=True,
        state=AccountState.ACTIVE,
        must_change_password=False,
        password_changed_at__lte=since,
    )
    reminded = 0
    for pk in list(old.order_by("pk").values_list("pk", flat=True)[: policy.REMINDERS_AT_ONCE]):
        with transaction.atomic():
            customer = Customer.lock(pk)
            if not old.filter(pk=pk).update(password_reminded_at=now):
                continue  # changed, frozen or told meanwhile
            notices.tell(customer, Notice.PASSWORD_OLD, now=now)
        reminded += 1
    return reminded


def _authorised(sign_in: SignIn, customer: Customer, *, now: datetime) -> bool:
    """A forced change right after a login needs no more than that login; any other wants its own proof."""
    if sign_in.epoch != customer.security_epoch or not customer.open:
        return False
    if customer.must_change_password and sign_ins.just_logged_in(sign_in, now=now):
        return True
    return sign_ins.spend_proof(sign_in, Purpose.CHANGE_PASSWORD, now=now)


def _forget_old(customer: Customer) -> None:
    kept = customer.password_history.order_by("-at").values_list("pk", flat=True)[: policy.PASSWORD_HISTORY]
    customer.password_history.exclude(pk__in=list(kept)).delete()
