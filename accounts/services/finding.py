"""Finding a client by what a caller can say. Every search is a deed: it is recorded, without what was typed."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts import policy
from accounts.models import TAIL, Customer, Given, StaffClient, Tail
from accounts.services import pace, paper
from portal.approvals.models import Proposal
from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters.models import IssuedForm, Letter
from portal.lib import crypto
from portal.lib.digits import MAX_RAW, plain_digits, six_digits
from portal.lib.phone import MobileRefused, parse_mobile
from portal.messaging.models import Message
from portal.metrics import SEARCHES

_FREEZE = re.compile(r"F[0-9A-Z]{7}")
_PROPOSAL = re.compile(r"P[0-9A-Z]{7}")
_LETTER = re.compile(r"[RS][0-9A-Z]{7}")
_CHANGE = re.compile(r"[CLM][0-9A-Z]{7}")
_LOGIN = re.compile(r"[0-9A-Z]{3}")
_TAIL = re.compile(rf"[0-9]{{{TAIL}}}")


class QueryKind(StrEnum):
    """What a search was taken for."""

    ACCOUNT_NUMBER = "account number"
    MOBILE = "mobile number"
    MOBILE_TAIL = "last four digits of a mobile number"
    EMAIL = "e-mail address"
    FREEZE_REFERENCE = "freeze reference"
    PROPOSAL_REFERENCE = "proposal reference"
    FORM_REFERENCE = "form reference"
    LETTER_REFERENCE = "letter reference"
    CHANGE_REFERENCE = "reference of a change"
    LOGIN_REFERENCE = "login reference"
    TOO_LONG = "too long"
    UNKNOWN = "nothing that can be searched for"
    USED_UP = "more searches than a day has"


#: References that stand in messages: of a code, and of a change or a lost phone, of which the client was told.
TOLD = {QueryKind.LOGIN_REFERENCE, QueryKind.CHANGE_REFERENCE}
_UNANSWERED = {QueryKind.TOO_LONG, QueryKind.UNKNOWN, QueryKind.USED_UP}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search was taken for and whom it led to, by account number; `more` if there are more than are shown."""

    kind: QueryKind
    clients: list[Customer]
    more: bool = False

    @property
    def only(self) -> Customer | None:
        """The one client, if there is no other."""
        return self.clients[0] if len(self.clients) == 1 else None


@transaction.atomic
def search(query: str, *, staff: Customer, now: datetime) -> Found | None:
    """The clients of whom this is true exactly, without those of this member of staff. An empty query is no search."""
    if not query.strip():
        return None
    kind, value = understand(query)
    if pace.used_up(staff, Event.STAFF_SEARCHED, now=now):
        kind = QueryKind.USED_UP
    hits = [] if kind in _UNANSWERED else list(_clients(kind, value, staff, now))
    found = Found(kind, hits[: policy.SEARCH_HITS], more=len(hits) > policy.SEARCH_HITS)
    record(
        Event.STAFF_SEARCHED,
        actor=staff,
        subject=found.only,
        facts={
            "kind": kind.value,
            "hits": len(found.clients),
            "more": found.more,
            "query": crypto.blind_index("desk search", f"{kind}:{value}"),
        },
    )
    outcome = "many" if found.more else "none" if not hits else "one" if found.only else "several"
    SEARCHES.labels(kind.name.lower(), outcome).inc()
    return found


def understand(query: str) -> tuple[QueryKind, str]:
    """What somebody typed: of which kind it is, and how it is stored."""
    if len(query) > policy.SEARCH_LONGEST:
        return QueryKind.TOO_LONG, ""
    if number := six_digits(query):
        return QueryKind.ACCOUNT_NUMBER, number
    digits = plain_digits(query)
    if len(query) <= MAX_RAW and _TAIL.fullmatch(digits):
        return QueryKind.MOBILE_TAIL, digits
    plain = unicodedata.normalize("NFKC", query).strip()
    if "@" in plain:
        return _email(plain.lower())
    for pattern, kind in _REFERENCES.items():
        if pattern.fullmatch(plain.upper()):
            return kind, plain.upper()
    try:
        return QueryKind.MOBILE, parse_mobile(query.strip(), countries=settings.SMS_COUNTRIES)
    except MobileRefused:
        return QueryKind.UNKNOWN, plain


_REFERENCES = {
    _FREEZE: QueryKind.FREEZE_REFERENCE,
    _PROPOSAL: QueryKind.PROPOSAL_REFERENCE,
    paper.REFERENCE: QueryKind.FORM_REFERENCE,
    _LETTER: QueryKind.LETTER_REFERENCE,
    _CHANGE: QueryKind.CHANGE_REFERENCE,
    _LOGIN: QueryKind.LOGIN_REFERENCE,
}


def _email(address: str) -> tuple[QueryKind, str]:
    try:
        validate_email(address)
    except ValidationError:
        return QueryKind.UNKNOWN, address
    return QueryKind.EMAIL, address


def _clients(kind: QueryKind, value: str, staff: Customer, now: datetime) -> Iterable[Customer]:
    """One more than is shown, by one statement that an index answers."""
    if kind in TOLD:
        return _by_message(kind, value, staff, now)
    return by(kind, value, staff)[: policy.SEARCH_HITS + 1]


def by(kind: QueryKind, value: str, staff: Customer) -> QuerySet[Customer]:
    """The clients of whom a value is true, by account number."""
    clients = Customer.objects.filter(is_staff=False).exclude(pk__in=_own(staff)).order_by("login")
    if kind == QueryKind.MOBILE:
        return clients.filter(mobile=value)
    if kind == QueryKind.MOBILE_TAIL:
        return clients.alias(tail=Tail("mobile")).filter(tail=value)
    if kind == QueryKind.EMAIL:
        return clients.alias(address=Lower("email")).filter(address=value)
    if kind == QueryKind.FREEZE_REFERENCE:
        return clients.alias(reference=Given("freeze_reference")).filter(reference=value)
    if kind == QueryKind.PROPOSAL_REFERENCE:
        return clients.filter(pk__in=Proposal.objects.filter(reference=value).order_by().values("subject"))
    if kind == QueryKind.FORM_REFERENCE:
        return clients.filter(pk__in=IssuedForm.objects.filter(reference=value).order_by().values("customer"))
    if kind == QueryKind.LETTER_REFERENCE:
        return clients.filter(pk__in=Letter.objects.filter(reference=value).order_by().values("customer"))
    return clients.filter(login=value)


def messages_of(kind: QueryKind, reference: str, staff: Customer, now: datetime) -> QuerySet[Message]:
    """The messages that carried this reference, the newest first. That of a login is short and comes again: only the
    codes of the last day count."""
    sent = Message.objects.filter(reference=reference, customer__is_staff=False)
    if kind == QueryKind.LOGIN_REFERENCE:
        sent = sent.filter(created_at__gt=now - policy.SEARCH_LOGIN_REFERENCE)
    return sent.exclude(customer__in=_own(staff)).select_related("customer").order_by("-created_at")


def _by_message(kind: QueryKind, reference: str, staff: Customer, now: datetime) -> list[Customer]:
    found: dict[int, Customer] = {}
    for message in messages_of(kind, reference, staff, now)[: policy.SEARCH_MESSAGES]:
        if message.customer:
            found.setdefault(message.customer.pk, message.customer)
    return list(found.values())[: policy.SEARCH_HITS + 1]


def _own(staff: Customer) -> "QuerySet[StaffClient, int]":
    return StaffClient.objects.filter(staff=staff).values_list("client", flat=True)
