"""What staff see of a client. Reading is a deed: every search and every view is in the audit trail."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import AccountState, Customer, Result, SignIn
from accounts.services.staff import ensure_may_act
from accounts.words import METHOD_LABELS, RESULT_LABELS
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.audit.trail import record
from portal.lib.digits import six_digits
from portal.lib.masking import mask_address, mask_email, mask_mobile
from portal.lib.user_agent import device_label
from portal.messaging.models import Message

#: Rows of each list: what a call on the phone can use.
LATEST = 50

_REFERENCE = re.compile(r"F[0-9A-Z]{7}")


class QueryKind(StrEnum):
    """What a clerk searched for."""

    ACCOUNT_NUMBER = "account number"
    FREEZE_REFERENCE = "freeze reference"
    UNKNOWN = "nothing that can be searched for"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search was taken for, and the one client that it led to."""

    kind: QueryKind
    client: Customer | None


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One try to get in, in words."""

    at: datetime
    result: str
    method: str
    platform: str
    address: str
    device: str
    wrong_codes: int


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message, without its text."""

    created_at: datetime
    channel: str
    kind: str
    to: str
    state: str
    problem: str
    gateway: str
    sent_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClientFile:
    """A client as the desk shows it: contacts masked, no text of any message."""

    client: Customer
    mobile: str
    email: str
    last_login: datetime | None
    password_note: str
    attempts: list[AttemptLine]
    messages: list[MessageLine]


@transaction.atomic
def search(query: str, *, staff: Customer) -> Found | None:
    """The client with exactly this account number or freeze reference. An empty query is no search."""
    if not query.strip():
        return None
    number = six_digits(query)
    reference = unicodedata.normalize("NFKC", query).strip().upper()
    clients = Customer.objects.filter(is_staff=False)
    if number:
        found = Found(QueryKind.ACCOUNT_NUMBER, clients.filter(login=number).first())
    elif _REFERENCE.fullmatch(reference):
        found = Found(QueryKind.FREEZE_REFERENCE, clients.filter(freeze_reference=reference).first())
    else:
        found = Found(QueryKind.UNKNOWN, None)
    record(
        Event.STAFF_SEARCHED,
        actor=staff,
        subject=found.client,
        facts={"kind": found.kind.value, "found": found.client is not None},
    )
    return found


@transaction.atomic
def view(pk: int, *, staff: Customer, page: str) -> Customer | None:
    """The client behind a page of the desk; None for an id that is none of a client. Raises `NotAllowedError`."""
    client = Customer.objects.filter(pk=pk, is_staff=False).first()
    if client:
        ensure_may_act(staff, client)
        record(Event.STAFF_VIEWED_CLIENT, actor=staff, subject=client, facts={"page": page})
    return client


def read(client: Customer) -> ClientFile:
    """What happened on this account lately."""
    tries = SignIn.objects.filter(customer=client).order_by("-at")
    successes = tries.filter(result=Result.SUCCESS).values_list("proven_at", flat=True)
    messages = Message.objects.filter(customer=client).order_by("-created_at")
    return ClientFile(
        client=client,
        mobile=mask_mobile(client.mobile).shown,
        email=mask_email(client.email),
        last_login=successes.first(),
        password_note=_password_note(client),
        attempts=[_attempt(each) for each in tries[:LATEST]],
        messages=[_message(each) for each in messages[:LATEST]],
    )


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


def _attempt(each: SignIn) -> AttemptLine:
    return AttemptLine(
        at=each.at,
        result=str(RESULT_LABELS[each.result]),
        method=str(METHOD_LABELS.get(each.method, each.method)),
        platform=each.platform,
        address=mask_address(each.address),
        device=device_label(each.user_agent),
        wrong_codes=each.wrong_codes,
    )


def _message(each: Message) -> MessageLine:
    return MessageLine(
        created_at=each.created_at,
        channel=each.get_channel_display(),
        kind=each.kind.replace(".", ": ").replace("_", " "),
        to=each.to_masked,
        state=each.get_state_display(),
        problem=each.problem,
        gateway=f"{each.gateway} {each.gateway_reference}".strip(),
        sent_at=each.sent_at,
        settled_at=each.settled_at,
    )


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
