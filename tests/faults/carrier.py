"""A carrier whose manners a test changes while it runs."""

import hashlib
import hmac
import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Lock
from uuid import uuid4

from tests import loopback
from tests.messaging.servers import read_request, reply, serve

RECEIPT_SECRET = "secret"


@dataclass
class CrookedCarrier:
    """Takes each reference once, as the contract says; `manner` says how it answers."""

    port: int = 0
    # accept, slow, hang, error, cut (taken, but the answer is lost), twice, garbage (not taken), some (of ten three are
    # not taken), late (taken, and answered after 20 seconds), lose (taken and answered, and no phone ever gets it)
    manner: str = "accept"
    reports_to: str = ""  # where it tells that a text is on the phone; nowhere unless a test says so
    accepted: dict[str, float] = field(default_factory=dict)  # reference: when, by the wall clock
    texts: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    closing: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _turns: Iterator[int] = field(default_factory=count)
    _dice: random.Random = field(default_factory=lambda: random.Random(2026))

    def code(self, reference: str) -> str:
        """The code in the text with this reference, as the client reads it off the phone."""
        return next(text[:6] for text in self.texts.values() if f"{reference}." in text)

    def treat(self, connection: socket.socket) -> None:
        """One connection, one request."""
        body = json.loads(read_request(connection))
        if self.manner == "hang":
            self.closing.wait(30)
            return
        if self.manner == "error":
            connection.sendall(reply("500 Internal Server Error"))
            return
        if self.manner == "garbage":
            connection.sendall(reply("200 OK", b"<html>It works!</html>"))
            return
        if self.manner == "some" and next(self._turns) % 10 < 3:
            connection.sendall(reply("503 Service Unavailable"))
            return
        with self._lock:
            new = self.accepted.setdefault(body["reference"], time.time())
            self.repeated += body["reference"] in self.texts
            self.texts[body["reference"]] = body["text"]
            pause = self._dice.uniform(0.02, 0.2)
        if self.manner == "slow":
            time.sleep(pause)
        if self.manner == "late":
            self.closing.wait(20)
        if self.manner == "cut":
            connection.sendall(b"HTTP/1.1 202 Acc")
            return
        answer = reply("202 Accepted", json.dumps({"id": uuid4().hex, "at": new}).encode())
        connection.sendall(answer * 2 if self.manner == "twice" else answer)
        if self.reports_to and self.manner != "lose":
            self._report(body["reference"])

    def _report(self, reference: str) -> None:
        """The receipt of a text that arrived."""
        said, stamp = json.dumps({"reference": reference, "status": "delivered"}).encode(), str(int(time.time()))
        signature = hmac.digest(RECEIPT_SECRET.encode(), stamp.encode() + b"." + said, hashlib.sha256).hex()
        headers = {"X-Timestamp": stamp, "X-Signature": signature}
        loopback.post(self.reports_to, content=said, headers=headers, timeout=10).raise_for_status()


@contextmanager
def crooked_carrier() -> Iterator[CrookedCarrier]:
    """A carrier on a port of its own."""
    carrier = CrookedCarrier()
    with serve(carrier.treat) as carrier.port:
        yield carrier
        carrier.closing.set()
