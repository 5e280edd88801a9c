"""Binding a phone with a letter: the password is proven, then the letter's code, then the new token; then all at once.

What a login has come to is a row bound to it. Until the swap the letter is good and the method stands as it was; the
swap is one transaction, and the client is inside with it. The account is locked first, and the clock is read after.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Customer, EndReason, Method, Result, SignIn
from accounts.services import holds, sign_ins
from portal.letters import letters
from portal.letters.models import Kind, Letter, State, Void
from portal.lib.batches import delete_in_batches
from portal.lib.references import new_reference
from portal.messaging import notices
from portal.messaging.texts import Detail, Notice
from twofactor import policy
from twofactor.models import Rebinding
from twofactor.services import swapping, tokens
from twofactor.services.challenges import Outcome, Verdict
from twofactor.services.login import Granted, begin_session
from twofactor.services.switching import Shown


class Answer(Enum):
    """What became of a typed letter code. Only WRONG, SPOILT_NOW and OVER cost a try."""

    RIGHT = auto()
    WRONG = auto()
    SPOILT_NOW = auto()  # wrong, and the last try of the letter
    OVER = auto()  # wrong, and the last try of this login
    LAPSED = auto()
    USED = auto()
    REPLACED = auto()
    SPOILT = auto()  # void, because of too many wrong codes
    WITHDRAWN = auto()  # void for a reason of ours
    NOT_POSTED = auto()
    HELD = auto()  # right, but contacts or password changed a moment ago
    FROZEN = auto()
    GONE = auto()  # the login or the account is no longer what it was


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer with what the page has to say about it. `key` is the login's new one, after a right code."""

    answer: Answer
    tries_left: int = 0
    held_until: datetime | None = None
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """What became of the first code of the new token. `granted` is the session, if it was right; after a wrong code
    without a try left the letter's code has to be typed again."""

    outcome: Outcome
    granted: Granted | None = None
    phone: str = ""
    reference: str = ""


_NAMED = {
    letters.Verdict.LAPSED: Answer.LAPSED,
    letters.Verdict.USED: Answer.USED,
    letters.Verdict.NOT_POSTED: Answer.NOT_POSTED,
}
_VOID = {Void.REPLACED: Answer.REPLACED, Void.TRIES: Answer.SPOILT}


def prove_letter(sign_in: SignIn, code: str) -> Typed:
    """Judge the code of a letter, as `codes.normalised` gives it, and count a wrong one. It freezes nothing.

    A right one uses nothing up yet: from now on there is time to bind a phone.
    """
    with transaction.atomic(durable=True):
        customer = Customer.lock(sign_in.customer_id or 0)
        now = timezone.now()
        if customer.frozen:
            return Typed(Answer.FROZEN)
        if not sign_ins.still_waits(sign_in, customer):
            return Typed(Answer.GONE)
        judged = letters.judge(customer, Kind.REBINDING, code, now=now)
        if judged.verdict in _NAMED:
            return Typed(_NAMED[judged.verdict])
        if judged.letter is None:
            return _count_wrong(customer, sign_in, now)
        if judged.verdict == letters.Verdict.REPLACED:
            return Typed(_VOID.get(Void(judged.letter.void), Answer.WITHDRAWN))
        held_until = holds.method_held_until(customer, now=now)
        if held_until:
            return Typed(Answer.HELD, held_until=held_until)
        _start(_row(sign_in, now), judged.letter, now)
        return Typed(Answer.RIGHT, key=sign_ins.go_on(sign_in, now=now))


def current(sign_in: SignIn) -> Rebinding | None:
    """The binding that this login has come to, whether or not its letter was proven in time."""
    return Rebinding.objects.select_related("letter", "token").filter(sign_in=sign_in).first()


def in_time(rebinding: Rebinding, *, now: datetime) -> bool:
    """Whether the letter was proven for this binding, and not too long ago."""
    proven_at = rebinding.letter_proven_at
    return proven_at is not None and now - proven_at <= policy.KEY_LIFETIME


@transaction.atomic(durable=True)
def show_key(sign_in: SignIn, name: str, *, after: str) -> Shown | None:
    """Make a key for the device of this name; a key of this login that was shown before is void.

    `after` is the id of that earlier token, or empty. None when it is another one, as when the form is sent a second
    time, or when the letter is not, or no more, good for a key.
    """
    customer = Customer.lock(sign_in.customer_id or 0)
    now = timezone.now()
    rebinding = _proven(customer, sign_in, now)
    if rebinding is None or rebinding.letter_proven_at is None or str(rebinding.token_id or "") != after:
        return None
    _drop_key(rebinding)
    rebinding.token, seed = tokens.show(customer, name=name, now=now)
    rebinding.save(update_fields=["token"])
    return Shown(rebinding.token, seed, rebinding.letter_proven_at + policy.KEY_LIFETIME)


