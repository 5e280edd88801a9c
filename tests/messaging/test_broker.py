"""Tasks that are put into Redis the short way are what Celery itself puts there."""

import json
from typing import Any
from unittest.mock import MagicMock

import pytest
from celery import Celery, current_app

from portal.messaging import broker

TASK, ARGUMENTS = "messaging.deliver", ["0b5c3a0e-0000-4000-8000-000000000001", True]
#: What Celery makes up anew for each message, or says of who sent it.
_OF_EACH = {"id", "root_id", "correlation_id", "delivery_tag", "reply_to", "expires", "origin", "eta"}
#: What `send_task` leaves there of its options, and what is for queues that drop messages by themselves.
_LEFT = {"argsrepr", "kwargsrepr", "expiration"}


def plain(value: object) -> object:
    """The same, without what differs between two messages."""
    if isinstance(value, dict):
        return {key: plain(each) if key not in _OF_EACH else type(each) for key, each in sorted(value.items())}
    return value


def celerys(countdown: float) -> dict[str, Any]:
    """The element that kombu makes of the same task, for a transport that keeps it in memory."""
    own = Celery(broker="memory://", set_as_current=False)
    own.conf.update(task_default_queue="portal", task_protocol=current_app.conf.task_protocol)
    own.send_task(
        TASK, ARGUMENTS, queue="codes", countdown=countdown, expires=60, ignore_result=True,
        argsrepr=str(ARGUMENTS), kwargsrepr="{}",
    )  # fmt: skip
    with own.connection_for_read() as connection:
        channel: Any = connection.default_channel
        found: dict[str, Any] = json.loads(json.dumps(channel._get("codes")))
    return found


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """What comes to Redis."""
    producer = MagicMock()
    monkeypatch.setattr(current_app, "producer_or_acquire", lambda: producer)
    lpush: MagicMock = producer.__enter__.return_value.channel.client.lpush
    return lpush


@pytest.mark.parametrize("countdown", [0, 5])
def test_it_is_the_element_that_kombu_writes(pushed: MagicMock, countdown: float) -> None:
    broker.put("codes", TASK, ARGUMENTS, countdown=countdown, expires=60)
    queue, written = pushed.call_args.args
    assert queue == "codes"
    theirs = celerys(countdown)
    for name in _LEFT:
        theirs["properties"].pop(name, None)
    assert plain(json.loads(written)) == plain(theirs)
    assert json.loads(written)["headers"]["expires"]


def test_no_two_are_the_same(pushed: MagicMock) -> None:
    for _ in range(2):
        broker.put("codes", TASK, ARGUMENTS, countdown=0, expires=60)
    one, other = (json.loads(call.args[1]) for call in pushed.call_args_list)
    assert one["properties"]["delivery_tag"] != other["properties"]["delivery_tag"]
    assert one["headers"]["id"] != other["headers"]["id"]
