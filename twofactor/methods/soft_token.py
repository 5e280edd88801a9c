"""A six-digit code that an app on the client's phone computes (RFC 6238)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from accounts.models import Customer, Result
from accounts.policy import PENDING_LIFETIME
from portal.lib import totp
from portal.lib.masking import Masked
from portal.lib.prepared import Prepared, PreparedUpdate, slot
from portal.metrics import CODES
from twofactor import policy
from twofactor.methods.base import Context, Judgement
from twofactor.models import Challenge, ChallengeState, SoftToken, TokenState


class SoftTokenMethod:
    """The mobile security code: whoever holds the phone that was bound.

    An answer is one code, or two that follow each other: those are right within minutes of our clock, and teach us by
    how much the phone's is off.
    """

    kind = "soft_token"
    not_ready = Result.PHONE_LOST

    def ready(self, customer: Customer) -> bool:
        return _bound(customer) is not None

    def destination(self, customer: Customer) -> Masked | None:
        return None

    def device(self, customer: Customer) -> str:
        token = _bound(customer)
        return token.name if token else ""

    def ask(self, context: Context) -> Challenge:
        """Nothing is sent: the row is what the session waits with."""
        CODES.labels(self.kind, "asked").inc()
        return Challenge(
            id=uuid4(),
            customer=context.customer,
            sign_in=context.sign_in,
            purpose=context.purpose,
            method=self.kind,
            created_at=context.now,
            expires_at=context.now + PENDING_LIFETIME,
        )

    def judge(self, challenge: Challenge, answer: str, context: Context) -> Judgement:
        token, codes = _bound(context.customer), answer.split()
        step = _step(token, codes, context.now) if token else None
        if token is None or step is None:
            return Judgement.WRONG
        if step <= token.last_step or challenge.state == ChallengeState.USED:
            return Judgement.USED
        return Judgement.EXPIRED if context.now > challenge.expires_at else Judgement.RIGHT

    def slow_by(self, answer: str, context: Context) -> timedelta | None:
        token, codes = _bound(context.customer), answer.split()
        if token is None or len(codes) != 1:
            return None
        ours, oldest = totp.step_of(context.now), accepted(token, context.now)[-1]
        step = totp.find_step(token.seed, codes, range(ours - policy.CLOCK_SEARCH, min(ours + 1, oldest)))
        if step is None:
            return None
        on_time = ours - policy.STEPS_ACCEPTED < step
        return timedelta() if on_time else timedelta(seconds=totp.STEP * (ours - step))

    def settle(self, challenge: Challenge, answer: str, context: Context) -> None:
        """Keep the step of the newest code; two in a row also say what the phone's clock shows."""
        token, codes = _bound(context.customer), answer.split()
        step = _step(token, codes, context.now) if token else None
        if token is None or step is None:
            raise AssertionError("only a right answer is settled")
        last_step = step + len(codes) - 1
        drift = last_step - totp.step_of(context.now) if len(codes) > 1 else token.drift
        _SETTLE.run(pk=token.pk, last_step=last_step, drift=drift)


def accepted(token: SoftToken, now: datetime) -> list[int]:
    """The steps whose codes are good now, by the phone's clock as we know it, the newest first."""
    newest = totp.step_of(now) + token.drift
    return [newest - back for back in range(policy.STEPS_ACCEPTED)]


def _bound(customer: Customer) -> SoftToken | None:
    return _BOUND.one(customer=customer.pk)


_BOUND = Prepared(lambda: SoftToken.objects.filter(customer=slot(SoftToken, "customer"), state=TokenState.BOUND))
_SETTLE = PreparedUpdate(
    lambda: (
        SoftToken.objects.filter(pk=slot(SoftToken, "id", "pk")),
        {"last_step": slot(SoftToken, "last_step"), "drift": slot(SoftToken, "drift")},
    )
)


def _step(token: SoftToken, codes: Sequence[str], now: datetime) -> int | None:
    """The step of the first of these codes; None if they are not right, and were not the last that was."""
    if len(codes) == 1:
        used = [token.last_step] if token.last_step >= 0 else []  # known as used even when its time is over
        return totp.find_step(token.seed, codes, [*accepted(token, now), *used])
    if len(codes) == 2:
        ours = totp.step_of(now)
        return totp.find_step(token.seed, codes, range(ours - policy.CLOCK_SEARCH, ours + policy.CLOCK_SEARCH))
    return None
