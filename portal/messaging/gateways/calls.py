"""One HTTP call of a carrier, bounded in time and size. Whatever goes wrong leaves nothing of the request behind:
an exception of the network library holds the request with its text, so that none is passed on or kept as a cause."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from portal.messaging import policy
from portal.messaging.gateways.base import Unavailable, within


@dataclass(frozen=True, slots=True)
class Answer:
    """What a carrier said. The body is not shown: some carriers repeat the text in it."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer(status={self.status})"

    @property
    def accepted(self) -> bool:
        """A status of success."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body read as JSON, or None."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@cache
def client() -> httpx.Client:
    """One client per process: it keeps connections open, and threads may share it."""
    return httpx.Client(limits=httpx.Limits(max_connections=64, max_keepalive_connections=16))


def call(method: str, url: str, timeout: float, **request: Any) -> Answer:
    """One request and its answer. Raises `Unavailable`, with a word for what happened, after `timeout` seconds at the
    latest. Redirects are not followed: text and credentials go where the settings say and nowhere else."""
    problem = ""
    try:
        return within(timeout, lambda: _exchange(method, url, timeout, request))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: a header that none can be
        problem = type(error).__name__
    raise Unavailable(problem)


def _exchange(method: str, url: str, timeout: float, request: dict[str, Any]) -> Answer:
    with client().stream(method, url, timeout=timeout, **request) as answer:
        body = b""
        for part in answer.iter_bytes():
            body += part
            if len(body) > policy.ANSWER_SIZE:
                raise Unavailable("answer too long")
        return Answer(answer.status_code, body)
