"""What every gateway takes and gives."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")

#: Where the carrier says a message is: handed to the network, on the phone, held up on its way, given up on.
Fate = Literal["sent", "delivered", "delayed", "failed"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as a gateway sees it. `reference` is ours and stays the same when a send is repeated, so that
    the carrier can tell a repetition from a second message. `validity` is in seconds. A code goes before what is not
    one wherever messages have to wait for each other."""

    reference: str
    to: str
    text: str
    subject: str = ""
    validity: int = 60
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier reports later about a message that it had accepted. `reference` is ours; it is empty where the
    carrier knows its own alone."""

    reference: str
    gateway_reference: str
    state: Fate
    problem: str = ""  # the carrier's reason in a word or a number, never its sentence: that may quote the text


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """What came in at the door for receipts, whole and unread. `path` begins at the root of the portal, `query` is as
    it was sent, `address` is the sender's as far as it can be believed (an IPv6 one stands for its /64)."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str


def own_reference(told: object) -> str:
    """A carrier's own reference as it may be kept: 80 visible signs at most, without a space. Empty for anything else:
    that may be the text."""
    reference = str(told)[:80]
    return reference if reference.isascii() and reference.isprintable() and " " not in reference else ""


#: How the reason begins of a refusal that the owner of the number asked for.
OPTED_OUT = "opted out"


class Refused(Exception):
    """The carrier will never take this message (a bad number): no other way would help."""


class Unavailable(Exception):
    """The carrier cannot take it now: trying again may help, and another gateway too unless `elsewhere` is false."""

    def __init__(self, reason: str = "", *, elsewhere: bool = True) -> None:
        super().__init__(reason)
        self.elsewhere = elsewhere


class Forged(Exception):
    """A receipt that did not come from the carrier, or came too late to tell."""


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


@runtime_checkable
class Asking(Protocol):
    """A gateway whose carrier can be asked for a receipt that did not come."""

    name: str

    def ask(self, gateway_reference: str, timeout: float) -> list[Receipt]:
        """What became of a message, by the carrier's own reference. Raises `Unavailable`. `timeout` in seconds."""


@runtime_checkable
class Binding(Protocol):
    """A gateway whose texts go over binds that another process keeps."""

    name: str

    def binds(self, timeout: float) -> Mapping[str, str]:
        """Each bind of this host, and "bound" or why it is not. Raises `Unavailable` when no process keeps any.
        `timeout` in seconds."""


class Gateway(Protocol):
    """A way out for one channel."""

    name: str

    def send(self, envelope: Envelope, timeout: float) -> str:
        """Hand over; the carrier's own reference. Raises `Refused` or `Unavailable`. `timeout` in seconds."""

    def receipts(self, request: ReceiptRequest) -> list[Receipt]:
        """The receipts in one request; none when it tells nothing new. Raises `Forged` before anything is read, or
        ValueError when it cannot be read."""
