"""What every gateway takes and gives."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


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


#: Threads for calls of gateways. More than a worker has of its own, so that one that hangs delays no other.
_CALLS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="gateway")


#: Seconds by which the library's own timeout may be first: it knows better what went wrong.
_GRACE = 0.25


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of a call, which gets this long as a whole. Raises `Unavailable` when it takes longer.

    The timeouts of network libraries bound each read, and a carrier that answers a byte at a time never meets
    them. A call that is given up on may still have reached the carrier: its answer is lost, and no more.
    """
    future = _CALLS.submit(call)
    try:
        return future.result(timeout=seconds + _GRACE)
    except TimeoutError:
        future.cancel()
        raise Unavailable("too slow") from None


class Gateway(Protocol):
    """A way out for one channel."""

    name: str

    def send(self, envelope: Envelope, timeout: float) -> str:
        """Hand over; the carrier's own reference. Raises `Refused` or `Unavailable`. `timeout` in seconds."""

    def receipt(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Read a delivery receipt. Raises `Forged`, or ValueError when it cannot be read."""
