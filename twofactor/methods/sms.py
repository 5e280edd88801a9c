"""A six-digit code by text message."""

import secrets
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from accounts.models import Customer, Result
from portal.lib import crypto
from portal.lib.masking import Masked, mask_mobile
from portal.lib.phone import E164, country_code
from portal.messaging import outbox, texts
from portal.messaging import policy as sending
from portal.messaging.models import Channel, Message
from portal.metrics import CODES
from twofactor import policy
from twofactor.methods.base import Context, Judgement
from twofactor.models import Challenge, ChallengeState

_DIGEST = "sms-code"


class SmsMethod:
    """The default: whoever can read messages to the number on file."""

    kind = "sms"
    not_ready = Result.NO_MOBILE

    def ready(self, customer: Customer) -> bool:
        try:
            return bool(customer.mobile) and country_code(E164(customer.mobile)) in settings.SMS_COUNTRIES
        except ValueError:  # a number of no country, from before there were checks
            return False

    def destination(self, customer: Customer) -> Masked | None:
        return mask_mobile(customer.mobile)

    def device(self, customer: Customer) -> str:
        return ""

    def ask(self, context: Context) -> Challenge:
        """One code, one row. Within the wait, or above the caps, the row says from when on a code can be had."""
        customer, now = context.customer, context.now
        challenge = Challenge(
            id=uuid4(),
            customer=customer,
            sign_in=context.sign_in,
            purpose=context.purpose,
            method=self.kind,
            reference=_new_reference(),
            created_at=now,
            expires_at=now + policy.CODE_LIFETIME,
        )
        permit = outbox.may_send_code(
            customer, to=customer.mobile, source=context.source, now=now, known=partial(_logged_in_before, customer)
        )
        challenge.resend_at, challenge.capped = permit.again_at, permit.capped
        if permit.allowed:
            code = _new_code()
            challenge.code_digest = crypto.keyed_digest(_DIGEST, *_bound(challenge, customer), code)
            challenge.message = self._send(challenge, code, context)
            challenge.resend_at = now + sending.RESEND_WAIT
        CODES.labels(self.kind, "sent" if permit.allowed else "withheld").inc()
        return challenge

    def _send(self, challenge: Challenge, code: str, context: Context) -> Message:
        text = texts.code_text(
            context.purpose,
            code=code,
            reference=challenge.reference,
            language=context.language,
            origin=urlsplit(settings.PUBLIC_ORIGIN).hostname or "" if settings.SMS_ORIGIN_BOUND else "",
        )
        return outbox.put(
            channel=Channel.SMS,
            kind=f"code.{context.purpose}",
            to=context.customer.mobile,
            text=text,
            customer=context.customer,
            is_code=True,
            reference=challenge.reference,
            expires_at=challenge.expires_at,
            now=context.now,
        )

    def judge(self, challenge: Challenge, answer: str, context: Context) -> Judgement:
        bound = _bound(challenge, context.customer)
        if not challenge.code_digest or not crypto.matches(_DIGEST, challenge.code_digest, *bound, answer):
            return Judgement.WRONG
        if challenge.state == ChallengeState.USED:
            return Judgement.USED
        return Judgement.EXPIRED if context.now > challenge.expires_at else Judgement.RIGHT

    def slow_by(self, answer: str, context: Context) -> timedelta | None:
        return None

    def settle(self, challenge: Challenge, answer: str, context: Context) -> None:
        """Nothing beyond the challenge itself, which the caller marks as used."""


def _logged_in_before(customer: Customer) -> bool:
    return customer.sign_ins.filter(result=Result.SUCCESS).exists()


def _new_code() -> str:
    return f"{secrets.randbelow(10**policy.CODE_DIGITS):0{policy.CODE_DIGITS}d}"


def _new_reference() -> str:
    return "".join(secrets.choice(policy.REFERENCE_LETTERS) for _ in range(policy.REFERENCE_LENGTH))


def _bound(challenge: Challenge, customer: Customer) -> tuple[str, ...]:
    """The facts a code is bound to: change one of them and the code is dead, wherever it is."""
    return (
        str(challenge.pk),
        str(customer.pk),
        str(challenge.sign_in_id),
        challenge.purpose,
        customer.mobile,
        customer.password,
        str(customer.security_epoch),
    )
