"""A bind that is kept: made again when it falls, with growing waits, and asked regularly whether it still stands."""

import asyncio
import ssl
from contextlib import suppress

import structlog

from portal.lib.smpp import SmppAccount
from portal.messaging.smpp import statuses
from portal.messaging.smpp.pdu import Command, bind
from portal.messaging.smpp.session import Lost, Receives, Session

log = structlog.get_logger(__name__)

#: Seconds for connecting, for the answer to a bind, to an enquire_link, and to an unbind.
CONNECT_WITHIN, BIND_WITHIN, ENQUIRE_WITHIN, UNBIND_WITHIN = 5.0, 5.0, 5.0, 2.0

#: Seconds before the next try, doubled by each failure, and their end. Carriers lock out who knocks too often.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0

#: A bind that stood this long was well: the waits begin anew.
STEADY = 10.0


class Refused(Exception):
    """The carrier does not want the bind; says why."""


class Link:
    """One bind of one kind."""

    def __init__(self, account: SmppAccount, kind: Command, receives: Receives) -> None:
        self._account = account
        self._kind = kind
        self._receives = receives
        self._stopping = False
        self.session: Session | None = None  # bound, or nothing
        self.problem = "not bound yet"

    @property
    def name(self) -> str:
        """What kind of bind it is: transceiver, transmitter or receiver."""
        return self._kind.name.lower().removeprefix("bind_")

    async def run(self) -> None:
        """Keep it until `stop`."""
        loop = asyncio.get_running_loop()
        wait = FIRST_WAIT
        while not self._stopping:
            try:
                self.session = await self._bind()
            except (OSError, TimeoutError, Lost, Refused) as error:
                self.problem = str(error) or type(error).__name__
                log.error("smpp.not_bound", bind=self.name, problem=self.problem, again_after=wait)
            else:
                log.info("smpp.bound", bind=self.name)
                self.problem, since = "", loop.time()
                await self._watch(self.session)
                self.session, self.problem = None, "connection lost"
                if loop.time() > since + STEADY:
                    wait = FIRST_WAIT
                log.warning("smpp.lost", bind=self.name, stood=round(loop.time() - since))
            if not self._stopping:
                await asyncio.sleep(wait)
                wait = min(LONGEST_WAIT, wait * 2)

    async def stop(self) -> None:
        """Take leave of the carrier."""
        self._stopping = True
        session = self.session
        if session is not None and session.open:
            with suppress(Lost, TimeoutError):
                async with asyncio.timeout(UNBIND_WITHIN):
                    await session.ask(Command.UNBIND)
            session.close()

    async def _bind(self) -> Session:
        account = self._account
        async with asyncio.timeout(CONNECT_WITHIN):
            _, session = await asyncio.get_running_loop().create_connection(
                lambda: Session(self._receives), account.host, account.port, ssl=self._tls()
            )
        try:
            async with asyncio.timeout(BIND_WITHIN):
                answer = await session.ask(self._kind, bind(account.system_id, account.password, account.system_type))
        except (Lost, TimeoutError):
            session.close()
            raise Refused("no answer to the bind") from None
        if answer.status != statuses.OK:
            session.close()
            raise Refused(statuses.why_not_bound(answer.status))
        return session

    def _tls(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self._account.tls_ca or None) if self._account.tls else None

    async def _watch(self, session: Session) -> None:
        """Until the connection has ended. One whose other end is silent is ended here."""
        loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._account.enquire_every):
                    await session.ended.wait()
                return
            asked_at = loop.time()
            try:
                async with asyncio.timeout(ENQUIRE_WITHIN):
                    await session.ask(Command.ENQUIRE_LINK)
            except Lost:
                return
            except TimeoutError:
                if session.heard_at < asked_at:
                    log.warning("smpp.silent", bind=self.name)
                    session.close()
                    await session.ended.wait()
                    return
