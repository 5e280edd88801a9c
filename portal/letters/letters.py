"""The life of a letter and the judging of its code. Every verb is called with the account locked, inside the caller's
transaction."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters import codes, policy
from portal.letters.models import LIVE, Kind, Letter, PrintRun, State, Void
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
        end(earlier, Void.REPLACED, now=now, actor=checker)
    letter = Letter.objects.create(
        reference=new_reference(_FIRST[kind]),
        kind=kind,
        customer=customer,
        maker=maker,
        checker=checker,
        proposal=proposal,
        made_at=now,
    )
    write_down(Event.LETTER_MADE, letter, actor=checker, proposal=proposal, maker=maker.login)
    return letter


def live(customer: Any, kind: Kind) -> list[Letter]:
    """The letter of this kind that is under way, if there is one."""
    return list(Letter.objects.filter(customer=customer, kind=kind, state__in=LIVE))


def expected(customer: Any, kind: Kind, *, now: datetime) -> bool:
    """Whether a posted letter of this kind could be typed in now."""
    posted = Letter.objects.filter(customer=customer, kind=kind, state=State.POSTED, lapses_at__gt=now)
    return posted.exists()


def lately(customer: Any, kind: Kind, *, since: datetime) -> bool:
    """Whether a letter of this kind is under way, or was since then; one that never left the house does not count."""
    return latest(customer, kind, since=since) is not None


def latest(customer: Any, kind: Kind, *, since: datetime) -> Letter | None:
    """The newest letter of this kind that is under way, or was since then, if it did not stay in the house."""
    letters = Letter.objects.filter(customer=customer, kind=kind).exclude(state__in=_OVER, posted_at__isnull=True)
    found = letters.filter(Q(state__in=LIVE) | Q(made_at__gt=since) | Q(ended_at__gt=since))
    return found.order_by("-made_at", "pk").first()


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
    write_down(Event.LETTER_USED, letter, actor=letter.customer, proposal=letter.proposal)


def end(letter: Letter, why: Void, *, now: datetime, actor: Any | None = None, reason: str = "") -> None:
    """The letter is void from here on. `actor` and `reason` are of the member of staff who took it back."""
    letter.state, letter.void, letter.ended_at = State.VOIDED, why, now
    letter.save(update_fields=["state", "void", "ended_at"])
    write_down(Event.LETTER_VOIDED, letter, actor=actor, void=why.value, **({"reason": reason} if reason else {}))


def void_all(customer: Any, kinds: Iterable[Kind], why: Void, *, now: datetime) -> int:
    """Void whatever letters of these kinds are under way; how many."""
    under_way = [letter for kind in kinds for letter in live(customer, kind)]
    for letter in under_way:
        end(letter, why, now=now)
    return len(under_way)


def void_unprinted(customer: Any, *, now: datetime) -> int:
    """Void what waits to be printed, since it was approved for an address that is no longer on file; how many."""
    waiting = list(Letter.objects.filter(customer=customer, state=State.MADE))
    for letter in waiting:
        end(letter, Void.ADDRESS, now=now)
    return len(waiting)


def void_of_closed(accounts: Collection[int], *, now: datetime) -> int:
    """Void every letter that is under way to these accounts, which were closed; how many. Takes their keys."""
    under_way = list(Letter.objects.filter(customer__in=accounts, state__in=LIVE).select_related("customer"))
    for letter in under_way:
        end(letter, Void.ACCOUNT, now=now)
    return len(under_way)


def lapse(now: datetime) -> int:
    """Close printed and posted letters whose time is over; how many. Their codes were worth nothing since."""
    over = Letter.objects.filter(state__in=[State.PRINTED, State.POSTED], lapses_at__lt=now)
    return sum(_lapsed(letter, now) for letter in list(over.order_by("lapses_at")[: policy.LAPSE_BATCH]))


@transaction.atomic
def _lapsed(found: Letter, now: datetime) -> bool:
    """Close one, unless it came to another end meanwhile; whether it was this call that did it."""
    lock_accounts([found.customer_id])
    letter = Letter.objects.select_for_update().get(pk=found.pk)
    if letter.state not in {State.PRINTED, State.POSTED}:
        return False
    letter.state, letter.ended_at = State.LAPSED, now
    letter.save(update_fields=["state", "ended_at"])
    write_down(Event.LETTER_LAPSED, letter)
    return True


def lock_accounts(keys: Collection[int]) -> dict[int, Any]:
    """The accounts of these keys as they stand, locked in the order of their keys."""
    accounts = get_user_model()._default_manager.filter(pk__in=keys)
    return {account.pk: account for account in accounts.select_for_update().order_by("pk")}


def may_print(staff: Any) -> bool:
    """Whether this member of staff, as they stand now, prints letters: whoever was disabled does not.

    Call it inside the transaction of the deed, after the accounts and the letters are locked.
    """
    people = get_user_model()._default_manager.filter(pk=staff.pk)
    return bool(people.select_for_update(no_key=True).get().has_perm(policy.PRINT))


def write_down(event: Event, letter: Letter, *, actor: Any | None = None, **facts: str) -> None:
    """Put what became of a letter into the audit trail of its account."""
    named = {"reference": letter.reference, "kind": letter.kind, **facts}
    record(event, actor=actor, subject=letter.customer, facts=named)


def purge(now: datetime) -> int:
    """Delete letters once the retention is over, and runs of which no letter is left; how many letters."""
    until = now - settings.RETENTION_LETTERS
    deleted = delete_in_batches(Letter.objects.filter(ended_at__lt=until), size=policy.PURGE_BATCH)
    delete_in_batches(PrintRun.objects.filter(ended_at__lt=until, letters__isnull=True), size=policy.PURGE_BATCH)
    return deleted
