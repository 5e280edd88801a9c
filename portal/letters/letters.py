"""The life of a letter and the judging of its code. Every verb is called with the account locked, inside the caller's
transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db.models import Q

from portal.letters import codes, policy
from portal.letters.models import LIVE, Kind, Letter, State, Void
from portal.lib.batches import delete_in_batches
from portal.lib.references import new_reference

_FIRST = {Kind.PASSWORD: "S", Kind.REBINDING: "R"}  # of a reference: "P" is a proposal


class Verdict(Enum):
    """What a typed code is. Only WRONG and VOID_NOW may cost a try."""

    RIGHT = auto()
    WRONG = auto()
    VOID_NOW = auto()  # wrong, and the last try of this letter
    LAPSED = auto()
    USED = auto()
    REPLACED = auto()  # void: a newer letter is on its way, or staff took it back
    NOT_POSTED = auto()  # right, but nobody has sent it yet: whoever types it has taken it


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, with the letter that the code is of and, after a wrong one, what is left of the tries."""

    verdict: Verdict
    letter: Letter | None = None
    tries_left: int = 0


def make(kind: Kind, *, customer: Any, maker: Any, checker: Any, proposal: str, now: datetime) -> Letter:
    """A letter that waits to be printed; an earlier one of its kind is void from here on.

    `customer`, `maker` and `checker` are accounts, `proposal` the reference under which it was approved.
    """
    for earlier in live(customer, kind):
        end(earlier, Void.REPLACED, now=now)
    return Letter.objects.create(
        reference=new_reference(_FIRST[kind]),
        kind=kind,
        customer=customer,
        maker=maker,
        checker=checker,
        proposal=proposal,
        made_at=now,
    )


def live(customer: Any, kind: Kind) -> list[Letter]:
    """The letter of this kind that is under way, if there is one."""
    return list(Letter.objects.filter(customer=customer, kind=kind, state__in=LIVE))


def expected(customer: Any, kind: Kind, *, now: datetime) -> bool:
    """Whether a posted letter of this kind could be typed in now."""
    posted = Letter.objects.filter(customer=customer, kind=kind, state=State.POSTED, lapses_at__gt=now)
    return posted.exists()


def lately(customer: Any, kind: Kind, *, since: datetime) -> bool:
    """Whether a letter of this kind is under way, or was since then; one that never left the house does not count."""
    letters = Letter.objects.filter(customer=customer, kind=kind).exclude(state__in=_OVER, posted_at__isnull=True)
    return letters.filter(Q(state__in=LIVE) | Q(made_at__gt=since) | Q(ended_at__gt=since)).exists()


_OVER = [State.LAPSED, State.VOIDED]


def judge(customer: Any, kind: Kind, typed: str, *, now: datetime) -> Judged:
    """Say what a code is that was typed for a letter of this kind. `typed` is as `codes.normalised` gives it.

    Counts nothing and changes nothing: whether a wrong one costs a try is the caller's to know (`count_wrong`).
    """
    letters = Letter.objects.filter(customer=customer, kind=kind, made_at__gt=now - _RECOGNISED_FOR)
    known = [each for each in letters.order_by("-made_at") if _is_of(each, typed)]
    if not known:
        return Judged(Verdict.WRONG)
    letter = known[0]
    return Judged(_verdict(letter, now), letter)


#: Long enough for every letter that was under way, and for some time after it is named as lapsed, used or replaced.
_RECOGNISED_FOR = 4 * policy.LIFETIME


def _is_of(letter: Letter, typed: str) -> bool:
    return codes.matches(letter.code_digest, str(letter.pk), letter.customer_id, letter.kind, typed)


def _verdict(letter: Letter, now: datetime) -> Verdict:
    match letter.state:
        case State.USED:
            return Verdict.USED
        case State.LAPSED:
            return Verdict.LAPSED
        case State.VOIDED:
            return Verdict.REPLACED
        case State.POSTED:
            return Verdict.LAPSED if letter.lapses_at and now > letter.lapses_at else Verdict.RIGHT
        case _:
            return Verdict.NOT_POSTED


def count_wrong(customer: Any, kind: Kind, *, now: datetime) -> Judged:
    """A wrong code costs the posted letter a try; at the last one it is void."""
    letter = Letter.objects.filter(customer=customer, kind=kind, state=State.POSTED).first()
    if letter is None:
        return Judged(Verdict.WRONG)
    letter.tries += 1
    letter.save(update_fields=["tries"])
    left = policy.TRIES - letter.tries
    if left > 0:
        return Judged(Verdict.WRONG, letter, left)
    end(letter, Void.TRIES, now=now)
    return Judged(Verdict.VOID_NOW, letter)


def use(letter: Letter, *, now: datetime) -> None:
    """The code did what it is good for, and never does again."""
    if letter.state != State.POSTED:
        raise AssertionError("only a posted letter is used")
    letter.state, letter.ended_at = State.USED, now
    letter.save(update_fields=["state", "ended_at"])


def end(letter: Letter, why: Void, *, now: datetime) -> None:
    """The letter is void from here on."""
    letter.state, letter.void, letter.ended_at = State.VOIDED, why, now
    letter.save(update_fields=["state", "void", "ended_at"])


def void_all(customer: Any, kinds: Iterable[Kind], why: Void, *, now: datetime) -> int:
    """Void whatever letters of these kinds are under way; how many."""
    under_way = [letter for kind in kinds for letter in live(customer, kind)]
    for letter in under_way:
        end(letter, why, now=now)
    return len(under_way)


def lapse(now: datetime) -> int:
    """Close posted letters whose time is over; how many. Their codes were worth nothing since."""
    over = Letter.objects.filter(state=State.POSTED, lapses_at__lt=now)
    return over.update(state=State.LAPSED, ended_at=now)


def purge(now: datetime) -> int:
    """Delete letters once the retention is over; how many."""
    old = Letter.objects.filter(ended_at__lt=now - settings.RETENTION_LETTERS)
    return delete_in_batches(old, size=policy.PURGE_BATCH)
