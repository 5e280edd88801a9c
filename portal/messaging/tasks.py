"""Doors of the worker into messaging. A task takes an id and may run twice."""

from functools import partial
from uuid import UUID

import structlog
from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from portal.messaging import budgets, health, missing, notices, outbox, relay, routing

log = structlog.get_logger(__name__)

HEARTBEAT = "worker.heartbeat"


@shared_task(name="messaging.deliver")
def deliver(message_id: str, is_code: bool = False) -> None:
    """Send one message; if it has to be tried again, come back by itself, by the same queue."""
    again = relay.deliver(UUID(message_id))
    if again is not None:
        outbox.nudge(message_id, is_code=is_code, countdown=again)


@shared_task(name="messaging.sweep")
def sweep() -> None:
    """Hand out whatever is due, close what is too late, and show that a worker lives."""
    now = timezone.now()
    relay.expire(now)
    for message_id, is_code in relay.due(now):
        outbox.nudge(str(message_id), is_code=is_code)
    try:
        cache.set(HEARTBEAT, now.timestamp(), timeout=120)
    except Exception as error:
        log.warning("heartbeat.lost", problem=type(error).__name__)


@shared_task(name="messaging.ask_receipts")
def ask_receipts() -> None:
    """Ask carriers for the receipts that did not come."""
    missing.ask(timezone.now())


@shared_task(name="messaging.purge")
def purge() -> None:
    """Retention of message rows."""
    relay.purge(timezone.now())


@shared_task(name="messaging.show_gateways")
def show_gateways() -> None:
    """Figures of the gateways that messages take."""
    health.show(routing.used(), timezone.now())


@shared_task(name="messaging.watch_budgets")
def watch_budgets() -> None:
    """Tell staff when most of a budget of the day is gone."""
    now = timezone.now()
    budgets.watch(now, alarm=partial(notices.alarm, now=now))
