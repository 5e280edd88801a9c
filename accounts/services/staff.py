"""Members of staff: roles, new accounts, passwords."""

import secrets
import string
from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts import policy
from accounts.models import Customer, PasswordHistory
from portal.audit.events import Event
from portal.audit.trail import record

#: What each role may do; nothing else gives staff a permission.
ROLES: dict[str, frozenset[str]] = {
    "clerk": frozenset({"view_customer", "unfreeze_wrong_codes", "end_sessions"}),
    "supervisor": frozenset({"view_customer", "unfreeze_wrong_codes", "end_sessions", "unfreeze_any", "enrol_staff"}),
}

_FIRST_PASSWORD = 16  # letters and digits: 95 bits


@transaction.atomic
def make_roles() -> None:
    """Give every role exactly its permissions, whatever it had before."""
    for role, codenames in ROLES.items():
        permissions = Permission.objects.filter(content_type__app_label="accounts", codename__in=codenames)
        if len(permissions) != len(codenames):
            raise LookupError(f"The permissions of {role} do not exist yet: run migrate first.")
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions)


@transaction.atomic
def create_staff(login: str, *, name: str, role: str, password: str | None) -> tuple[Customer, str]:
    """A new member of staff with one role, and the password: the given one, or a random one to be told once.

    Whoever makes the account knows the password, so it has to be changed at the first login. Raises
    `ValidationError` for a login, name or password that breaks a rule, `Group.DoesNotExist` before `make_roles`.
    """
    staff = Customer(login=login, name=name, is_staff=True, must_change_password=True)
    chosen = password or _random_password()
    validate_password(chosen, staff)
    staff.set_password(chosen)
    staff.full_clean()
    staff.save()
    staff.groups.add(Group.objects.get(name=role))
    record(Event.ACCOUNT_CREATED, subject=staff, facts={"role": role})
    return staff, chosen


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
