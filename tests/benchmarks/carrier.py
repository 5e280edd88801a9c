"""The far end: takes text messages over HTTP and notes when; takes e-mail over SMTP and forgets it."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from socketserver import TCPServer
from threading import Lock, Thread

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from tests.benchmarks.processes import BenchError, free_port

_PATIENCE = 30  # seconds that a client waits for a code


@dataclass(frozen=True, slots=True)
class Arrival:
    """One code, and when it was here by the monotonic clock."""

    code: str
    at: float


class Carrier:
    """Both servers, on loopback. Each text message is answered after a pause of so many seconds."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self._first: dict[str, float] = {}  # when each code was here for the first time
        self._arrived: defaultdict[str, Queue[Arrival]] = defaultdict(Queue)
        self._lock = Lock()
        self._texts = _Texts(self)
        self.mail_port = free_port()
        self._mail = Controller(Sink(), hostname="127.0.0.1", port=self.mail_port, server_hostname="localhost")
        self._mail.start()
        Thread(target=self._texts.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where text messages are posted to."""
        return f"http://127.0.0.1:{self._texts.server_port}/messages"

    def keep(self, to: str, text: str, at: float) -> None:
        """Called for each message."""
        with self._lock:
            waiting = self._arrived[to]
            self._first.setdefault(text[:6], at)
        waiting.put(Arrival(text[:6], at))

    @property
    def taken(self) -> int:
        """How many different codes have come."""
        return len(self._first)

    def arrivals(self) -> Mapping[str, float]:
        """When each code was here, by the monotonic clock."""
        with self._lock:
            return dict(self._first)

    def wait(self, to: str) -> Arrival:
        """The code for this number; raises `BenchError` when none comes."""
        with self._lock:
            waiting = self._arrived[to]
        try:
            return waiting.get(timeout=_PATIENCE)
        except Empty:
            raise BenchError(f"No code reached the carrier within {_PATIENCE} s.") from None

    def stop(self) -> None:
        """Close both doors."""
        self._texts.shutdown()
        self._texts.server_close()
        self._mail.stop()


class _Texts(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, carrier: Carrier) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.carrier = carrier

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer would ask the name service who we are
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]


class _Door(BaseHTTPRequestHandler):
    server: _Texts
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        at = time.monotonic()
        message = json.loads(body)
        self.server.carrier.keep(message["to"], message["text"], at)
        time.sleep(self.server.carrier.pause)
        answer = json.dumps({"id": message["reference"]}).encode()
        self.send_response(202)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Says nothing."""
