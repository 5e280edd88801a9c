"""A browser of the bench: cookies, forms, and how many bytes went over the wire. It follows no redirect by itself."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from typing import Protocol
from urllib.parse import urlencode

from tests.benchmarks.processes import BenchError

_TIMEOUT = 10  # seconds for one answer
_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back on one request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def wire_bytes(self) -> int:
        """Status line, headers and body as they travelled."""
        return len("HTTP/1.1 200 OK\r\n\r\n") + sum(len(f"{k}: {v}\r\n") for k, v in self.headers) + len(self.body)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Wire(Protocol):
    """Carries one request to the portal and its answer back."""

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class HttpWire:
    """A connection that stays open, as those of a proxy do."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            self._connection.request(method, path, body or None, dict(headers))
            response = self._connection.getresponse()
            return Answer(response.status, tuple(response.getheaders()), response.read())
        except (OSError, HTTPException) as error:
            raise BenchError(f"{method} {path}: no answer ({type(error).__name__}).") from error

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, when it was sent by the monotonic clock, and what came back after so many seconds."""

    sent_at: float
    seconds: float
    answer: Answer


class Browser:
    """One client's browser, behind a proxy that speaks TLS with it."""

    def __init__(self, wire: Wire, host: str, address: str) -> None:
        self._wire = wire
        self._cookies: dict[str, str] = {}
        self._headers = {
            "Host": host,
            "Origin": f"https://{host}",
            "User-Agent": _AGENT,
            "Accept": "text/html,application/xhtml+xml",
            "Accept-Encoding": "gzip, br",
            "Accept-Language": "zh-HK,zh;q=0.9,en;q=0.8",
            "X-Forwarded-For": address,
            "X-Forwarded-Proto": "https",
        }

    def get(self, path: str) -> Exchange:
        """Open a page."""
        return self._send("GET", path, {}, b"")

    def post(self, path: str, form: Mapping[str, str]) -> Exchange:
        """Send a form."""
        body = urlencode(form).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        return self._send("POST", path, kind, body)

    def _send(self, method: str, path: str, more: Mapping[str, str], body: bytes) -> Exchange:
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        headers = {**self._headers, **more, **(cookies if self._cookies else {})}
        began = time.monotonic()
        answer = self._wire.send(method, path, headers, body)
        spent = time.monotonic() - began
        self._keep(value for name, value in answer.headers if name.lower() == "set-cookie")
        return Exchange(began, spent, answer)

    def _keep(self, lines: Iterable[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value


def hidden_fields(page: bytes) -> dict[str, str]:
    """The hidden inputs of a page's first form with one, by name."""
    reader = _Hidden()
    reader.feed(page.decode())
    return reader.fields


class _Hidden(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.fields.setdefault(given.get("name") or "", given.get("value") or "")
