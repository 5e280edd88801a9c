"""Members of staff: roles, new accounts, passwords."""

import secrets
import string
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import Customer, PasswordHistory, StaffClient
from portal.approvals.standing import lock_staff
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record

_HELPS = frozenset(
    {
        "accounts.view_customer",
        "accounts.reveal_contacts",
        "accounts.freeze_one",
        "accounts.end_sessions",
        "accounts.unfreeze_wrong_codes",
        "accounts.propose",
    }
)
_AUDITS = frozenset({"audit.view_audit", "audit.export_audit", "accounts.list_rights"})

#: What each role may do; nothing else gives staff a permission.
ROLES: dict[str, frozenset[str]] = {
    "clerk": _HELPS,
    "supervisor": _HELPS
    | {"accounts.approve", "accounts.manage_staff", "accounts.enrol_staff", "letters.print_letters"},
    "officer": _HELPS
    | _AUDITS
    | {"accounts.freeze_fraud", "accounts.freeze_all", "accounts.override_hold", "accounts.read_surveillance"},
    "auditor": _AUDITS | {"accounts.view_customer"},
}


class NotAllowedError(Exception):
    """A deed that this member of staff may not do, or not alone; the text says why."""


_FIRST_PASSWORD = 16  # letters and digits: 95 bits


@transaction.atomic
def make_roles() -> None:
    """Give every role exactly its permissions, whatever it had before."""
    all_of_ours = list(_permissions())
    for role, codenames in ROLES.items():
        permissions = [each for each in all_of_ours if f"{each.content_type.app_label}.{each.codename}" in codenames]
        if len(permissions) != len(codenames):
            raise LookupError(f"The permissions of {role} do not exist yet: run migrate first.")
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions)


def _permissions() -> QuerySet[Permission]:
    ours = Permission.objects.filter(content_type__app_label__in=["accounts", "audit", "letters"])
    return ours.select_related("content_type")


def as_they_stand(staff: Customer) -> Customer:
    """A member of staff as they stand now, locked: whoever is disabled meanwhile has no right left.

    Every verb of theirs calls it after it has locked the client's account, and trusts no instance that was read before.
    """
    (locked,) = lock_staff(staff.pk)
    assert isinstance(locked, Customer)  # noqa: S101 - approvals know no model of ours
    return locked


def own_client_ids(staff: Customer) -> frozenset[int]:
    """The client accounts of a member of staff, by key."""
    return frozenset(StaffClient.objects.filter(staff=staff).values_list("client_id", flat=True))


def own_client_numbers(staff: Customer) -> list[str]:
    """The client accounts of a member of staff, by number."""
    return list(
        StaffClient.objects.filter(staff=staff).order_by("client__login").values_list("client__login", flat=True)
    )


def ensure_may_act(staff: Customer, client: Customer) -> None:
    """Raise `NotAllowedError` if this is an account of that member of staff."""
    if client.pk in own_client_ids(staff):
        raise NotAllowedError(_("This is an account of your own: a colleague has to do it."))


@transaction.atomic
def set_own_clients(
    staff: Customer, numbers: Sequence[str], *, by: Customer | None = None, reason: str = ""
) -> tuple[set[str], set[str]]:
    """Write down which client accounts a member of staff holds; the numbers that were added and removed.

    Without `by` it is the operator. Raises `ValidationError` for a number of no client and for too many,
    `NotAllowedError` for who may not manage that colleague.
    """
    people = lock_people(staff, by)
    if by is not None:
        ensure_may_manage(people[by.pk], people[staff.pk])
    wanted = set(numbers)
    if len(wanted) > policy.OWN_CLIENTS:
        raise ValidationError(_("%(count)d accounts at most."), params={"count": policy.OWN_CLIENTS})
    clients = Customer.objects.filter(is_staff=False, login__in=wanted)
    missing = wanted - set(clients.values_list("login", flat=True))
    if missing:
        raise ValidationError(_("No client has the number %(number)s.") % {"number": min(missing)})
    before = set(own_client_numbers(staff))
    added, removed = wanted - before, before - wanted
    StaffClient.objects.filter(staff=staff, client__login__in=removed).delete()
    StaffClient.objects.bulk_create(
        StaffClient(staff=staff, client=client) for client in clients.filter(login__in=added)
    )
    facts: dict[str, str | int | bool | None] = {
        "accounts": len(wanted),
        "added": " ".join(sorted(added)),
        "removed": " ".join(sorted(removed)),
        **({"reason": reason} if reason else {}),
    }
    record(Event.STAFF_ACCOUNTS_SET, actor=by, subject=staff, facts=facts)
    return added, removed


