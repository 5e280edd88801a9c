"""Handing texts over: each reference once, not more at once than the window, not faster than the carrier wants, and
codes before everything else that waits."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from portal import brand
from portal.lib.smpp import SmppAccount
from portal.messaging.gateways.base import Envelope, own_reference
from portal.messaging.smpp import statuses
from portal.messaging.smpp.coding import encode
from portal.messaging.smpp.fields import destination_address, message_id, source_address, validity_period
from portal.messaging.smpp.line import Line
from portal.messaging.smpp.pace import Pace
from portal.messaging.smpp.pdu import ANSWER, Command, Part, Pdu, read_string, submit_sm
from portal.messaging.smpp.session import Lost, Session
from portal.metrics import SMPP_SUBMITS

#: Seconds for which an answer is still waited for. Longer than any caller waits: a late answer keeps a repetition of
#: the same text from being sent. Shorter than a code lives, so that a lost one does not keep it from being sent.
ANSWER_WITHIN = 30.0

#: References whose outcome is remembered: many times what all workers can hold and repeat.
REMEMBERED = 20_000

#: Texts that may wait here at once: more than the threads of all workers of a host.
MOST_WAITING = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a text: the words of the gateway's interface."""

    kind: Literal["accepted", "refused", "unavailable"]
    gateway_reference: str = ""
    reason: str = ""


class _Late(Exception):
    """The caller's time is over before the carrier had the text."""


class Memory:
    """What the carrier has taken, by our reference and by its own id; the oldest is forgotten."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, str] = OrderedDict()
        self._references: dict[str, str] = {}

    def note(self, reference: str, gateway_reference: str) -> None:
        """The carrier has this one."""
        self._ids[reference] = gateway_reference
        self._references[gateway_reference] = reference
        if len(self._ids) > REMEMBERED:
            oldest, its_id = self._ids.popitem(last=False)
            if self._references.get(its_id) == oldest:
                del self._references[its_id]

    def id_of(self, reference: str) -> str | None:
        """The carrier's id; None for what it has not taken as far as we remember."""
        return self._ids.get(reference)

    def reference_of(self, gateway_reference: str) -> str:
        """Our reference, or nothing."""
        return self._references.get(gateway_reference, "")


class Sender:
    """Submits texts over whatever session stands at the moment."""

    def __init__(self, account: SmppAccount, session: Callable[[], Session | None]) -> None:
        self.memory = Memory()
        self._account = account
        self._session = session
        self._source = source_address(brand.current().sms_sender)
        self._pace = Pace(account.rate)
        self._window = asyncio.Semaphore(account.window)
        self._line = Line()
        self._flights: dict[str, asyncio.Task[Outcome]] = {}
        self._begun: dict[str, list[str]] = {}  # ids of the pieces of a long text that was not taken whole
        self._loop = asyncio.get_running_loop()

    @property
    def waiting(self) -> int:
        """Texts that wait for their turn or their answer."""
        return len(self._flights)

    async def send(self, envelope: Envelope, timeout: float) -> Outcome:
        """The outcome, within `timeout` seconds. A repeated reference joins the first send, or has its answer."""
        known = self.memory.id_of(envelope.reference)
        if known is not None:
            return Outcome("accepted", known)
        flight = self._flights.get(envelope.reference)
        if flight is None:
            if len(self._flights) >= MOST_WAITING:
                return Outcome("unavailable", reason="too many at once")
            flight = asyncio.create_task(self._fly(envelope, self._loop.time() + timeout))
            self._flights[envelope.reference] = flight
            flight.add_done_callback(lambda _: self._flights.pop(envelope.reference, None))
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(flight)
        except TimeoutError:
            return Outcome("unavailable", reason="no answer")

    async def finish(self, seconds: float) -> None:
        """Wait so long for what is under way."""
        if self._flights:
            await asyncio.wait(self._flights.values(), timeout=seconds)

    async def _fly(self, envelope: Envelope, deadline: float) -> Outcome:
        try:
            parts = encode(envelope.text, gsm7=self._account.gsm7, reference=envelope.reference)
        except ValueError:
            return Outcome("refused", reason="too long")
        taken = self._begun.pop(envelope.reference, [])
        for place in range(len(taken), len(parts)):
            outcome = await self._submit(envelope, parts[place], deadline, last=place == len(parts) - 1)
            if outcome.kind != "accepted":
                if taken and len(self._begun) < MOST_WAITING:
                    self._begun[envelope.reference] = taken
                return outcome
            taken.append(outcome.gateway_reference)
        self.memory.note(envelope.reference, taken[-1])
        return Outcome("accepted", taken[-1])

    async def _submit(self, envelope: Envelope, part: Part, deadline: float, *, last: bool) -> Outcome:
        """One piece. Only the last one of a text asks for a receipt."""
        reason = "too slow"
        started = self._loop.time()
        while True:
            try:
                async with asyncio.timeout_at(deadline), self._line.counter(is_code=envelope.is_code):
                    await self._turn()
                    await self._window.acquire()
            except TimeoutError:
                return Outcome("unavailable", reason=reason)
            try:
                session = self._session()
                if session is None:
                    return Outcome("unavailable", reason="not bound")
                left = envelope.validity - int(self._loop.time() - started)
                body = submit_sm(
                    self._source,
                    destination_address(envelope.to),
                    part,
                    validity_period=validity_period(max(1, left), self._account.validity),
                    receipt=last,
                )
                async with asyncio.timeout(ANSWER_WITHIN):
                    answer = await session.ask(Command.SUBMIT_SM, body)
            except Lost as lost:
                return Outcome("unavailable", reason=str(lost))
            except TimeoutError:
                return Outcome("unavailable", reason="no answer")
            except UnicodeEncodeError:
                return Outcome("refused", reason="not a number")
            finally:
                self._window.release()
            outcome = self._judge(answer)
            if outcome is not None:
                return outcome
            reason = statuses.name(answer.status)

    async def _turn(self) -> None:
        """Wait for this text's turn; again when the carrier asked for silence meanwhile."""
        while True:
            seconds = self._pace.turn(self._loop.time())
            if seconds:
                await asyncio.sleep(seconds)
            if not self._pace.silent(self._loop.time()):
                return

    def _judge(self, answer: Pdu) -> Outcome | None:
        """What an answer means; None when the same text may pass a little later."""
        SMPP_SUBMITS.labels(statuses.label(answer.status)).inc()
        if answer.status == statuses.OK and answer.command == ANSWER | Command.SUBMIT_SM:
            self._pace.accepted(self._loop.time())
            return Outcome("accepted", own_reference(message_id(read_string(answer.body), self._account.ids)))
        if answer.status in statuses.SLOW_DOWN:
            self._pace.slow_down(self._loop.time())
            return None
        permanent = answer.status in statuses.BAD_NUMBER | self._account.refusals
        return Outcome("refused" if permanent else "unavailable", reason=statuses.name(answer.status))
