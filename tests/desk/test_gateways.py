"""Text messages on the desk: what goes where, and which gateway does badly."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer
from portal.messaging import budgets
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
    for nth, seconds in enumerate((0, 2, 3, 40)):
        message = Message.objects.create(
            channel="sms", kind="code.login", customer=amy, to_masked="x", gateway="kannel", expires_at=now,
            sent_at=now - timedelta(minutes=5), settled_at=now - timedelta(minutes=5) + timedelta(seconds=seconds),
            state=State.DELIVERED if nth else State.SENT,
        )  # fmt: skip
        result = "accepted" if nth else "unavailable: too slow"
        Attempt.objects.create(message=message, gateway="kannel", milliseconds=180, result=result)
    GatewayHealth.objects.create(gateway="twilio", left_at=now, reason="slow")
    told = text_of(mak_inside.get("gateways/"))
    assert "+852 kannel, twilio" in told
    assert "kannel in use 3 / 4 180 ms, 180 ms 3 / 4 3.0 s, 40.0 s" in told
    assert f"twilio left at {timezone.localtime(now):%H:%M:%S} (slow), 0% of its traffic 0 / 0 — 0 / 0 —" in told


@pytest.mark.parametrize("shadow", [False, True])
def test_the_page_shows_what_budgets_and_caps_refused_today(
    clock: Clock, mak_inside: Desk, settings: Settings, shadow: bool
) -> None:
    """S8: in shadow mode, what they would have refused"""
    settings.SMS_BUDGETS_SHADOW = shadow
    settings.SMS_BUDGETS = {"segments": 40, "country": 10, "prefix": 4}
    now = timezone.now()
    for nth in range(5):
        budgets.count_notice("+85291234567", nth, now)
    for name in ("segments", "segments", "number"):
        budgets.note(name, now)
    told = text_of(mak_inside.get("gateways/"))
    assert "segments 5 40 12 2" in told
    assert "one account 0 one number 1 one network address 0" in told
    assert ("Would have been refused" in told) is shadow
    assert ("Shadow mode: only the cap of one account refuses codes" in told) is shadow
