"""What the carrier brings over the bind: receipts are taken, texts for us are acknowledged and dropped."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import structlog

from portal.lib.smpp import Ids
from portal.messaging.gateways.base import Receipt
from portal.messaging.smpp import reports, statuses
from portal.messaging.smpp.pdu import read_delivery
from portal.messaging.smpp.session import Answer

log = structlog.get_logger(__name__)

#: Seconds after which a receipt for a message that nobody knew is tried once more. It can be faster than the answer to
#: the text itself, and than the worker that writes this answer down, here or on another host.
AGAIN_AFTER = (0.5, 3.0, 15.0)

#: Receipts that may be worked on or kept for another try; more are left with the carrier, which brings them again.
MOST = 1000

#: Threads that write receipts down. A carrier brings them one after the other.
_THREADS = 2


class Inbox:
    """Gives each receipt to `take`, and tells the carrier that it is safe only once that is so."""

    def __init__(self, take: Callable[[Receipt], bool], reference_of: Callable[[str], str], ids: Ids) -> None:
        """`take` says whether the receipt moved a message. `reference_of` knows our reference of a message id."""
        self._take = take
        self._reference_of = reference_of
        self._ids = ids
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="receipt")
        self._work: set[asyncio.Task[None]] = set()

    def receive(self, body: bytes, answer: Answer) -> None:
        """A deliver_sm. What cannot be read is acknowledged: it would not get better by coming again."""
        try:
            delivery = read_delivery(body)
            if not reports.is_receipt(delivery):
                log.info("smpp.text_dropped")
                answer(statuses.OK)
                return
            receipt = reports.read(delivery, self._ids)
        except (ValueError, IndexError):
            log.warning("smpp.receipt_unreadable")
            answer(statuses.OK)
            return
        if len(self._work) >= MOST:
            answer(statuses.TRY_LATER)
            return
        self._start(receipt, answer)

    async def finish(self, seconds: float) -> None:
        """Wait so long for receipts that are being written down."""
        if self._work:
            await asyncio.wait(self._work, timeout=seconds)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, receipt: Receipt, answer: Answer) -> None:
        task = asyncio.create_task(self._apply(receipt, answer))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _apply(self, receipt: Receipt, answer: Answer) -> None:
        try:
            moved, known = await self._try(receipt)
        except Exception as error:
            log.warning("smpp.receipt_not_taken", problem=type(error).__name__)
            answer(statuses.TRY_LATER)
            return
        answer(statuses.OK)
        for seconds in AGAIN_AFTER:
            if moved or known:
                return
            await asyncio.sleep(seconds)
            try:
                moved, known = await self._try(receipt)
            except Exception as error:
                log.warning("smpp.receipt_not_taken", problem=type(error).__name__)

    async def _try(self, receipt: Receipt) -> tuple[bool, bool]:
        """Whether it moved something, and whether we know what it is about."""
        reference = self._reference_of(receipt.gateway_reference)
        named = replace(receipt, reference=reference)
        moved = await asyncio.get_running_loop().run_in_executor(self._threads, self._take, named)
        return moved, bool(reference)
