"""What a method of the second factor is."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from accounts.models import Customer, Purpose, SignIn
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


class Method(Protocol):
    """One way to prove the second factor. Called inside the transaction that holds the account's lock."""

    kind: str

    def ready(self, customer: Customer) -> bool:
        """Whether this account can use it now."""

    def destination(self, customer: Customer) -> Masked | None:
        """Where the challenge goes, masked; None for a method that sends nothing."""

    def ask(self, context: Context) -> Challenge:
        """A new challenge, not yet saved; whatever has to be sent is in the outbox."""

    def judge(self, challenge: Challenge, code: str, context: Context) -> Judgement:
        """Compare an answer with one challenge. Changes nothing."""

    def settle(self, challenge: Challenge, code: str, context: Context) -> None:
        """Make sure that the right answer never works again."""