@transaction.atomic
def create_staff(
    login: str, *, name: str, role: str, password: str | None, by: Customer | None = None, reason: str = ""
) -> tuple[Customer, str]:
    """A new member of staff with one role, and the password: the given one, or a random one to be told once.

    Whoever makes the account knows the password, so it has to be changed at the first login. `by` is the colleague
    who makes it on the desk; without one it is the operator. Raises `ValidationError` for a login, name or password
    that breaks a rule, `Group.DoesNotExist` before `make_roles`, `NotAllowedError` for a role above that colleague's.
    """
    if by is not None:
        ensure_may_give(as_they_stand(by), role)
    staff = Customer(login=login, name=name, is_staff=True, must_change_password=True)
    chosen = password or _random_password()
    validate_password(chosen, staff)
    staff.set_password(chosen)
    staff.full_clean()
    staff.save()
    staff.groups.add(Group.objects.get(name=role))
    facts = {"role": role, **({"reason": reason} if reason else {})}
    record(Event.ACCOUNT_CREATED, actor=by, subject=staff, facts=facts)
    return staff, chosen


def ensure_may_give(by: Customer, role: str) -> None:
    """Raise `NotAllowedError` unless this colleague manages staff and holds every right of that role."""
    if not by.has_perm("accounts.manage_staff") or not all(map(by.has_perm, ROLES.get(role, {"no.role"}))):
        raise NotAllowedError(_("This role has rights that you do not have: the operator has to do it."))


def ensure_may_manage(by: Customer, staff: Customer) -> None:
    """Raise `NotAllowedError` unless this colleague may reset or disable that one. Who is disabled may nothing."""
    if by.pk == staff.pk:
        raise NotAllowedError(_("This is your own account: a colleague has to do it."))
    if not by.has_perm("accounts.manage_staff") or staff.is_superuser:
        raise NotAllowedError(_("Your role does not manage this account: the operator has to do it."))
    for role in staff.groups.values_list("name", flat=True):
        ensure_may_give(by, role)


def ensure_other_half(by: Customer, staff: Customer, events: Sequence[Event], *, now: datetime) -> None:
    """Raise `NotAllowedError` if this colleague dealt with the other factor of that one within a day.

    Whoever hands out the password and the authenticator of one account can be that person.
    """
    since = now - policy.STAFF_FACTORS_APART
    if AuditRecord.objects.filter(actor=by, subject=staff, event__in=events, at__gt=since).exists():
        raise NotAllowedError(
            _("You dealt with the other factor of this colleague within the last 24 hours: somebody else has to do it.")
        )


@transaction.atomic
def reset_password(staff: Customer, *, by: Customer | None, reason: str, now: datetime) -> str:
    """A random password that is told once and changed at the next login; every session of theirs ends.

    Without `by` it is the operator. Raises `NotAllowedError`.
    """
    people = lock_people(staff, by)
    staff = people[staff.pk]
    if not staff.is_active:
        raise NotAllowedError(_("This account is disabled."))
    if by is not None:
        ensure_may_manage(people[by.pk], staff)
        ensure_other_half(people[by.pk], staff, [Event.STAFF_ENROLMENT_ISSUED], now=now)
    password = _random_password()
    PasswordHistory.objects.create(customer=staff, password=staff.password, at=now)
    staff.set_password(password)
    staff.must_change_password = True
    staff.password_changed_at = now
    staff.save(update_fields=["password", "must_change_password", "password_changed_at"])
    record(Event.STAFF_PASSWORD_RESET, actor=by, subject=staff, facts={"reason": reason})
    return password


def lock_people(*people: Customer | None) -> dict[int, Customer]:
    """Members of staff as they stand, by key, locked in the order of their keys."""
    return {pk: Customer.lock(pk) for pk in sorted({each.pk for each in people if each is not None})}


def _random_password() -> str:
    signs = string.ascii_letters + string.digits
    while True:
        password = "".join(secrets.choice(signs) for _ in range(_FIRST_PASSWORD))
        if any(map(str.isdigit, password)) and any(map(str.isalpha, password)):
            return password


@transaction.atomic
def change_own_password(staff: Customer, password: str, *, now: datetime) -> Customer:
    """Replace the password of a member of staff, who has proven the old one. Other sessions end with it."""
    staff = Customer.lock(staff.pk)
    PasswordHistory.objects.create(customer=staff, password=staff.password, at=now)
    staff.set_password(password)
    staff.must_change_password = False
    staff.password_changed_at = now
    staff.save(update_fields=["password", "must_change_password", "password_changed_at"])
    kept = staff.password_history.order_by("-at").values_list("pk", flat=True)[: policy.PASSWORD_HISTORY]
    staff.password_history.exclude(pk__in=list(kept)).delete()
    record(Event.PASSWORD_CHANGED, actor=staff, subject=staff)
    return staff
