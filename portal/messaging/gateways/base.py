"""What every gateway takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as a gateway sees it. `reference` is ours and stays the same when a send is repeated, so that
    the carrier can tell a repetition from a second message. `validity` is in seconds."""

    reference: str
    to: str
    text: str
    subject: str = ""
    validity: int = 60


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier reports later about a message that it had accepted."""

    reference: str
    gateway_reference: str
    delivered: bool


class Refused(Exception):
    """The carrier will never take this message (a bad number): no other way would help."""


class Unavailable(Exception):
    """The carrier cannot take it now: trying again, or elsewhere, may help."""


class Forged(Exception):
    """A receipt that the carrier did not sign, or signed too long ago."""


class Gateway(Protocol):
    """A way out for one channel."""

    name: str

    def send(self, envelope: Envelope, timeout: float) -> str:
        """Hand over; the carrier's own reference. Raises `Refused` or `Unavailable`. `timeout` in seconds."""

    def receipt(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Read a delivery receipt. Raises `Forged`, or ValueError when it cannot be read."""
