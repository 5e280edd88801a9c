"""Who may do what, as a list for auditors."""

import csv
from collections.abc import Iterator

from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from accounts.models import Customer, Result, SignIn
from accounts.services.staff import ROLES
from portal.audit.events import Event
from portal.audit.trail import record
from portal.lib.cells import harmless

COLUMNS = ("login", "name", "active", "superuser", "role", "permission", "last_login", "own_accounts")


class _Line:
    """A file for the CSV writer that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def export(*, by: Customer | None) -> Iterator[str]:
    """Every member of staff with each of their rights, a CSV line each; that it leaves is written down first."""
    people = list(_people())
    record(Event.RIGHTS_EXPORTED, actor=by, facts={"count": len(people)})
    return _lines(people)


def _people() -> Iterator[Customer]:
    logins = SignIn.objects.filter(customer=OuterRef("pk"), result=Result.SUCCESS).order_by().values("customer")
    staff = Customer.objects.filter(is_staff=True).order_by("login")
    latest = logins.annotate(latest=Max("proven_at")).values("latest")
    yield from staff.annotate(latest=Subquery(latest)).prefetch_related("groups", "own_clients").iterator(500)


def _lines(people: list[Customer]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for person in people:
        latest = person.latest  # type: ignore[attr-defined]  # annotated above
        roles = sorted(group.name for group in person.groups.all()) or [""]
        for role in roles:
            for permission in sorted(ROLES.get(role, frozenset())) or [""]:
                line = (
                    person.login,
                    person.name,
                    "yes" if person.is_active else "no",
                    "yes" if person.is_superuser else "no",
                    role,
                    permission,
                    f"{timezone.localtime(latest):%Y-%m-%d %H:%M:%S}" if latest else "",
                    len(person.own_clients.all()),
                )
                yield writer.writerow([harmless(cell) for cell in line])
