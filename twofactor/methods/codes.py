"""A six-digit code that is sent: what text messages and e-mails with a code have in common."""

import secrets
from abc import ABC, abstractmethod
from datetime import timedelta
from functools import partial
from uuid import uuid4

from accounts.models import Customer, Result
from portal.lib import crypto
from portal.lib.references import letters
from portal.messaging import outbox
from portal.messaging import policy as sending
from portal.messaging.models import Channel, Message
from portal.messaging.outbox import MaySend
from portal.metrics import CODES
from twofactor import policy
from twofactor.methods.base import Context, Judgement
from twofactor.models import Challenge, ChallengeState

_DIGEST = "sms-code"


class SentCode(ABC):
    """One code, one row, bound to where it was sent. A subclass says by which channel, and in which words."""

    kind: str
    channel: Channel
    lifetime: timedelta

    @abstractmethod
    def to(self, context: Context) -> str:
        """Where the code goes."""

    @abstractmethod
    def words(self, challenge: Challenge, code: str, context: Context) -> tuple[str, str]:
        """Subject, if the channel has one, and text."""

    def permit(self, context: Context) -> MaySend:
        """Count the code, or say when one can be had."""
        return outbox.may_send_code(
            context.customer,
            channel=self.channel,
            to=self.to(context),
            source=context.source,
            now=context.now,
            known=partial(_logged_in_before, context.customer),
        )

    def ask(self, context: Context) -> Challenge:
        """Within the wait, or above the caps, the row says from when on a code can be had."""
        customer, now = context.customer, context.now
        challenge = Challenge(
            id=uuid4(),
            customer=customer,
            sign_in=context.sign_in,
            purpose=context.purpose,
            method=self.kind,
            reference=letters(policy.REFERENCE_LENGTH),
            created_at=now,
            expires_at=now + self.lifetime,
        )
        permit = self.permit(context)
        challenge.resend_at, challenge.capped = permit.again_at, permit.capped
        challenge.over_budget = permit.over_budget
        if permit.allowed:
            code = _new_code()
            challenge.code_digest = crypto.keyed_digest(_DIGEST, *self._bound(challenge, context), code)
            challenge.message = self._send(challenge, code, context)
            challenge.resend_at = now + sending.RESEND_WAIT
        CODES.labels(self.kind, "sent" if permit.allowed else "withheld").inc()
        return challenge

    def _send(self, challenge: Challenge, code: str, context: Context) -> Message:
        subject, text = self.words(challenge, code, context)
        return outbox.put(
            channel=self.channel,
            kind=f"code.{context.purpose}",
            to=self.to(context),
            subject=subject,
            text=text,
            customer=context.customer,
            is_code=True,
            reference=challenge.reference,
            expires_at=challenge.expires_at,
            now=context.now,
        )

    def judge(self, challenge: Challenge, answer: str, context: Context) -> Judgement:
        """Compare an answer with one code. Changes nothing."""
        bound = self._bound(challenge, context)
        if not challenge.code_digest or not crypto.matches(_DIGEST, challenge.code_digest, *bound, answer):
            return Judgement.WRONG
        if challenge.state == ChallengeState.USED:
            return Judgement.USED
        return Judgement.EXPIRED if context.now > challenge.expires_at else Judgement.RIGHT

    def slow_by(self, answer: str, context: Context) -> timedelta | None:
        """A code that is sent needs no clock."""
        return None

    def settle(self, challenge: Challenge, answer: str, context: Context) -> None:
        """Nothing beyond the challenge itself, which the caller marks as used."""
        return

    def _bound(self, challenge: Challenge, context: Context) -> tuple[str, ...]:
        """The facts a code is bound to: change one of them and the code is dead, wherever it is."""
        customer = context.customer
        return (
            str(challenge.pk),
            str(customer.pk),
            str(challenge.sign_in_id),
            challenge.purpose,
            self.to(context),
            customer.password,
            str(customer.security_epoch),
        )


def _logged_in_before(customer: Customer) -> bool:
    return customer.sign_ins.filter(result=Result.SUCCESS).exists()


def _new_code() -> str:
    return f"{secrets.randbelow(10**policy.CODE_DIGITS):0{policy.CODE_DIGITS}d}"
