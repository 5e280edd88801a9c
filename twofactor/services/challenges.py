"""Issuing challenges and judging answers: counted under the account's lock, before anything is compared.

The account row is locked first, always; the clock is read after the lock; whether the account is frozen is
looked at under the same lock. Nothing here raises for a wrong answer: an exception would roll the count back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import STRANDED, Customer, Purpose, Result, SignIn
from accounts.services import lockout, sign_ins
from portal.lib.batches import delete_in_batches
from portal.lib.prepared import Prepared, PreparedInsert, PreparedUpdate, slot
from portal.metrics import CODES
from twofactor import policy
from twofactor.methods import METHODS, factor
from twofactor.methods.base import Context, Judgement
from twofactor.models import Challenge, ChallengeState


class Verdict(Enum):
    """What became of one answer. Only WRONG, CLOCK_SLOW and FROZEN cost a try."""

    PASSED = auto()
    WRONG = auto()
    CLOCK_SLOW = auto()  # wrong, and as a clock that is behind would have it
    FROZEN = auto()
    EXPIRED = auto()
    SUPERSEDED = auto()
    USED = auto()
    OTHER_LOGIN = auto()
    GONE = auto()  # the session, the account or the question is no longer what it was


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with what the page has to say about it."""

    verdict: Verdict
    tries_left: int = 0
    reference: str = ""  # of this challenge
    other_reference: str = ""  # of the challenge that the code belongs to
    slow_by: timedelta = timedelta()  # how far the client's clock is behind


@dataclass(frozen=True, slots=True)
class Resent:
    """Whether a new code went out; if not, from when on, and whether too many were asked for."""

    sent: bool
    again_at: datetime | None = None
    capped: bool = False
    over_budget: bool = False
    gone: bool = False


_NEW = PreparedInsert(Challenge)


def issue(customer: Customer, sign_in: SignIn, purpose: Purpose, *, source: str, language: str) -> Challenge:
    """Ask a locked account for its second factor. The caller's transaction commits it with its cause."""
    challenge = _ask(customer, sign_in, purpose, source=source, language=language)
    return _NEW.insert(challenge)


def ask_again(
    customer: Customer,
    sign_in: SignIn,
    purpose: Purpose,
    *,
    source: str,
    language: str,
    method: str = "",
    to: str = "",
) -> Challenge:
    """Ask within a journey that may have begun: a new code kills the one before; where none can be sent yet, the one
    before stays the one to type. By the method in use and to the contact on file, unless others are named. The account
    is locked."""
    new = _ask(customer, sign_in, purpose, source=source, language=language, method=method, to=to)
    old = current(sign_in, purpose)
    if new.withheld and old is not None and old.state == ChallengeState.OPEN and old.method == new.method:
        old.resend_at, old.capped, old.over_budget = new.resend_at, new.capped, new.over_budget
        old.save(update_fields=["resend_at", "capped", "over_budget"])
        return old
    mine = Challenge.objects.filter(sign_in=sign_in, purpose=purpose, state=ChallengeState.OPEN)
    mine.update(state=ChallengeState.SUPERSEDED)
    return _NEW.insert(new)


def _ask(
    customer: Customer,
    sign_in: SignIn,
    purpose: Purpose,
    *,
    source: str,
    language: str,
    method: str = "",
    to: str = "",
) -> Challenge:
    context = Context(customer, sign_in, purpose, source, language, timezone.now(), to)
    return factor(method or customer.method).ask(context)


#: What answering needs of a challenge; the rest of the row stays where it is.
_ASKED = (
    "sign_in_id", "purpose", "method", "reference", "code_digest", "state", "created_at", "expires_at", "resend_at",
    "capped", "over_budget", "message_id",
)  # fmt: skip
#: What its page shows of the message.
_SHOWN = tuple(f"message__{name}" for name in ("state", "sent_at", "delayed_at", "created_at", "problem"))


def _created(challenge: Challenge) -> datetime:
    return challenge.created_at


def current(sign_in: SignIn, purpose: Purpose) -> Challenge | None:
    """The newest challenge of this session for this purpose, with what its page shows of the message."""
    return max(_OF_SESSION.all(sign_in=sign_in.pk, purpose=purpose), key=_created, default=None)


_OF_SESSION = Prepared(
    lambda: (
        Challenge.objects.select_related("message")
        .filter(sign_in=slot(Challenge, "sign_in"), purpose=slot(Challenge, "purpose"))
        .only(*_ASKED, *_SHOWN)
    )
)


@transaction.atomic(durable=True)
def resend(sign_in: SignIn, purpose: Purpose, *, source: str, language: str) -> Resent:
    """Send a new code for a journey that has begun; the one before it dies. Resets no count."""
    customer = Customer.lock(sign_in.customer_id or 0)
    if not _still_open(customer, sign_in) or not METHODS[customer.method].ready(customer):
        return Resent(False, gone=True)
    if METHODS[customer.method].destination(customer) is None:
        return Resent(False)
    return send_again(customer, sign_in, purpose, source=source, language=language)


def send_again(
    customer: Customer,
    sign_in: SignIn,
    purpose: Purpose,
    *,
    source: str,
    language: str,
    method: str = "",
    to: str = "",
) -> Resent:
    """A new code for a question that still stands, or from when on there can be one. The account is locked."""
    old = current(sign_in, purpose)
    if old is None or old.state == ChallengeState.USED:
        return Resent(False, gone=True)
    now = ask_again(customer, sign_in, purpose, source=source, language=language, method=method, to=to)
    return Resent(True) if now.pk != old.pk else Resent(False, now.resend_at, now.capped, now.over_budget)


