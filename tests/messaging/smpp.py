"""A carrier that speaks SMPP (npm's `smpp`), and the portal's process of the bind, on loopback."""

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

from portal.lib.smpp import SmppAccount
from portal.messaging.gateways.base import Receipt
from portal.messaging.smpp.door import Door
from portal.messaging.smpp.process import Bind

FOLDER = Path(__file__).parent / "smpp_carrier"
_PATIENCE = 15.0  # seconds


class Carrier:
    """The other end: what it was handed, and how it behaves."""

    def __init__(self, port: int = 0, pem: Path | None = None) -> None:
        assert (FOLDER / "node_modules").is_dir(), "run `make packages` first: npm brings the carrier"
        self._process = subprocess.Popen(
            ["node", "carrier.js", str(port), *([str(pem)] if pem else [])],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._events: Queue[dict[str, Any]] = Queue()
        self._seen: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, args=[self._process.stdout], daemon=True).start()
        self.port: int = self.wait("listening")["port"]

    def _listen(self, lines: IO[str]) -> None:
        for line in lines:
            self._events.put(json.loads(line))

    def _take(self, seconds: float) -> None:
        try:
            self._seen.append(self._events.get(timeout=seconds))
            while True:
                self._seen.append(self._events.get_nowait())
        except Empty:
            pass

    def _found(self, event: str) -> list[dict[str, Any]]:
        self._take(0.05)
        return [each for each in self._seen if each["event"] == event]

    def all(self, event: str) -> list[dict[str, Any]]:
        """What has happened of this kind until now. The carrier says it on another way than it answers on: only when it
        has taken an order, too, has everything before come."""
        self.order()
        return self._found(event)

    def wait(self, event: str, count: int = 1) -> dict[str, Any]:
        """The `count`-th event of this kind, once it has happened."""
        until = time.monotonic() + _PATIENCE
        while len(found := self._found(event)) < count:
            assert time.monotonic() < until, f"{count} times {event} did not happen"
        return found[count - 1]

    def order(self, **manners: object) -> None:
        """Behave like this from now on."""
        done = len(self._found("done"))
        assert self._process.stdin
        self._process.stdin.write(json.dumps(manners) + "\n")
        self._process.stdin.flush()
        self.wait("done", done + 1)

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(_PATIENCE)


@contextmanager
def carrier(pem: Path | None = None) -> Iterator[Carrier]:
    """One that is ended afterwards. With a file of a key and its certificate it speaks TLS."""
    made = Carrier(pem=pem)
    try:
        yield made
    finally:
        made.stop()


def account(folder: Path, port: int, **changes: Any) -> SmppAccount:
    """What the carrier has given us."""
    facts: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": False,
        "tls_ca": "",
        "system_id": "portal",
        "password": "smpp-word",
        "system_type": "",
        "pair": False,
        "window": 10,
        "rate": 0,
        "enquire_every": 1,
        "gsm7": "unpacked",
        "validity": "relative",
        "ids": "same",
        "refusals": frozenset(),
        "socket": folder / "smpp" / "smpp.sock",
        "metrics_address": "",
        **changes,
    }
    return SmppAccount(**facts)


@contextmanager
def bound(made: SmppAccount, take: Callable[[Receipt], bool], *, wait: bool = True) -> Iterator[Callable[[], Any]]:
    """The process of the bind in a thread of this one; what it says of its state."""
    ready, stop = threading.Event(), threading.Event()
    held: list[Bind] = []

    async def live() -> None:
        bind = Bind(made, take)
        door = Door(bind.sender.send, bind.state)
        await door.open(made.socket)
        held.append(bind)
        tasks = [asyncio.create_task(link.run()) for link in bind.links]
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.01)
        await door.close()
        await bind.inbox.finish(1)
        await asyncio.gather(*(link.stop() for link in bind.links))
        for task in tasks:
            task.cancel()

    thread = threading.Thread(target=asyncio.run, args=[live()])
    thread.start()
    try:
        assert ready.wait(_PATIENCE)
        if wait:
            until = time.monotonic() + _PATIENCE
            while not held[0].state()["bound"]:
                assert time.monotonic() < until, held[0].state()
                time.sleep(0.01)
        yield held[0].state
    finally:
        stop.set()
        thread.join(_PATIENCE)
