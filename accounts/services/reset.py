"""A forgotten password: asked for, the client recognised, the method proven, the password replaced.

Until somebody is recognised nothing tells whether the number has an account: asking writes the same rows for every
number and looks nothing up, and what is typed is judged by the same statements. The journey has a key of its own, which
opens no session.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q

from accounts import policy
from accounts.models import Customer, Emergency, PasswordReset, ResetWay, Result, SignIn
from accounts.services import login, password
from accounts.services.login import Try
from portal.audit.events import Event
from portal.audit.trail import record
from portal.letters import letters
from portal.letters.models import Letter, State
from portal.lib import crypto
from portal.lib.batches import delete_in_batches
from portal.messaging import notices
from portal.messaging.texts import Notice
from portal.metrics import LOGINS


def ask(facts: Try, way: ResetWay, *, now: datetime) -> str | None:
    """Begin a journey: the key for its cookie, or None if the verification was spent before."""
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        sign_in = login.write_down(facts, now=now, result=Result.RESET_ASKED)
        if sign_in is None:
            return None
        PasswordReset.objects.create(sign_in=sign_in, key_digest=crypto.token_digest(key), way=way, created_at=now)
    LOGINS.labels(facts.platform, Result.RESET_ASKED.value).inc()
    return key


def find(key: str) -> PasswordReset | None:
    """The journey of a cookie's key, with its account as far as that is known, whether or not it goes on."""
    journeys = PasswordReset.objects.select_related("sign_in__customer")
    return journeys.filter(key_digest=crypto.token_digest(key)).first()


class Step(Enum):
    """Where a journey stands."""

    OVER = auto()
    RECOGNISE = auto()  # by a code out of the e-mail or the letter
    PROVE = auto()  # the method in use
    CHOOSE = auto()  # the new password
    DONE = auto()


def step(reset: PasswordReset, *, now: datetime) -> Step:
    """Where the journey stands. Once somebody was recognised, what ends the account's sessions ends it too."""
    in_time = now - reset.created_at <= policy.RESET_LIFETIME
    if not in_time or reset.stopped_at:
        return Step.OVER
    if reset.replaced_at:
        return Step.DONE
    if not reset.recognised_at:
        return Step.RECOGNISE
    customer = reset.sign_in.customer
    if customer is None or not customer.open or customer.security_epoch != reset.sign_in.epoch:
        return Step.OVER
    return Step.CHOOSE if reset.method_proven_at else Step.PROVE


def asked_again_at(reset: PasswordReset) -> datetime:
    """From when on the same browser can ask for the same number again."""
    return reset.created_at + policy.RESET_AGAIN_AFTER


# --- Under the lock of the account ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Locked:
    """A journey under its row lock, taken after that of its account, if there is one."""

    reset: PasswordReset
    customer: Customer | None

    @property
    def account(self) -> Customer:
        """The account, or one that is nobody's: the same is looked up for both."""
        return self.customer or Customer(pk=0)


def lock(reset: PasswordReset, customer_id: int | None) -> Locked:
    """Both rows as they are now. Call inside a transaction."""
    try:
        customer = Customer.lock(customer_id or 0)
    except Customer.DoesNotExist:
        customer = None
    fresh = PasswordReset.objects.select_for_update(of=("self",)).select_related("sign_in").get(pk=reset.pk)
    fresh.sign_in.customer = customer if customer and fresh.sign_in.customer_id == customer.pk else None
    return Locked(fresh, customer)


def goes_on(locked: Locked, wanted: Step, *, now: datetime) -> bool:
    """Whether the journey stands at this step, and not everybody is kept out since it began."""
    began = locked.reset.created_at
    everybody = Emergency.objects.filter(Q(ended_at__isnull=True) | Q(began_at__gte=began)).exists()
    return step(locked.reset, now=now) == wanted and not everybody


