"""The demo carrier, a process of its own: takes SMS over HTTP and e-mail over SMTP, and sends receipts.

It speaks the generic gateway's contract, so that a demo login takes the same road as a real one: a
bearer token on the way in, one message a reference, signed receipts on the way back. Two numbers show
what goes wrong in real life: `REFUSED_NUMBER` is refused for good, `LOST_NUMBER` is accepted and then
reported as failed. Run as `python -m portal.demo.carrier`; the environment is the portal's own.
"""

import hashlib
import hmac
import http.client
import json
import re
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from socketserver import TCPServer
from threading import Thread
from urllib.parse import urlsplit
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal import env
from portal.demo.handset import FILE_NAME, Handset

HOST = "127.0.0.1"
PATH = "/messages"
REFUSED_NUMBER = "+85291230000"
LOST_NUMBER = "+85291230001"
LARGEST_REQUEST = 16 * 1024  # bytes; ten segments of SMS are far below
LARGEST_MAIL = 256 * 1024  # bytes
LONGEST_TEXT = 1600  # characters
SILENCE = 30  # seconds after which a silent connection is dropped
RECEIPT_DELAY = 0.5  # seconds from acceptance to the receipt, about what a network takes at its best
RECEIPT_TRIES = 5  # with pauses of 1, 2, 4 and 8 seconds between them
RECEIPTS_WAITING = 1000  # more are dropped, as a carrier in trouble drops them

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Bad(Exception):
    """A request that is refused for good: its HTTP status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Text:
    """One SMS as the portal handed it in."""

    reference: str
    to: str
    sender: str
    text: str

    @classmethod
    def parse(cls, body: bytes) -> "Text":
        """The message in a request body; raises `Bad`."""
        try:
            content = json.loads(body)
            reference = str(UUID(content["reference"]))
            to, sender, text = content["to"], content["from"], content["text"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Bad(400, "needs reference (a UUID), to, from and text") from None
        if not (isinstance(to, str) and _E164.fullmatch(to)):
            raise Bad(422, "to is no number in E.164")
        if not (isinstance(text, str) and 0 < len(text) <= LONGEST_TEXT and isinstance(sender, str)):
            raise Bad(422, f"text must hold 1 to {LONGEST_TEXT} characters")
        if to == REFUSED_NUMBER:
            raise Bad(422, "no such subscriber")
        return cls(reference=reference, to=to, sender=sender[:20], text=text)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt on its way to the portal."""

    reference: str
    number: str
    status: str
    due: float  # on the monotonic clock


class Receipts:
    """Sends receipts back, a little later and again when the portal does not take them."""

    def __init__(self, origin: str, secret: str) -> None:
        self._portal = urlsplit(origin)
        self._secret = secret.encode()
        self._waiting: Queue[Receipt] = Queue()
        for _ in range(4):
            Thread(target=self._work, daemon=True).start()

    def promise(self, reference: str, number: str, status: str) -> None:
        """Have a receipt sent after `RECEIPT_DELAY`."""
        if self._waiting.qsize() < RECEIPTS_WAITING:
            self._waiting.put(Receipt(reference, number, status, time.monotonic() + RECEIPT_DELAY))

    def _work(self) -> None:
        while True:
            receipt = self._waiting.get()
            time.sleep(max(0.0, receipt.due - time.monotonic()))
            for tries in range(RECEIPT_TRIES):
                if self._post(receipt):
                    break
                time.sleep(2**tries)

    def _post(self, receipt: Receipt) -> bool:
        body = json.dumps(
            {
                "reference": receipt.reference,
                "id": receipt.number,
                "status": receipt.status,
                "at": datetime.now(UTC).isoformat(),
            }
        ).encode()
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": stamp,
            "X-Signature": hmac.digest(self._secret, f"{stamp}.".encode() + body, hashlib.sha256).hex(),
        }
        connection = http.client.HTTPConnection(self._portal.hostname or HOST, self._portal.port or 80, timeout=3)
        try:
            connection.request("POST", "/receipts/sms/http/", body, headers)
            return connection.getresponse().status < http.client.MULTIPLE_CHOICES
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Gateway(ThreadingHTTPServer):
    """The carrier's HTTP server."""

    request_queue_size = 128

    def __init__(self, port: int, token: str, handset: Handset, receipts: Receipts) -> None:
        super().__init__((HOST, port), Door)
        self.token = token
        self.handset = handset
        self.receipts = receipts

    def server_bind(self) -> None:
        # HTTPServer would ask the name service who we are, which can take seconds on a laptop.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]


class Door(BaseHTTPRequestHandler):
    """One connection of the portal."""

    server: Gateway
    protocol_version = "HTTP/1.1"
    timeout = SILENCE
    wbufsize = -1  # head and body in one packet: otherwise each answer waits 40 ms for an acknowledgement

    def do_POST(self) -> None:
        try:
            status, answer = self._take(self._body())
        except Bad as bad:
            status, answer = bad.status, {"error": bad.reason}
            self.close_connection = True
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        # Who speaks is asked before anything is read.
        given = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
            raise Bad(401, "bearer token")
        if self.path != PATH:
            raise Bad(404, f"messages are posted to {PATH}")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise Bad(411, "Content-Length")
        if int(length) > LARGEST_REQUEST:
            raise Bad(413, f"at most {LARGEST_REQUEST} bytes")
        return self.rfile.read(int(length))

    def _take(self, body: bytes) -> tuple[int, dict[str, str]]:
        text = Text.parse(body)
        number, new = self.server.handset.keep("sms", text.to, text.sender, text.text, text.reference)
        carrier_id = f"demo-{number}"
        if new:
            status = "failed" if text.to == LOST_NUMBER else "delivered"
            self.server.receipts.promise(text.reference, carrier_id, status)
        return (202 if new else 200), {"id": carrier_id}


class Inbox:
    """What aiosmtpd calls for each e-mail."""

    def __init__(self, handset: Handset) -> None:
        self._handset = handset

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
        body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
        text = f"{mail['Subject'] or ''}\n\n{body.get_content() if body else ''}".replace("\r\n", "\n").strip()
        for recipient in envelope.rcpt_tos:
            self._handset.keep("email", recipient, envelope.mail_from or "", text, None)
        return "250 OK"


def main() -> None:
    """Serve until told to stop."""
    handset = Handset(Path(env.text("DATA_DIR")) / FILE_NAME)
    receipts = Receipts(env.text("PUBLIC_ORIGIN"), env.secret("SMS_RECEIPT_SECRET"))
    port = urlsplit(env.text("SMS_HTTP_URL")).port or 0
    gateway = Gateway(port, env.secret("SMS_HTTP_TOKEN"), handset, receipts)
    mail = Controller(
        Inbox(handset),
        hostname=HOST,
        port=env.number("EMAIL_PORT", low=1, high=65535),
        data_size_limit=LARGEST_MAIL,
        server_hostname="localhost",
    )
    mail.start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        gateway.serve_forever()


if __name__ == "__main__":
    main()
