"""A code by text message that proves the number as the new method: asked and judged apart from the method in use.

A wrong answer counts on the change that it belongs to and never on the account. The caller holds the account's lock.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.db.models import Q

from accounts.models import Customer, Method, Purpose, SignIn
from twofactor import policy
from twofactor.methods import METHODS
from twofactor.methods.base import Context, Judgement
from twofactor.models import Challenge, ChallengeState
from twofactor.services import challenges
from twofactor.services.challenges import Resent


class Answer(Enum):
    """What a code of the new method is. Only WRONG costs a try; STOPPED is the last of them."""

    RIGHT = auto()
    WRONG = auto()
    STOPPED = auto()
    EXPIRED = auto()
    SUPERSEDED = auto()
    USED = auto()
    OTHER_REQUEST = auto()
    FROZEN = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer, with the references that its page names."""

    answer: Answer
    reference: str = ""
    other_reference: str = ""


def ask(customer: Customer, sign_in: SignIn, *, source: str, language: str, now: datetime) -> Challenge:
    """Send a code to the number on file. One that was sent before for this is dead; where none can be sent yet, it
    stays the one to type."""
    context = Context(customer, sign_in, Purpose.NEW_METHOD, source, language, now)
    new = METHODS[Method.SMS].ask(context)
    old = challenges.current(sign_in, Purpose.NEW_METHOD)
    if old is not None and old.state == ChallengeState.OPEN and not new.code_digest:
        old.resend_at, old.capped = new.resend_at, new.capped
        old.save(update_fields=["resend_at", "capped"])
        return old
    mine = Challenge.objects.filter(sign_in=sign_in, purpose=Purpose.NEW_METHOD, state=ChallengeState.OPEN)
    mine.update(state=ChallengeState.SUPERSEDED)
    new.save(force_insert=True)
    return new


def ask_again(customer: Customer, sign_in: SignIn, *, source: str, language: str, now: datetime) -> Resent:
    """A new code, or from when on there can be one."""
    old = challenges.current(sign_in, Purpose.NEW_METHOD)
    if old is None or old.state == ChallengeState.USED:
        return Resent(False, gone=True)
    asked = ask(customer, sign_in, source=source, language=language, now=now)
    return Resent(True) if asked.pk != old.pk else Resent(False, asked.resend_at, asked.capped)


def judge(customer: Customer, sign_in: SignIn, code: str, *, now: datetime) -> Judged:
    """Compare a code with the live one, which then is used up, and with those that it could be mistaken for."""
    method = METHODS[Method.SMS]
    context = Context(customer, sign_in, Purpose.NEW_METHOD, "", "", now)
    recent = list(
        Challenge.objects.filter(
            ~Q(code_digest="") | Q(sign_in=sign_in),
            customer=customer,
            purpose=Purpose.NEW_METHOD,
            created_at__gt=now - policy.RECOGNISED_FOR,
        ).order_by("-created_at")
    )
    live = next((challenge for challenge in recent if challenge.sign_in_id == sign_in.pk), None)
    if live is None:
        return Judged(Answer.GONE)
    if live.state == ChallengeState.OPEN and method.judge(live, code, context) == Judgement.RIGHT:
        Challenge.objects.filter(pk=live.pk).update(state=ChallengeState.USED, answered_at=now)
        return Judged(Answer.RIGHT, live.reference)
    for challenge in recent:
        known = method.judge(challenge, code, context)
        if known != Judgement.WRONG:
            return _named(challenge, known, live)
    return Judged(Answer.WRONG, live.reference)


def _named(challenge: Challenge, known: Judgement, live: Challenge) -> Judged:
    """A code that was right for something: say for what. It is no guess."""
    if challenge.sign_in_id != live.sign_in_id:
        return Judged(Answer.OTHER_REQUEST, live.reference, challenge.reference)
    if known == Judgement.USED:
        return Judged(Answer.USED, live.reference)
    return Judged(Answer.EXPIRED if challenge.pk == live.pk else Answer.SUPERSEDED, live.reference)
