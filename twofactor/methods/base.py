"""What a method of the second factor is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from accounts.models import Customer, Purpose, Result, SignIn
from portal.lib.masking import Masked
from twofactor.models import Challenge


class Judgement(Enum):
    """What a method says of one answer."""

    RIGHT = auto()
    WRONG = auto()
    EXPIRED = auto()  # right once, too late now
    USED = auto()  # right once, and it worked


@dataclass(frozen=True, slots=True)
class Context:
    """The facts under which a challenge is asked or answered."""

    customer: Customer  # under its row lock
    sign_in: SignIn
    purpose: Purpose
    source: str  # the address that asks
    language: str
    now: datetime
    to: str = ""  # where a code goes that proves a new contact; empty for the one on file


class Factor(Protocol):
    """One thing to ask for and to judge. Called inside the transaction that holds the account's lock.

    An answer is text in whatever form the factor understands: six digits, or what a browser says for a key.
    """

    def ask(self, context: Context) -> Challenge:
        """A new challenge, not yet saved; whatever has to be sent is in the outbox."""

    def judge(self, challenge: Challenge, answer: str, context: Context) -> Judgement:
        """Compare an answer with one challenge. Changes nothing."""

    def slow_by(self, answer: str, context: Context) -> timedelta | None:
        """For a wrong answer: how far a clock is behind that would explain it; None if none does.

        Zero is a clock that is right now and was ahead before. Of answers that are still to become right nothing is
        said: whoever guessed one would know when to come back.
        """

    def settle(self, challenge: Challenge, answer: str, context: Context) -> None:
        """Make sure that the right answer never works again."""


class Method(Factor, Protocol):
    """One way to prove the second factor: what an account has, and what a login asks for."""

    kind: str
    not_ready: Result  # what a login comes to whose method is not ready

    def ready(self, customer: Customer) -> bool:
        """Whether this account can use it now."""

    def destination(self, customer: Customer) -> Masked | None:
        """Where the challenge goes, masked; None for a method that sends nothing, and so never sends again."""

    def device(self, customer: Customer) -> str:
        """What the client calls the thing that answers; empty where it has no name."""
