"""The far end of two gateways, and what the portal knows of how they do."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from django.utils import timezone

from portal.messaging.models import Attempt, GatewayHealth, Message, State


@dataclass
class Far:
    """Two carriers; each takes everything unless it was told otherwise."""

    answers: dict[str, Callable[[], httpx.Response]] = field(default_factory=dict)
    took: list[tuple[str, str, str]] = field(default_factory=list)  # carrier, reference, text
    asked: list[str] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.partition(".")[0]
        self.asked.append(name)
        body = json.loads(request.content)
        answer = self.answers.get(name, lambda: httpx.Response(202, json={"id": uuid4().hex}))()
        if answer.is_success:
            self.took.append((name, body["reference"], body["text"]))
        return answer

    def by(self) -> list[str]:
        """Who took each message."""
        return [name for name, _, _ in self.took]


def dead() -> httpx.Response:
    raise httpx.ConnectError("refused")


def silent() -> httpx.Response:
    raise httpx.ReadTimeout("nothing")


#: Every way of not taking a message that may pass.
BAD: dict[str, Callable[[], httpx.Response]] = {
    "dead": dead,
    "silent": silent,
    "failing": lambda: httpx.Response(500),
    "busy": lambda: httpx.Response(429),
    "locked out": lambda: httpx.Response(401),
    "garbage": lambda: httpx.Response(200, text="<html>"),
}


def fill(gateway: str, result: str, number: int, milliseconds: int = 100) -> None:
    """Calls of a gateway that were made just now."""
    now = timezone.now()
    message = Message.objects.create(channel="sms", kind="x", to_masked="", state=State.SENT, expires_at=now)
    Attempt.objects.bulk_create(
        Attempt(message=message, gateway=gateway, milliseconds=milliseconds, result=result, at=now)
        for _ in range(number)
    )


def left() -> dict[str, str]:
    return dict(GatewayHealth.objects.filter(left_at__isnull=False).values_list("gateway", "reason"))
