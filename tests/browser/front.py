"""What stands before a web process: a proxy that ends TLS. A test may change what passes, or take it away."""

import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

#: Gets the path and the body of an answer, and gives the body that goes on.
Change = Callable[[str, bytes], bytes]
_OWN = {"connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive", "date", "server"}


def _connection(upstream: int | Path) -> http.client.HTTPConnection:
    if isinstance(upstream, int):
        return http.client.HTTPConnection("127.0.0.1", upstream, timeout=20)
    connection = http.client.HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(upstream))
    return connection


class Front:
    """Listens at a port of its own, and asks the web process at a port or socket for everything."""

    def __init__(self, upstream: int | Path, headers: Mapping[str, str] | None = None) -> None:
        self.change: Change = lambda _path, body: body
        self.asked: list[str] = []
        self._upstream, self._headers = upstream, headers or {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Front":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                front.asked.append(self.path)
                upstream = _connection(front._upstream)
                given = {"Host": self.headers["Host"], "Accept-Language": self.headers.get("Accept-Language", "")}
                upstream.request("GET", self.path, headers={**given, **front._headers})
                answer = upstream.getresponse()
                body = front.change(self.path, answer.read())
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _OWN:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                upstream.close()

            def log_message(self, *args: object) -> None:
                """Nobody reads it."""

        return Handler
