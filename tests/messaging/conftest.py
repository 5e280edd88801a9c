"""A clock that stands still, and messages to try the relay on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from portal.messaging import health, outbox, routing
from portal.messaging.gateways import calls
from portal.messaging.gateways.http import HttpGateway
from portal.messaging.models import Channel, Message
from tests.actors import run_relay
from tests.messaging.far import Far

_MONDAY = datetime(2035, 11, 19, 10, 0, tzinfo=ZoneInfo("Asia/Hong_Kong"))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still until it is moved. Ask for it before any message is made."""
    with time_machine.travel(_MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def text(db: None) -> Callable[..., Message]:
    """Put a code by text message into the outbox, or whatever the test says otherwise."""

    def put(*, life: float = 180, **facts: object) -> Message:
        now = timezone.now()
        said = {"channel": Channel.SMS, "kind": "code.login", "to": "+85291234567", "text": "123456", "is_code": True}
        return outbox.put(expires_at=now + timedelta(seconds=life), now=now, **{**said, **facts})  # type: ignore[arg-type]

    return put


@pytest.fixture
def mail(text: Callable[..., Message]) -> Callable[..., Message]:
    """Put a notice by e-mail into the outbox."""

    def put(*, life: float = 86_400, to: str = "amy@example.com", body: str = "Hello") -> Message:
        return text(
            life=life, channel=Channel.EMAIL, kind="notice.login", to=to, text=body, subject="Login", is_code=False
        )

    return put


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Far]:
    """`alpha`, then `beta`, for Hong Kong."""
    own = settings.SMS_HTTP["http"]
    settings.SMS_HTTP = {name: replace(own, url=f"https://{name}.example/") for name in ("alpha", "beta")}
    settings.SMS_ROUTES = {852: ("alpha", "beta")}
    for name in ("alpha", "beta"):
        monkeypatch.setitem(routing.GATEWAYS, name, HttpGateway(name))
    health.forget()
    made = Far()
    with httpx.Client(transport=httpx.MockTransport(made.handle)) as client:
        monkeypatch.setattr(calls, "client", lambda: client)
        yield made
    health.forget()


@pytest.fixture
def send(clock: time_machine.Traveller, text: Callable[..., Message], far: Far) -> Callable[..., Message]:
    """A code, and what the relay makes of it, a second after the last one."""

    def one(**facts: object) -> Message:
        clock.shift(1)
        message = text(**facts)
        run_relay()
        message.refresh_from_db()
        return message

    return one