def count_try(reset: PasswordReset, *, now: datetime) -> int:
    """A code is going to be compared: what is left if it is wrong. At none the journey is over."""
    reset.tries += 1
    left = max(0, policy.RESET_TRIES - reset.tries)
    reset.stopped_at = None if left else now
    reset.save(update_fields=["tries", "stopped_at"])
    return left


def give_back_try(reset: PasswordReset) -> None:
    """The code was no guess."""
    reset.tries, reset.stopped_at = reset.tries - 1, None
    reset.save(update_fields=["tries", "stopped_at"])


def belongs_to(sign_in: SignIn, customer: Customer, *, known_browser: bool) -> None:
    """Write down whose journey it is, and under which facts."""
    sign_in.customer, sign_in.epoch, sign_in.known_browser = customer, customer.security_epoch, known_browser
    sign_in.save(update_fields=["customer", "epoch", "known_browser"])


def recognised(reset: PasswordReset, customer: Customer, *, now: datetime, letter: Letter | None = None) -> None:
    """Somebody typed what only this client could know; the method in use is asked next."""
    SignIn.objects.filter(pk=reset.sign_in_id).update(method=customer.method)
    reset.recognised_at, reset.letter = now, letter
    reset.save(update_fields=["recognised_at", "letter"])


def method_proven(reset: PasswordReset, *, now: datetime) -> None:
    """The method in use was proven on this journey."""
    PasswordReset.objects.filter(pk=reset.pk, method_proven_at__isnull=True).update(method_proven_at=now)


@transaction.atomic(durable=True)
def choose(reset: PasswordReset, new_password: str, *, now: datetime) -> Step:
    """Replace the password, and use up the letter if there is one: where the journey stands then.

    Every session ends, and method and contacts are held. Whoever does it twice has done it once. Raises
    `ValidationError` when the password breaks a rule.
    """
    locked = lock(reset, reset.sign_in.customer_id)
    journey, customer = locked.reset, locked.customer
    if journey.replaced_at:
        return Step.DONE
    if customer is None or not goes_on(locked, Step.CHOOSE, now=now):
        return Step.OVER
    validate_password(new_password, customer)
    if journey.letter_id and not _use_letter(journey, now=now):
        return Step.OVER
    customer.method_held_from = now
    password.replace(customer, new_password, now=now)
    PasswordReset.objects.filter(pk=journey.pk).update(replaced_at=now)
    SignIn.objects.filter(pk=journey.sign_in_id).update(result=Result.RESET_DONE)
    notices.tell(customer, Notice.PASSWORD_RESET, now=now)
    record(Event.PASSWORD_RESET, actor=customer, subject=customer, facts={"way": journey.way})
    LOGINS.labels(journey.sign_in.platform, Result.RESET_DONE.value).inc()
    return Step.DONE


def _use_letter(journey: PasswordReset, *, now: datetime) -> bool:
    """Use the letter up, if it is still worth something."""
    letter = Letter.objects.select_for_update().get(pk=journey.letter_id or "")
    if letter.state != State.POSTED or letter.lapses_at is None or letter.lapses_at < now:
        return False
    letters.use(letter, now=now)
    return True


# --- For the worker --------------------------------------------------------------------------------------


def unanswered(now: datetime) -> list[PasswordReset]:
    """Journeys by e-mail for which nobody has looked whom to send a code, the oldest first."""
    waiting = PasswordReset.objects.select_related("sign_in").filter(
        answered_at__isnull=True, way=ResetWay.EMAIL, created_at__gt=now - policy.RESET_ANSWERED_WITHIN
    )
    return list(waiting.order_by("created_at")[: policy.RESETS_AT_ONCE])


def claim(reset: PasswordReset, *, now: datetime) -> bool:
    """Answer this one, and nobody else does."""
    mine = PasswordReset.objects.filter(pk=reset.pk, answered_at__isnull=True).update(answered_at=now)
    return bool(mine)


def purge(now: datetime) -> int:
    """Delete journeys that are over; how many."""
    old = PasswordReset.objects.filter(created_at__lt=now - policy.RESET_RETENTION)
    return delete_in_batches(old, size=policy.PURGE_BATCH)