def verify(sign_in: SignIn, purpose: Purpose, answer: str) -> Outcome:
    """Judge one answer and count it. Call inside a durable transaction, which the caller may add to."""
    customer = Customer.lock(sign_in.customer_id or 0)
    sign_in.customer = customer
    now = timezone.now()
    if customer.frozen:
        return Outcome(Verdict.FROZEN)
    if not _still_open(customer, sign_in):
        return Outcome(Verdict.GONE)
    context = Context(customer, sign_in, purpose, "", "", now)
    outcome, live = compare(answer, context)
    if live is None:
        return outcome
    if outcome.verdict == Verdict.PASSED:
        lockout.clear_wrong_codes(customer)
    elif outcome.verdict == Verdict.WRONG:
        outcome = _count(live, answer, context)
    CODES.labels(live.method, outcome.verdict.name.lower()).inc()
    return outcome


def compare(answer: str, context: Context) -> tuple[Outcome, Challenge | None]:
    """Compare an answer with the live challenge of the session, which then is used up, and with those that it could be
    mistaken for. Counts nothing. Without a challenge to answer the verdict is GONE."""
    recent = _recent(context)
    live = next((challenge for challenge in recent if challenge.sign_in_id == context.sign_in.pk), None)
    if live is None:
        return Outcome(Verdict.GONE), None
    asked = factor(live.method)
    if live.state == ChallengeState.OPEN and asked.judge(live, answer, context) == Judgement.RIGHT:
        _USE.run(pk=live.pk, answered_at=context.now)
        asked.settle(live, answer, context)
        return Outcome(Verdict.PASSED, reference=live.reference), live
    for challenge in recent:
        known = factor(challenge.method).judge(challenge, answer, context)
        if known != Judgement.WRONG:
            return _named(challenge, known, live), live
    return Outcome(Verdict.WRONG, reference=live.reference), live


def _still_open(customer: Customer, sign_in: SignIn) -> bool:
    """Under the lock: nothing has ended the account's sessions since this one began."""
    return customer.open and customer.security_epoch == sign_in.epoch


def _recent(context: Context) -> list[Challenge]:
    """The account's challenges of the last minutes for this purpose, the newest first. Few: each is a text message,
    or the one that this session waits with."""
    recent = _RECENT.all(
        sign_in=context.sign_in.pk,
        customer=context.customer.pk,
        purpose=context.purpose,
        since=context.now - policy.RECOGNISED_FOR,
    )
    return sorted(recent, key=_created, reverse=True)


_RECENT = Prepared(
    lambda: Challenge.objects.filter(
        ~Q(code_digest="") | Q(sign_in=slot(Challenge, "sign_in")),
        customer=slot(Challenge, "customer"),
        purpose=slot(Challenge, "purpose"),
        created_at__gt=slot(Challenge, "created_at", "since"),
    ).only(*_ASKED)
)


def _count(live: Challenge, answer: str, context: Context) -> Outcome:
    """A wrong answer costs a try; the last one freezes the account."""
    left = lockout.count_wrong_code(context.customer, context.sign_in, now=context.now)
    if not left:
        sign_ins.frozen_by_codes(context.sign_in)
        return Outcome(Verdict.FROZEN)
    slow_by = factor(live.method).slow_by(answer, context)
    if slow_by is None:
        return Outcome(Verdict.WRONG, tries_left=left, reference=live.reference)
    return Outcome(Verdict.CLOCK_SLOW, tries_left=left, reference=live.reference, slow_by=slow_by)


_USE = PreparedUpdate(
    lambda: (
        Challenge.objects.filter(pk=slot(Challenge, "id", "pk")),
        {"state": ChallengeState.USED, "answered_at": slot(Challenge, "answered_at")},
    )
)


def _named(challenge: Challenge, known: Judgement, live: Challenge) -> Outcome:
    """A code that was right for something: say for what. It costs no try, because it is no guess."""
    if challenge.sign_in_id != live.sign_in_id:
        return Outcome(Verdict.OTHER_LOGIN, reference=live.reference, other_reference=challenge.reference)
    if known == Judgement.USED:
        return Outcome(Verdict.USED, reference=live.reference)
    verdict = Verdict.EXPIRED if challenge.pk == live.pk else Verdict.SUPERSEDED
    return Outcome(verdict, reference=live.reference)


def purge(now: datetime) -> int:
    """Delete spent challenges; how many. Their messages stay until their own time."""
    old = Challenge.objects.filter(created_at__lt=now - settings.RETENTION_CHALLENGES)
    return delete_in_batches(old, size=policy.PURGE_BATCH)


def unfinished(now: datetime) -> list[SignIn]:
    """Logins from unknown browsers that stopped after the right password, and whose owner has not been told. One that
    came a step further a moment ago may still be completed."""
    return list(
        SignIn.objects.select_related("customer")
        .filter(
            customer__is_staff=False,
            result__in=[Result.PASSWORD_RIGHT, Result.WRONG_CODES, *STRANDED],
            reported_at__isnull=True,
            known_browser=False,
            at__gt=now - settings.RETENTION_CHALLENGES,
            at__lt=now - policy.UNFINISHED_AFTER,
        )
        .exclude(last_seen_at__gt=now - policy.UNFINISHED_AFTER)
        .order_by("at")[: policy.PURGE_BATCH]
    )
