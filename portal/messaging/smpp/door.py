"""Where the workers of this host hand in their texts: JSON lines over a unix socket in a folder of our own."""

import asyncio
import fcntl
import json
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import structlog

from portal.messaging.gateways.base import Envelope
from portal.messaging.smpp.sender import Outcome

log = structlog.get_logger(__name__)

#: Bytes of one line: a text is below four thousand.
LINE = 32 * 1024

#: Connections at once; each worker has one for each of its threads.
MOST_CONNECTIONS = 512

#: Seconds that a caller may ask for.
LONGEST_TIMEOUT = 60.0


class Taken(Exception):
    """The place cannot be had; says why in one sentence."""


class Door:
    """One question a line, one answer a line, one after the other on each connection."""

    def __init__(
        self, send: Callable[[Envelope, float], Awaitable[Outcome]], state: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._send = send
        self._state = state
        self._server: asyncio.Server | None = None
        self._lock: IO[bytes] | None = None
        self._connections = 0

    async def open(self, path: Path) -> None:
        """Listen. Raises `Taken` when the folder is not ours alone, or another process listens there."""
        _own_folder(path.parent)
        self._lock = _only_one(path)
        path.unlink(missing_ok=True)  # of one that was killed
        self._server = await asyncio.start_unix_server(self._serve, path, limit=LINE)

    async def close(self) -> None:
        """Let nobody in any more."""
        if self._server is not None:
            self._server.close()
        if self._lock is not None:
            self._lock.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._connections >= MOST_CONNECTIONS:
            writer.close()
            return
        self._connections += 1
        try:
            # A line that is too long, or a worker that is gone: the connection ends.
            with suppress(ValueError, ConnectionError):
                while line := await reader.readline():
                    writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                    await writer.drain()
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, line: bytes) -> Mapping[str, Any]:
        try:
            asked = json.loads(line)
            if asked == "state":
                return self._state()
            envelope = Envelope(
                asked["reference"],
                asked["to"],
                asked["text"],
                validity=int(asked["validity"]),
                is_code=asked.get("is_code") is True,
            )
            timeout = min(LONGEST_TIMEOUT, float(asked["timeout"]))
        except (ValueError, KeyError, TypeError):
            return {"kind": "unavailable", "reason": "unreadable question"}
        outcome = await self._send(envelope, timeout)
        return {"kind": outcome.kind, "gateway_reference": outcome.gateway_reference, "reason": outcome.reason}


def _own_folder(folder: Path) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.stat()
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise Taken(f"The folder of SMPP_SOCKET, {folder}, must belong to this user alone (mode 0700).")


def _only_one(path: Path) -> IO[bytes]:
    lock = path.with_suffix(".lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Taken(f"Another process holds the bind at {path}: one on each host is enough.") from None
    return lock
