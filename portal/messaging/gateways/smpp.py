"""The SMPP gateway: hands a text to the process that holds the bind, `manage.py run_smpp` on the same host."""

import json
import socket
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from portal.messaging.gateways.base import Envelope, Forged, Receipt, ReceiptRequest, Refused, Unavailable

#: Seconds by which the process of the bind may be first: it knows better what went wrong.
_GRACE = 0.25

#: Bytes of the longest answer.
_ANSWER = 4096

#: Connections that nobody uses at the moment, one for each thread of a worker at most.
_idle: deque[socket.socket] = deque(maxlen=64)


def ask(question: object, seconds: float) -> dict[str, Any]:
    """One question to the process of the bind, and its answer. Raises `Unavailable`, with no cause behind it: what
    cannot be read may hold a text."""
    deadline = time.monotonic() + seconds + _GRACE
    connection = _connection()
    if connection is None:
        raise Unavailable("run_smpp is away")
    problem = ""
    found: Any = None
    try:
        found = json.loads(_exchange(connection, json.dumps(question).encode() + b"\n", deadline))
    except TimeoutError:
        problem = "too slow"
    except (OSError, ValueError):
        problem = "run_smpp went away"
    if problem:
        connection.close()
        raise Unavailable(problem)
    _idle.append(connection)
    return found if isinstance(found, dict) else {}


def _connection() -> socket.socket | None:
    """One that the other side has not closed since it was used; None when nobody is there."""
    while _idle:
        try:
            connection = _idle.pop()
        except IndexError:  # another thread was faster
            break
        connection.setblocking(False)
        try:
            connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return connection
        except OSError:
            pass
        connection.close()
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(1)
        connection.connect(str(settings.SMS_SMPP.socket))
    except OSError:
        connection.close()
        return None
    return connection


def _exchange(connection: socket.socket, question: bytes, deadline: float) -> bytes:
    connection.settimeout(max(0.01, deadline - time.monotonic()))
    connection.sendall(question)
    answer = b""
    while not answer.endswith(b"\n"):
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        received = connection.recv(_ANSWER)
        if not received or len(answer) > _ANSWER:
            raise ConnectionError
        answer += received
    return answer


class SmppGateway:
    """The bind. What it does not answer for was perhaps taken: the same reference is safe to send again."""

    name = "smpp"

    def send(self, envelope: Envelope, timeout: float) -> str:
        question = {
            "reference": envelope.reference,
            "to": envelope.to,
            "text": envelope.text,
            "validity": envelope.validity,
            "is_code": envelope.is_code,
            "timeout": timeout,
        }
        answer = ask(question, timeout)
        reason = str(answer.get("reason", "garbage"))
        match answer.get("kind"):
            case "accepted":
                return str(answer.get("gateway_reference", ""))[:80]
            case "refused":
                raise Refused(reason)
        raise Unavailable(reason)

    def receipts(self, request: ReceiptRequest) -> list[Receipt]:
        raise Forged("receipts come over the bind")

    def binds(self, timeout: float) -> Mapping[str, str]:
        return {str(bind): str(condition) for bind, condition in ask("state", timeout).get("binds", {}).items()}
