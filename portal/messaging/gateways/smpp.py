"""The SMPP gateway: hands a text to the process that holds the bind, `manage.py run_smpp` on the same host."""

import json
import socket
import time
from collections import deque
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
    """One question to the process of the bind, and its answer. Raises `Unavailable`."""
    deadline = time.monotonic() + seconds + _GRACE
    try:
        connection = _connection()
    except OSError:
        raise Unavailable("run_smpp is away") from None
    try:
        answer = _exchange(connection, json.dumps(question).encode() + b"\n", deadline)
        found = json.loads(answer)
    except TimeoutError:
        connection.close()
        raise Unavailable("too slow") from None
    except (OSError, ValueError):
        connection.close()
        raise Unavailable("run_smpp went away") from None
    _idle.append(connection)
    return found if isinstance(found, dict) else {}


def _connection() -> socket.socket:
    """One that the other side has not closed since it was used."""
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
        raise
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
