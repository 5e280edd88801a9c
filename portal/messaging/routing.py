"""Which gateways a message may take, in order."""

from django.conf import settings

from portal.messaging.gateways.base import Gateway
from portal.messaging.gateways.console import ConsoleGateway
from portal.messaging.gateways.http import HttpGateway
from portal.messaging.gateways.smtp import SmtpGateway

GATEWAYS: dict[str, Gateway] = {gateway.name: gateway for gateway in (HttpGateway(), ConsoleGateway(), SmtpGateway())}


def route(channel: str) -> list[Gateway]:
    """The gateways for a channel, the preferred one first. Raises KeyError for an unknown channel."""
    return {"sms": [GATEWAYS[settings.SMS_GATEWAY]], "email": [GATEWAYS["smtp"]]}[channel]
