"""Who may do what on the desk, and how staff come to be."""

from io import StringIO
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.utils import translation

from accounts.models import Customer
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db

CLERK = {"view_customer", "reveal_contacts", "freeze_one", "end_sessions", "unfreeze_wrong_codes", "propose"}
SUPERVISOR = CLERK | {"approve", "manage_staff", "enrol_staff", "print_letters"}
AUDITOR = {"view_customer", "view_audit", "export_audit", "list_rights"}
OFFICER = CLERK | AUDITOR | {"freeze_fraud", "freeze_all", "override_hold", "read_surveillance"}


def permissions(role: str) -> set[str]:
    """What a role may do, by name."""
    return set(Group.objects.get(name=role).permissions.values_list("codename", flat=True))


def create(*args: str, **options: object) -> str:
    """What create_staff prints."""
    out = StringIO()
    call_command("create_staff", *args, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def roles(db: None) -> None:
    """The roles as the command makes them."""
    call_command("create_staff_roles", verbosity=0)


def test_each_role_has_exactly_its_permissions(roles: None) -> None:
    """A1"""
    assert permissions("clerk") == CLERK
    assert permissions("supervisor") == SUPERVISOR
    assert permissions("officer") == OFFICER
    assert permissions("auditor") == AUDITOR


def test_making_the_roles_again_takes_back_what_was_added(roles: None) -> None:
    """A1"""
    clerk = Group.objects.get(name="clerk")
    clerk.permissions.add(Permission.objects.get(codename="delete_customer"))
    call_command("create_staff_roles", verbosity=0)
    assert permissions("clerk") == CLERK
    assert Group.objects.count() == 4


def test_a_new_colleague_gets_a_random_password_that_is_told_once(roles: None) -> None:
    told = create("mak.w", "--name", "Mak Wing Sze", "--role", "clerk")
    staff = Customer.objects.get(login="mak.w")
    password = next(line for line in told.splitlines() if line.startswith("Password")).split()[-1]
    assert staff.check_password(password)
    assert len(password) == 16
    assert staff.is_staff
    assert not staff.is_superuser
    assert staff.must_change_password
    assert [group.name for group in staff.groups.all()] == ["clerk"]
    created = AuditRecord.objects.get(event=Event.ACCOUNT_CREATED)
    assert (created.subject, created.facts) == (staff, {"role": "clerk"})


def test_a_password_from_the_prompt_is_not_shown(roles: None) -> None:
    with patch("portal.management.commands.create_staff.getpass", return_value="kept-Harbour-2031"):
        told = create("mak", "--name", "Mak", "--role", "clerk", "--prompt")
    assert "kept-Harbour-2031" not in told
    assert Customer.objects.get(login="mak").check_password("kept-Harbour-2031")


@pytest.mark.parametrize("login", ["100001", "Mak", "-mak", "mak mak", "", "x" * 33, "=cmd()", "<b>"])
def test_a_staff_name_that_could_be_mistaken_is_refused(login: str, roles: None) -> None:
    with pytest.raises(CommandError):
        create("--name", "Mak", "--role", "clerk", "--", login)
    assert not Customer.objects.exists()


def test_a_name_is_given_once_and_a_weak_password_never(roles: None) -> None:
    create("mak", "--name", "Mak", "--role", "clerk")
    with pytest.raises(CommandError):
        create("mak", "--name", "Another", "--role", "clerk")
    with (
        patch("portal.management.commands.create_staff.getpass", return_value="password1"),
        translation.override("en"),
        pytest.raises(CommandError, match="password"),
    ):
        create("ng", "--name", "Ng", "--role", "clerk", "--prompt")
    with (
        patch("portal.management.commands.create_staff.getpass", side_effect=["one-Harbour-2031", "other"]),
        pytest.raises(CommandError, match="not the same"),
    ):
        create("ng", "--name", "Ng", "--role", "clerk", "--prompt")
    assert Customer.objects.count() == 1


def test_without_roles_nobody_is_made(db: None) -> None:
    Group.objects.all().delete()
    with pytest.raises(CommandError, match="create_staff_roles"):
        create("mak", "--name", "Mak", "--role", "clerk")
    assert not Customer.objects.exists()


def test_staff_without_a_role_see_no_client(mak: Customer, amy: Customer, desk: Desk) -> None:
    """A1"""
    mak.groups.clear()
    desk.log_in("mak")
    assert desk.is_inside()
    for path in ("", f"{amy.pk}/", f"{amy.pk}/unfreeze/"):
        assert desk.get(f"accounts/customer/{path}").status_code == 403
        assert desk.post(f"accounts/customer/{path}").status_code == 403
    assert not AuditRecord.objects.filter(subject=amy).exists()
