"""The life of a session: pending after the password, proven after the code, ended.

Each step gets a new key; the cookie holds the key, the row only its digest. What ends every session of an
account is its `security_epoch`: nothing walks a table of sessions.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.models import F, Q, QuerySet

from accounts import policy
from accounts.models import Customer, EndReason, Purpose, Result, SignIn
from accounts.services import statements
from accounts.services.login import Browser
from portal.audit.events import Event
from portal.audit.trail import record
from portal.lib import crypto
from portal.lib.batches import delete_in_batches
from portal.metrics import LOGINS


@dataclass(frozen=True, slots=True)
class Found:
    """A session that a cookie led to, or why it is none any more."""

    sign_in: SignIn | None
    ended: EndReason | None = None


def start_pending(sign_in: SignIn, customer: Customer, result: Result = Result.PASSWORD_RIGHT) -> str:
    """The password was right: make the try a pending login. The key for the cookie.

    With one of `STRANDED` as its result it is one that asks for no code and that only a letter completes.
    """
    key = _new_key(sign_in)
    sign_in.customer = customer
    sign_in.result = result
    sign_in.method = customer.method if result == Result.PASSWORD_RIGHT else ""
    sign_in.epoch = customer.security_epoch
    sign_in.last_seen_at = sign_in.at
    statements.START.run(pk=sign_in.pk, **{name: getattr(sign_in, name) for name in statements.STARTED})
    return key


def frozen_by_codes(sign_in: SignIn) -> None:
    """Write down that a pending login ended with one wrong code too many."""
    SignIn.objects.filter(pk=sign_in.pk, result=Result.PASSWORD_RIGHT).update(result=Result.WRONG_CODES)


class SessionGoneError(Exception):
    """The pending login was ended, or finished, by another request in the meantime."""


def still_waits(sign_in: SignIn, customer: Customer) -> bool:
    """Whether this login of a locked account, pending or stranded, is as it was when it was looked up."""
    if not customer.open or customer.security_epoch != sign_in.epoch:
        return False
    waiting = SignIn.objects.filter(pk=sign_in.pk, key_digest=sign_in.key_digest, proven_at__isnull=True)
    return waiting.filter(result=sign_in.result, ended_at__isnull=True).exists()


def go_on(sign_in: SignIn, *, now: datetime) -> str:
    """A login that waits has come a step further: its time starts anew. Its new key."""
    key = _new_key(sign_in)
    sign_in.last_seen_at = now
    sign_in.save(update_fields=["key_digest", "last_seen_at"])
    return key


def finish_login(sign_in: SignIn, *, now: datetime, waited_as: Result = Result.PASSWORD_RIGHT) -> tuple[str, Browser]:
    """The second factor is proven too: the session begins. A new key, and the device cookie for the next login.

    `waited_as` is what the login has to be until now: only a letter completes a stranded one. Raises
    `SessionGoneError`, which takes the caller's transaction with it.
    """
    pending_key = sign_in.key_digest
    key = _new_key(sign_in)
    browser = Browser(device=sign_in.device or uuid4(), token=secrets.token_urlsafe(32))
    sign_in.device = browser.device
    sign_in.browser_digest = crypto.token_digest(browser.token)
    sign_in.result = Result.SUCCESS
    sign_in.proven_at = sign_in.last_seen_at = now
    finished = statements.FINISH.run(
        pk=sign_in.pk,
        pending_key=pending_key,
        waited_as=waited_as,
        customer_id=sign_in.customer_id,
        **{name: getattr(sign_in, name) for name in statements.FINISHED},
    )
    if not finished:
        raise SessionGoneError
    LOGINS.labels(sign_in.platform, Result.SUCCESS.value).inc()
    return key, browser


def find(key: str, *, now: datetime, with_previous: bool = False) -> Found:
    """The session of a cookie's key, if it still is one. One that has run out is ended on the way.

    `with_previous` brings the login before this one along.
    """
    sessions = statements.BY_KEY_WITH_PREVIOUS if with_previous else statements.BY_KEY
    sign_in: Any = sessions.one(key_digest=crypto.token_digest(key))  # with what the query adds
    if sign_in is None:
        return Found(None)
    reason = (
        EndReason(sign_in.end_reason)
        if sign_in.ended_at
        else _ended_by(sign_in, all_frozen=sign_in.all_frozen, now=now)
    )
    if reason is None:
        return Found(sign_in)
    if sign_in.ended_at is None:
        end(sign_in, reason, now=now)
    return Found(None, reason)


def _ended_by(sign_in: SignIn, *, all_frozen: bool, now: datetime) -> EndReason | None:
    customer = sign_in.customer
    if customer is not None and customer.frozen and sign_in.proven_at:
        return EndReason.FROZEN
    if customer is None or not customer.open or customer.security_epoch != sign_in.epoch:
        return EndReason.ELSEWHERE
    if all_frozen:
        return EndReason.ELSEWHERE
    if sign_in.proven_at is None:
        too_old = now - (sign_in.last_seen_at or sign_in.at) > policy.PENDING_LIFETIME
        return EndReason.IDLE if too_old or not (sign_in.pending or sign_in.stranded) else None
    if now - sign_in.proven_at > policy.ABSOLUTE_LIFETIME:
        return EndReason.ABSOLUTE
    if now - (sign_in.last_seen_at or sign_in.proven_at) > policy.idle_limit():
        return EndReason.IDLE
    return None


def see(sign_in: SignIn, *, now: datetime) -> None:
    """The client did something: the idle limit starts anew."""
    if sign_in.last_seen_at is None or now - sign_in.last_seen_at > policy.SEEN_EVERY:
        SignIn.objects.filter(pk=sign_in.pk).update(last_seen_at=now)
        sign_in.last_seen_at = now


def end(sign_in: SignIn, reason: EndReason, *, now: datetime) -> None:
    """End one session or pending login. Its key is dead from here on."""
    SignIn.objects.filter(pk=sign_in.pk, ended_at__isnull=True).update(ended_at=now, end_reason=reason)


def live(customer: Customer, *, now: datetime) -> QuerySet[SignIn]:
    """The sessions of an account that are open now, the newest first."""
    return SignIn.objects.filter(
        Q(last_seen_at__gt=now - policy.idle_limit()),
        customer=customer,
        epoch=customer.security_epoch,
        proven_at__gt=now - policy.ABSOLUTE_LIFETIME,
        ended_at__isnull=True,
    ).order_by("-proven_at")


def end_one(customer: Customer, pk: int, *, now: datetime) -> bool:
    """The client ends one of the own sessions; whether there was one to end."""
    ended = live(customer, now=now).filter(pk=pk).update(ended_at=now, end_reason=EndReason.ELSEWHERE)
    if ended:
        record(Event.SESSIONS_ENDED, actor=customer, subject=customer, facts={"count": ended})
    return bool(ended)


def end_others(customer: Customer, current: SignIn, *, now: datetime) -> int:
    """The client ends every other session; how many there were."""
    ended = live(customer, now=now).exclude(pk=current.pk).update(ended_at=now, end_reason=EndReason.ELSEWHERE)
    if ended:
        record(Event.SESSIONS_ENDED, actor=customer, subject=customer, facts={"count": ended})
    return ended


def stands(sign_in: SignIn, customer: Customer) -> bool:
    """Whether nothing has ended this session, or the sessions of its locked account, since it was looked up."""
    if not customer.open or customer.security_epoch != sign_in.epoch:
        return False
    mine = SignIn.objects.filter(pk=sign_in.pk, epoch=customer.security_epoch, proven_at__isnull=False)
    return mine.filter(ended_at__isnull=True).exists()


def end_all(customer: Customer) -> None:
    """End every session, pending login and open code of a locked account; the caller saves `security_epoch`."""
    customer.security_epoch += 1


def keep(sign_in: SignIn, customer: Customer) -> str:
    """Carry one session over a change that ended all: new epoch, new key. Its browser stays known."""
    key = _new_key(sign_in)
    sign_in.epoch = customer.security_epoch
    SignIn.objects.filter(pk=sign_in.pk).update(key_digest=sign_in.key_digest, epoch=sign_in.epoch)
    return key


# --- Proving again ---------------------------------------------------------------------------------


def ask_proof(sign_in: SignIn, purpose: Purpose) -> None:
    """Remember in the session what has to be proven for; an earlier journey is forgotten."""
    SignIn.objects.filter(pk=sign_in.pk).update(proving=purpose, password_proven_at=None)


def password_proven(sign_in: SignIn, *, now: datetime) -> None:
    """The password was right once more."""
    SignIn.objects.filter(pk=sign_in.pk).update(password_proven_at=now, wrong_passwords=0)
    sign_in.password_proven_at = now


def count_password_try(sign_in: SignIn) -> bool:
    """Count one password before it is compared; whether it may be compared at all. A right one clears the count."""
    return bool(
        SignIn.objects.filter(
            pk=sign_in.pk, ended_at__isnull=True, wrong_passwords__lt=policy.PROVE_WRONG_PASSWORDS
        ).update(wrong_passwords=F("wrong_passwords") + 1)
    )


def end_if_guessing(sign_in: SignIn, *, now: datetime) -> bool:
    """After a wrong password: whether it was the last one that this session may make, which then is over."""
    sign_in.refresh_from_db(fields=["wrong_passwords"])
    if sign_in.wrong_passwords < policy.PROVE_WRONG_PASSWORDS:
        return False
    end(sign_in, EndReason.GUESSING, now=now)
    return True


def password_still_proven(sign_in: SignIn, *, now: datetime) -> bool:
    """Whether the password was proven for this journey not too long ago."""
    at = sign_in.password_proven_at
    return at is not None and now - at <= policy.PROOF_LIFETIME


def finish_proof(sign_in: SignIn, *, now: datetime) -> str:
    """Password and code are proven for the purpose of the journey: keep the proof, under a new key."""
    key = _new_key(sign_in)
    SignIn.objects.filter(pk=sign_in.pk).update(
        key_digest=sign_in.key_digest,
        proof=F("proving"),
        proof_at=now,
        proving="",
        password_proven_at=None,
    )
    return key


def has_proof(sign_in: SignIn, purpose: Purpose, *, now: datetime) -> bool:
    """Whether this session proved both factors for this purpose within the last minutes."""
    at = sign_in.proof_at
    return sign_in.proof == purpose and at is not None and now - at <= policy.PROOF_LIFETIME


def just_logged_in(sign_in: SignIn, *, now: datetime) -> bool:
    """Whether the login itself proved both factors within the last minutes."""
    return sign_in.proven_at is not None and now - sign_in.proven_at <= policy.PROOF_LIFETIME


def spend_proof(sign_in: SignIn, purpose: Purpose, *, now: datetime) -> bool:
    """Use the proof up, once; whether there was one."""
    return bool(
        SignIn.objects.filter(
            pk=sign_in.pk, proof=purpose, proof_at__gte=now - policy.PROOF_LIFETIME, ended_at__isnull=True
        ).update(proof="", proof_at=None)
    )


def _new_key(sign_in: SignIn) -> str:
    key = secrets.token_urlsafe(32)
    sign_in.key_digest = crypto.token_digest(key)
    return key


def purge(now: datetime) -> int:
    """Delete tries older than the retention; how many."""
    old = SignIn.objects.filter(at__lt=now - settings.RETENTION_SIGN_INS)
    return delete_in_batches(old, size=policy.PURGE_BATCH)