def confirm(sign_in: SignIn, code: str, *, device: str) -> Bound:
    """Judge the first code of the new token; if it is right, the letter is used and the client inside.

    `device` in words for the notice.
    """
    try:
        with transaction.atomic(durable=True):
            customer = Customer.lock(sign_in.customer_id or 0)
            now = timezone.now()
            if customer.frozen:
                return Bound(Outcome(Verdict.FROZEN))
            rebinding = _proven(customer, sign_in, now)
            if rebinding is None or rebinding.token is None:
                return Bound(Outcome(Verdict.GONE))
            if not tokens.proves(rebinding.token, code, now=now):
                return _count_wrong_token(rebinding)
            return _swap(customer, sign_in, rebinding, device=device, now=now)
    except sign_ins.SessionGoneError:
        return Bound(Outcome(Verdict.GONE))


def purge(now: datetime) -> int:
    """Delete bindings that were begun long ago, done or not; how many. The audit trail keeps what was done."""
    old = Rebinding.objects.filter(created_at__lt=now - policy.SWITCH_RETENTION)
    return delete_in_batches(old, size=policy.PURGE_BATCH)


# --- Under the account's lock --------------------------------------------------------------------------


def _row(sign_in: SignIn, now: datetime) -> Rebinding:
    return Rebinding.objects.get_or_create(sign_in=sign_in, defaults={"created_at": now})[0]


def _start(rebinding: Rebinding, letter: Letter, now: datetime) -> None:
    _drop_key(rebinding)
    rebinding.letter, rebinding.letter_proven_at, rebinding.token, rebinding.tries = letter, now, None, 0
    rebinding.save(update_fields=["letter", "letter_proven_at", "token", "tries"])


def _drop_key(rebinding: Rebinding) -> None:
    if rebinding.token_id:
        tokens.drop(rebinding.token_id)


def _count_wrong(customer: Customer, sign_in: SignIn, now: datetime) -> Typed:
    """A wrong letter code costs the letter a try, if there is one, and this login in any case."""
    rebinding = _row(sign_in, now)
    rebinding.letter_tries += 1
    rebinding.save(update_fields=["letter_tries"])
    SignIn.objects.filter(pk=sign_in.pk).update(wrong_codes=F("wrong_codes") + 1)
    judged = letters.count_wrong(customer, Kind.REBINDING, now=now)
    if judged.verdict == letters.Verdict.VOID_NOW and judged.letter:
        letter = judged.letter
        notices.tell(customer, Notice.LETTER_SPOILT, now=now, detail=Detail(reference=letter.reference))
        return Typed(Answer.SPOILT_NOW)
    left = policy.LETTER_TRIES - rebinding.letter_tries
    if left <= 0:
        sign_ins.end(sign_in, EndReason.GUESSING, now=now)
        return Typed(Answer.OVER)
    return Typed(Answer.WRONG, tries_left=min(left, judged.tries_left) if judged.letter else left)


def _proven(customer: Customer, sign_in: SignIn, now: datetime) -> Rebinding | None:
    """The binding of this login, if its letter was proven in time and is still good, and the account as it was."""
    rebinding = current(sign_in) if sign_ins.still_waits(sign_in, customer) else None
    if rebinding is None or not in_time(rebinding, now=now) or holds.method_held_until(customer, now=now):
        return None
    return rebinding if _still_good(rebinding.letter, now) else None


def _still_good(letter: Letter | None, now: datetime) -> bool:
    return bool(letter and letter.state == State.POSTED and letter.lapses_at and now <= letter.lapses_at)


def _count_wrong_token(rebinding: Rebinding) -> Bound:
    """The last wrong code of the new token takes its key; the letter stays good, and its code is typed again."""
    rebinding.tries += 1
    left = policy.NEW_METHOD_TRIES - rebinding.tries
    if not left:
        _drop_key(rebinding)
        rebinding.letter_proven_at = rebinding.token = None
    rebinding.save(update_fields=["tries", "letter_proven_at", "token"])
    return Bound(Outcome(Verdict.WRONG, tries_left=left))


def _swap(customer: Customer, sign_in: SignIn, rebinding: Rebinding, *, device: str, now: datetime) -> Bound:
    """Letter used, old token dead, new one bound, every other session ended, and this login complete."""
    letter, token = rebinding.letter, rebinding.token
    if letter is None or token is None:
        raise AssertionError("a binding is done with a letter and a token")
    reference, from_method = new_reference("M"), customer.method
    had_token = tokens.live(customer) is not None
    letters.use(letter, now=now)
    tokens.bind(customer, token, now=now)
    swapping.take_effect(customer, Method.SOFT_TOKEN, now=now)
    rebinding.done_at = now
    rebinding.save(update_fields=["done_at"])
    _tell(customer, from_method, letter, Detail(Method.SOFT_TOKEN, device, reference), had_token=had_token, now=now)
    waited_as = Result(sign_in.result)
    sign_in.customer, sign_in.method, sign_in.epoch = customer, Method.SOFT_TOKEN, customer.security_epoch
    granted = begin_session(sign_in, device, now=now, waited_as=waited_as)
    return Bound(Outcome(Verdict.PASSED), granted, token.name, reference)


def _tell(
    customer: Customer, from_method: str, letter: Letter, detail: Detail, *, had_token: bool, now: datetime
) -> None:
    facts = {"reference": detail.reference, "letter": letter.reference, "proposal": letter.proposal}
    swapping.tell(customer, from_method, detail, facts=facts, had_token=had_token, now=now)
