"""Text messages on the desk: what goes where, and which gateway does badly."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer
from portal.messaging.models import Attempt, GatewayHealth, Message, State
from tests.actors import text_of
from tests.desk.steps import Desk
from tests.twofactor.steps import Clock

pytestmark = pytest.mark.django_db


def test_the_page_shows_routes_and_the_last_hour_of_each_gateway(
    clock: Clock, amy: Customer, mak_inside: Desk, settings: Settings
) -> None:
    """S9, O3"""
    settings.SMS_ROUTES = {852: ("kannel", "twilio")}
    now = timezone.now()
    for nth in range(4):
        message = Message.objects.create(
            channel="sms", kind="code.login", customer=amy, to_masked="x", gateway="kannel", expires_at=now,
            sent_at=now - timedelta(minutes=5), state=State.DELIVERED if nth else State.SENT,
        )  # fmt: skip
        result = "accepted" if nth else "unavailable: too slow"
        Attempt.objects.create(message=message, gateway="kannel", milliseconds=180, result=result)
    GatewayHealth.objects.create(gateway="twilio", left_at=now, reason="slow")
    told = text_of(mak_inside.get("gateways/"))
    assert "+852 kannel, twilio" in told
    assert "kannel in use 3 / 4 180 ms 3 / 4" in told
    assert f"twilio left at {timezone.localtime(now):%H:%M:%S} (slow), 0% of its traffic 0 / 0 — 0 / 0" in told
