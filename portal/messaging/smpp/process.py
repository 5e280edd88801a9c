"""The process of the bind, put together."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.utils import timezone

from portal.lib.smpp import SmppAccount
from portal.messaging.gateways.base import Receipt
from portal.messaging.smpp.door import Door
from portal.messaging.smpp.inbox import Inbox
from portal.messaging.smpp.link import Link
from portal.messaging.smpp.pdu import Command
from portal.messaging.smpp.sender import Sender
from portal.messaging.smpp.session import Session
from portal.metrics import SMPP_BOUND_AT, SMPP_WAITING

log = structlog.get_logger(__name__)

#: Seconds between two looks at the bind for the figures.
_PUBLISH_EVERY = 2.0

#: Seconds that a stop waits for answers and for receipts that are being written down.
_GRACE = 5.0


class Bind:
    """Everything between the workers' socket and the carrier."""

    def __init__(self, account: SmppAccount, take: Callable[[Receipt], bool]) -> None:
        self.sender = Sender(account, self._session)
        self.inbox = Inbox(take, self.sender.memory.reference_of, account.ids)
        kinds = (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER) if account.pair else (Command.BIND_TRANSCEIVER,)
        self.links = [Link(account, kind, self.inbox.receive) for kind in kinds]

    def _session(self) -> Session | None:
        session = self.links[0].session
        return session if session is not None and session.open else None

    def state(self) -> Mapping[str, Any]:
        """Whether each bind stands, and what waits."""
        return {
            "bound": all(link.session is not None for link in self.links),
            "binds": {link.name: link.problem or "bound" for link in self.links},
            "waiting": self.sender.waiting,
        }

    async def publish(self) -> None:
        """Keep the figures up to date until cancelled."""
        while True:
            for link in self.links:
                if link.session is not None:
                    SMPP_BOUND_AT.labels(link.name).set(timezone.now().timestamp())
            SMPP_WAITING.set(self.sender.waiting)
            await asyncio.sleep(_PUBLISH_EVERY)


async def run(account: SmppAccount, take: Callable[[Receipt], bool]) -> None:
    """Hold the bind until SIGTERM or SIGINT, then take leave. Raises `Taken` when the socket's place is not free.

    A process that is killed instead loses nothing but the answers on their way: the outbox tries those texts again.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_say_what_kind)
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopped.set)
    bind = Bind(account, take)
    door = Door(bind.sender.send, bind.state)
    await door.open(account.socket)
    keeping = [asyncio.create_task(link.run()) for link in bind.links]
    publishing = asyncio.create_task(bind.publish())
    log.info("smpp.started", socket=str(account.socket))
    await stopped.wait()
    await door.close()
    await bind.sender.finish(_GRACE)
    await bind.inbox.finish(_GRACE)
    await asyncio.gather(*(link.stop() for link in bind.links))
    for task in (*keeping, publishing):
        task.cancel()
    log.info("smpp.stopped")


def _say_what_kind(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """What nobody caught, without its words and its place: they may hold a text."""
    log.error("smpp.error", problem=type(context.get("exception")).__name__)
