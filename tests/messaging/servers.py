"""Real servers on loopback whose manners a test chooses: a carrier over HTTP, and whatever speaks raw bytes."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def read_request(connection: socket.socket) -> bytes:
    """A whole HTTP request with its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(4096)
    return body


def read_head(connection: socket.socket) -> bytes:
    """A whole HTTP request without a body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    return data


def reply(status: str, body: bytes = b"{}") -> bytes:
    """An HTTP answer, after which the connection is closed."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


@contextmanager
def serve(manner: Callable[[socket.socket], None], port: int = 0) -> Iterator[int]:
    """A server that treats each connection in its own manner; its port, if none is given. Errors of a cut connection
    are its own."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(0.1)

        def treat(connection: socket.socket) -> None:
            connection.settimeout(10)
            with connection, suppress(OSError):
                manner(connection)

        def accept() -> None:
            while not stopped.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    threading.Thread(target=treat, args=[connection], daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stopped.set()
            thread.join()


def drip(connection: socket.socket, data: bytes, *, every: float) -> None:
    """Send byte by byte with pauses, as a carrier in trouble does."""
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(every)


def dead_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
