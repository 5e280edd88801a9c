"""Which gateways a message may take, in order.

The settings give each country its list. A second try of a message, and a code that is asked for again, begin elsewhere
than the last one did; above all a gateway that does badly is left for the others (see `health`).
"""

from datetime import datetime

from django.conf import settings
from django.db.models import Max

from portal.lib.phone import E164, country_code
from portal.messaging import health, policy
from portal.messaging.gateways.base import Gateway
from portal.messaging.gateways.console import ConsoleGateway
from portal.messaging.gateways.http import HttpGateway
from portal.messaging.gateways.kannel import KannelGateway
from portal.messaging.gateways.smpp import SmppGateway
from portal.messaging.gateways.smtp import SmtpGateway
from portal.messaging.gateways.twilio import TwilioGateway
from portal.messaging.models import Attempt, Channel, Message, State

_OWN: tuple[Gateway, ...] = (ConsoleGateway(), SmtpGateway(), TwilioGateway(), KannelGateway(), SmppGateway())
#: Every gateway by its name; a carrier that is described by settings has the name that they give it.
GATEWAYS: dict[str, Gateway] = {
    **{name: HttpGateway(name) for name in settings.SMS_HTTP},
    **{gateway.name: gateway for gateway in _OWN},
}


class NoWay(Exception):
    """No gateway sends to this number; the message is a sentence that names the setting."""


def ways(message: Message, to: str, now: datetime) -> list[Gateway]:
    """The gateways for a message, the preferred one first. Raises `NoWay`, or KeyError for an unknown channel."""
    if message.channel == Channel.EMAIL:
        return [GATEWAYS["smtp"]]
    names = _route(to)
    if len(names) > 1:
        last = _tried(message) if message.tries > 1 else _sent_before(message, now)
        names = health.ordered(_after(names, last), message.pk, now)
    return [GATEWAYS[name] for name in names]


def routes() -> dict[int, list[str]]:
    """The gateways of each country to which text messages go, in order."""
    return {country: _names(country) for country in settings.SMS_COUNTRIES}


def used() -> list[str]:
    """Every gateway that is on one of these lists, once."""
    return list(dict.fromkeys(name for route in routes().values() for name in route))


def _names(country: int) -> list[str]:
    return list(settings.SMS_ROUTES.get(country) or [settings.SMS_GATEWAY])


def _route(to: str) -> list[str]:
    try:
        country = country_code(E164(to))
    except ValueError:
        raise NoWay("no number of any country") from None
    if country not in settings.SMS_COUNTRIES:
        raise NoWay(f"SMS_COUNTRIES does not list +{country}.")
    return _names(country)


def _after(names: list[str], last: list[str]) -> list[str]:
    """The same names, those of `last` behind the others."""
    return sorted(names, key=lambda name: last.index(name) if name in last else -1)


def _tried(message: Message) -> list[str]:
    """What has tried this message before; the one whose try is longest ago first."""
    tries = Attempt.objects.filter(message=message).values("gateway").annotate(last=Max("at")).order_by("last")
    return [attempt["gateway"] for attempt in tries]


def _sent_before(message: Message, now: datetime) -> list[str]:
    """By what this client's last code went, when it is asked for again and that one did not arrive; and at the second
    time whatever is said to have arrived."""
    if not (message.is_code and message.customer_id):
        return []
    since = now - policy.RESEND_MEMORY
    earlier = Message.objects.filter(
        customer=message.customer_id, is_code=True, channel=Channel.SMS, created_at__gt=since, created_at__lte=now
    ).exclude(pk=message.pk)
    found = list(earlier.exclude(gateway="").order_by("-created_at").values_list("gateway", "state")[:2])
    if not found:
        return []
    gateway, state = found[0]
    return [gateway] if len(found) > 1 or state != State.DELIVERED else []
