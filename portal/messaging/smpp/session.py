"""One connection to a carrier, from its bind to its end."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from portal.messaging.smpp import statuses
from portal.messaging.smpp.pdu import ANSWER, LAST_SEQUENCE, Broken, Command, Framer, Pdu, frame

log = structlog.get_logger(__name__)

#: Called with the status that the carrier is to be told of its deliver_sm.
Answer = Callable[[int], None]


class Receives(Protocol):
    """Who takes what the carrier brings."""

    def __call__(self, body: bytes, answer: Answer) -> None:
        """Take the body of a deliver_sm, and answer once it is safe."""


class Lost(Exception):
    """The connection ended before an answer came: nobody knows whether the question was taken."""


class Session(asyncio.Protocol):
    """Asks and answers. `ended` is set when the connection is gone, whoever ended it."""

    def __init__(self, receives: Receives) -> None:
        self._receives = receives
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._asked: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = 0
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        self.ended = asyncio.Event()

    @property
    def outstanding(self) -> int:
        """Questions without an answer so far."""
        return len(self._asked)

    @property
    def open(self) -> bool:
        """Whether something can be asked."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, command: Command, body: bytes = b"") -> asyncio.Future[Pdu]:
        """Send a question; the future ends with its answer, or raises `Lost`."""
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        if self._transport is None or self._transport.is_closing():
            answer.set_exception(Lost("not connected"))
            return answer
        sequence = self._next_sequence()
        self._asked[sequence] = answer
        # Who does not wait any longer frees its number; the answer then finds nobody.
        answer.add_done_callback(lambda _: self._asked.pop(sequence, None))
        self._transport.write(frame(command, sequence, body))
        return answer

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _next_sequence(self) -> int:
        while True:
            self._sequence = self._sequence % LAST_SEQUENCE + 1
            if self._sequence not in self._asked:
                return self._sequence

    def _tell(self, command: int, sequence: int, body: bytes = b"", status: int = statuses.OK) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame(command, sequence, body, status))

    # --- What asyncio calls --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's types say less than it does
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        try:
            for pdu in self._framer.feed(data):
                self._take(pdu)
        except Broken as broken:
            log.error("smpp.broken", problem=str(broken))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for answer in list(self._asked.values()):
            if not answer.done():
                answer.set_exception(Lost("connection lost"))
                answer.exception()  # noted, so that one that nobody waits for any longer is not complained of
        self.ended.set()

    # --- What came in --------------------------------------------------------------------------------------------

    def _take(self, pdu: Pdu) -> None:
        if pdu.command & ANSWER:
            answer = self._asked.get(pdu.sequence)
            if answer is not None and not answer.done():
                answer.set_result(pdu)
            return
        match pdu.command:
            case Command.DELIVER_SM:
                self._receives(pdu.body, lambda status: self._delivered(pdu.sequence, status))
            case Command.ENQUIRE_LINK:
                self._tell(ANSWER | pdu.command, pdu.sequence)
            case Command.UNBIND:
                self._tell(ANSWER | pdu.command, pdu.sequence)
                if self._transport is not None:
                    self._transport.close()
            case Command.ALERT_NOTIFICATION:
                pass  # has no answer
            case _:
                self._tell(Command.GENERIC_NACK, pdu.sequence, status=statuses.UNKNOWN_COMMAND)

    def _delivered(self, sequence: int, status: int) -> None:
        body = b"\0" if status == statuses.OK else b""
        self._tell(ANSWER | Command.DELIVER_SM, sequence, body, status)
