"""The second factor of staff: the one-time code of the first enrolment, binding, and the end of a login."""

import unicodedata
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Customer, Result, SignIn
from accounts.policy import PENDING_LIFETIME
from accounts.services import login as accounts_login
from accounts.services.staff import NotAllowedError, ensure_may_manage, ensure_other_half, lock_people
from portal.audit.events import Event
from portal.audit.trail import record
from portal.lib import crypto
from portal.lib.references import letters
from portal.metrics import LOGINS
from twofactor import policy
from twofactor.models import StaffAuthenticator, StaffEnrolment

METHOD = "authenticator"

_DIGEST = "staff-enrolment"
_GROUPS, _GROUP = 3, 4  # letters: 30^12, or 58 bits, in a form that is read out and typed without mistakes


class AlreadyEnrolledError(Exception):
    """This member of staff has an authenticator, and nobody said that it should go."""


@transaction.atomic
def issue_enrolment(
    user: Customer, *, now: datetime, actor: Customer | None = None, replace: bool = False, reason: str = ""
) -> str:
    """A one-time code that lets this member of staff bind an authenticator; every earlier code is void.

    `replace` withdraws the authenticator in use, which ends what its sessions may do. `actor` is the colleague who
    asks for it on the desk; without one it is the operator. Raises `AlreadyEnrolledError` without `replace`,
    `NotAllowedError`.
    """
    people = lock_people(user, actor)
    user = people[user.pk]
    if not user.is_active:
        raise NotAllowedError(_("This account is disabled."))
    if actor is not None:
        ensure_may_manage(people[actor.pk], user)
        ensure_other_half(people[actor.pk], user, [Event.ACCOUNT_CREATED, Event.STAFF_PASSWORD_RESET], now=now)
    bound = StaffAuthenticator.objects.filter(user=user)
    if bound.exists() and not replace:
        raise AlreadyEnrolledError
    withdrawn = bound.delete()[0]
    StaffEnrolment.objects.filter(user=user, expires_at__gt=now).update(expires_at=now)
    groups = [letters(_GROUP) for _group in range(_GROUPS)]
    StaffEnrolment.objects.create(
        user=user,
        code_digest=crypto.keyed_digest(_DIGEST, str(user.pk), "".join(groups)),
        created_at=now,
        expires_at=now + policy.ENROLMENT_LIFETIME,
    )
    facts: dict[str, str | bool] = {"withdrawn_authenticator": bool(withdrawn)}
    record(
        Event.STAFF_ENROLMENT_ISSUED,
        actor=actor,
        subject=user,
        facts={**facts, **({"reason": reason} if reason else {})},
    )
    return "-".join(groups)


@transaction.atomic
def leave(user: Customer, *, by: Customer | None, reason: str, now: datetime) -> None:
    """Disable the account of a colleague for good: sessions, authenticator and enrolment codes end at once.

    Nothing is deleted that says what they did. Without `by` it is the operator. Raises `NotAllowedError`.
    """
    people = lock_people(user, by)
    user = people[user.pk]
    if not user.is_active:
        raise NotAllowedError(_("This account is disabled."))
    if by is not None:
        ensure_may_manage(people[by.pk], user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    user.groups.clear()
    StaffAuthenticator.objects.filter(user=user).delete()
    StaffEnrolment.objects.filter(user=user, expires_at__gt=now).update(expires_at=now)
    record(Event.STAFF_LEFT, actor=by, subject=user, facts={"reason": reason})


def use_enrolment(user: Customer, typed: str, *, now: datetime) -> StaffEnrolment | None:
    """Spend the open code of this member of staff if it is the one that was typed. Every try counts."""
    code = "".join(letter for letter in unicodedata.normalize("NFKC", typed).upper() if letter.isalnum())
    with transaction.atomic(durable=True):
        Customer.lock(user.pk)
        enrolment = StaffEnrolment.objects.filter(
            user=user, used_at__isnull=True, expires_at__gt=now, tries__lt=policy.ENROLMENT_TRIES
        ).first()
        if enrolment is None:
            return None
        enrolment.tries += 1
        if crypto.matches(_DIGEST, enrolment.code_digest, str(user.pk), code):
            enrolment.used_at = now
        enrolment.save(update_fields=["tries", "used_at"])
    return enrolment if enrolment.used_at else None


def may_set_up(user: Customer | AnonymousUser, enrolment: int | None, *, now: datetime) -> bool:
    """Whether this member of staff has just spent that enrolment, and has no authenticator yet."""
    if enrolment is None or not isinstance(user, Customer):
        return False
    spent = StaffEnrolment.objects.filter(pk=enrolment, user=user, used_at__gt=now - PENDING_LIFETIME)
    return spent.exists() and not StaffAuthenticator.objects.filter(user=user).exists()


@transaction.atomic
def bind(user: Customer, seed: bytes, *, step: int, enrolment: int | None, now: datetime) -> StaffAuthenticator | None:
    """Store the authenticator whose code of this step was right; None if somebody was faster."""
    user = Customer.lock(user.pk)
    if not may_set_up(user, enrolment, now=now):
        return None
    record(Event.STAFF_ENROLLED, actor=user, subject=user)
    return StaffAuthenticator.objects.create_with_seed(user, seed, last_step=step)


# --- Login -------------------------------------------------------------------------------------------


def password_proven(sign_in: SignIn, user: Customer) -> None:
    """The password was right and the second factor is still to come."""
    accounts_login.record(sign_in, user, Result.PASSWORD_RIGHT)


def count_wrong_code(sign_in: int) -> None:
    """Write a wrong code down with its try. What slows the next one is the authenticator's own count."""
    SignIn.objects.filter(pk=sign_in).update(wrong_codes=F("wrong_codes") + 1)


@transaction.atomic
def finish_login(user: Customer, sign_in: int, *, now: datetime) -> bool:
    """Both factors are proven: write the login down, once. Whether there was a try to finish.

    The row is history alone. It holds no key, so that no cookie of a client's page leads to it.
    """
    pending = SignIn.objects.filter(pk=sign_in, customer=user, platform="staff", result=Result.PASSWORD_RIGHT)
    if not pending.update(result=Result.SUCCESS, method=METHOD, proven_at=now):
        return False
    record(Event.STAFF_LOGGED_IN, actor=user, subject=user)
    LOGINS.labels("staff", Result.SUCCESS.value).inc()
    return True
