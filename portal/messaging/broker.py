"""Tasks put into Redis the short way.

`send_task` routes, declares, retries and prepares for results before a task is one element of a list in Redis. A login
waits for it, and it took more time than any of its queries. Here Celery composes the message, and the element around it
is written as kombu's transport for Redis writes it, onto the same connection.

Source: https://docs.celeryq.dev/en/stable/internals/protocol.html
"""

import json
from base64 import b64encode
from typing import Any
from uuid import uuid4

from celery import current_app


def put(queue: str, task: str, arguments: list[object], *, countdown: float, expires: float) -> None:
    """A task without a result, to run in `countdown` seconds and not later than in `expires`. Raises what the client of
    Redis raises."""
    message = current_app.amqp.create_task_message(
        str(uuid4()),
        task,
        arguments,
        countdown=countdown,
        expires=expires,
        ignore_result=True,
        argsrepr=str(arguments),
        kwargsrepr="{}",
    )
    with current_app.producer_or_acquire() as producer:
        producer.channel.client.lpush(queue, json.dumps(element(queue, message)))


def element(queue: str, message: Any) -> dict[str, Any]:
    """What stands in Redis for a message of Celery."""
    return {
        "body": b64encode(json.dumps(message.body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": message.headers,
        "properties": {
            **message.properties,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }
