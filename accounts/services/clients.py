"""What staff see of a client. Reading is a deed: every view is in the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import AccountState, Customer, Result, SignIn
from accounts.services.staff import ensure_may_act
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.lib.masking import mask_email, mask_mobile


@dataclass(frozen=True, slots=True)
class BrowserInUse:
    """A browser or an app that a client logged in with: in words, and when and from where it did so last."""

    label: str
    platform: str
    address: str  # masked
    last_login: datetime
    logins: int  # of those that were looked at


@dataclass(frozen=True, slots=True)
class ClientFile:
    """A client as the desk shows it: contacts masked."""

    client: Customer
    mobile: str
    email: str
    last_login: datetime | None
    browsers: list[BrowserInUse]  # the one used last comes first
    password_note: str


@transaction.atomic
def view(pk: int, *, staff: Customer, page: str) -> Customer | None:
    """The client behind a page of the desk; None for an id that is none of a client. Raises `NotAllowedError`."""
    client = Customer.objects.filter(pk=pk, is_staff=False).first()
    if client:
        ensure_may_act(staff, client)
        record(Event.STAFF_VIEWED_CLIENT, actor=staff, subject=client, facts={"page": page})
    return client


def read(client: Customer) -> ClientFile:
    """What stands at the head of the client's page."""
    logins = list(
        SignIn.objects.filter(customer=client, result=Result.SUCCESS)
        .order_by("-at")
        .only("at", "proven_at", "device", "user_agent", "platform", "address")[: policy.BROWSERS_LOOKED_AT]
    )
    return ClientFile(
        client=client,
        mobile=mask_mobile(client.mobile).shown,
        email=mask_email(client.email),
        last_login=logins[0].proven_at if logins else None,
        browsers=_browsers(logins),
        password_note=_password_note(client),
    )


def _browsers(logins: Sequence[SignIn]) -> list[BrowserInUse]:
    """One line for each. Where the device cookie is not kept, logins with the same words count as one browser."""
    by_browser: dict[object, list[SignIn]] = {}
    for each in logins:
        by_browser.setdefault(each.device or (each.user_agent, each.platform), []).append(each)
    return [
        BrowserInUse(
            newest.device_label, newest.platform, newest.address_masked, newest.proven_at or newest.at, 1 + len(older)
        )
        for newest, *older in by_browser.values()
    ]


def _password_note(client: Customer) -> str:
    if not client.must_change_password:
        return ""
    guessed = AuditRecord.objects.filter(
        subject=client, event=Event.PASSWORD_CHANGE_FORCED, at__gte=client.password_changed_at
    )
    if guessed.exists():
        return _("The password must be changed: %(codes)d wrong codes in %(days)d days.") % {
            "codes": policy.SLOW_GUESSES,
            "days": policy.SLOW_GUESS_WINDOW.days,
        }
    return _("The password must be changed at the next login: it is the first one.")


# --- All clients -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Concerned:
    """How many an emergency freeze keeps out, and how many it throws out."""

    clients: int
    sessions: int


def concerned(now: datetime) -> Concerned:
    """Clients that could log in now, and sessions that are open now."""
    idle: timedelta = policy.idle_limit()
    return Concerned(
        clients=Customer.objects.filter(is_staff=False, is_active=True, state=AccountState.ACTIVE).count(),
        sessions=SignIn.objects.filter(
            customer__is_staff=False,
            customer__is_active=True,
            customer__state=AccountState.ACTIVE,
            epoch=F("customer__security_epoch"),
            proven_at__gt=now - policy.ABSOLUTE_LIFETIME,
            last_seen_at__gt=now - idle,
            ended_at__isnull=True,
        ).count(),
    )
