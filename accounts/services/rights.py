"""Who may do what, as a list for auditors."""

import csv
from collections import defaultdict
from collections.abc import Iterator

from django.contrib.auth.models import Permission
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from accounts.models import Customer, Result, SignIn
from portal.audit.events import Event
from portal.audit.trail import record
from portal.lib.cells import harmless

COLUMNS = ("login", "name", "active", "superuser", "role", "permission", "last_login", "own_accounts")
#: What stands in the place of a role where no role brings a right.
_DIRECTLY, _SUPERUSER = "given directly", "superuser"


class _Line:
    """A file for the CSV writer that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def export(*, by: Customer | None) -> Iterator[str]:
    """Every member of staff with each right that the database grants them, a CSV line each, and where it comes from.

    Who is disabled has none. That the list leaves is written down first.
    """
    people = list(_people())
    record(Event.RIGHTS_EXPORTED, actor=by, facts={"count": len(people)})
    return _lines(people)


def _people() -> Iterator[Customer]:
    logins = SignIn.objects.filter(customer=OuterRef("pk"), result=Result.SUCCESS).order_by().values("customer")
    staff = Customer.objects.filter(is_staff=True).order_by("login")
    latest = logins.annotate(latest=Max("proven_at")).values("latest")
    known = ("groups__permissions__content_type", "user_permissions__content_type", "own_clients")
    yield from staff.annotate(latest=Subquery(latest)).prefetch_related(*known).iterator(500)


def _lines(people: list[Customer]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for person in people:
        latest = person.latest  # type: ignore[attr-defined]  # annotated above
        for permission, source in _granted(person) or [("", _roles(person))]:
            line = (
                person.login,
                person.name,
                "yes" if person.is_active else "no",
                "yes" if person.is_superuser else "no",
                source,
                permission,
                f"{timezone.localtime(latest):%Y-%m-%d %H:%M:%S}" if latest else "",
                len(person.own_clients.all()),
            )
            yield writer.writerow([harmless(cell) for cell in line])


def _roles(person: Customer) -> str:
    return ", ".join(sorted(group.name for group in person.groups.all()))


def _granted(person: Customer) -> list[tuple[str, str]]:
    """Each right as a page of the desk asks for it, and the roles that bring it, or how else it is given."""
    sources: defaultdict[str, list[str]] = defaultdict(list)
    for group in sorted(person.groups.all(), key=lambda group: group.name):
        for permission in group.permissions.all():
            sources[_name(permission)].append(group.name)
    for permission in person.user_permissions.all():
        sources[_name(permission)].append(_DIRECTLY)
    return [(name, ", ".join(sources[name]) or _SUPERUSER) for name in sorted(person.get_all_permissions())]


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
