"""Receipts that did not come, asked for where the carrier can be asked."""

from dataclasses import replace
from datetime import datetime
from time import monotonic

import structlog
from django.db.models import Q, QuerySet

from portal.messaging import policy, receipts, routing
from portal.messaging.gateways.base import Asking, Unavailable
from portal.messaging.models import Message, Phase

log = structlog.get_logger(__name__)


def ask(now: datetime) -> int:
    """Ask for receipts that are late; how many messages moved.

    Safe to run twice, also at once: each message is asked for by one run and not again before its time, and an answer
    moves it as a receipt does. A carrier that is in trouble is left alone for the rest of the run.
    """
    asking = {name: gateway for name, gateway in routing.GATEWAYS.items() if isinstance(gateway, Asking)}
    end = monotonic() + policy.ASK_SECONDS
    moved = 0
    for message in _late(now).filter(gateway__in=list(asking)).order_by("-is_code", "sent_at")[: policy.ASK_BATCH]:
        if monotonic() > end:
            break
        if message.gateway not in asking or not _late(now).filter(pk=message.pk).update(asked_at=now):
            continue
        try:
            found = asking[message.gateway].ask(message.gateway_reference, policy.ASK_TIMEOUT)
        except Unavailable as trouble:
            log.warning("receipt.not_told", gateway=message.gateway, problem=str(trouble))
            del asking[message.gateway]
            continue
        moved += sum(receipts.take(message.gateway, replace(one, reference=str(message.pk))) for one in found)
    return moved


def _late(now: datetime) -> "QuerySet[Message]":
    return Message.objects.filter(
        Q(asked_at=None) | Q(asked_at__lte=now - policy.ASK_EVERY),
        phase=Phase.UNREPORTED,
        sent_at__gt=now - policy.ASK_UNTIL,
        sent_at__lte=now - policy.ASK_AFTER,
    ).exclude(gateway_reference="")
