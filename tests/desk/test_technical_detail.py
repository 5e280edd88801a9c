"""What a carrier or an engineer asks for stands in the timeline, folded away until somebody opens it."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import Customer, SignIn
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.messaging.models import Message
from tests.desk.steps import Desk

pytestmark = pytest.mark.django_db

_DEVICE = UUID(int=7)


def folded(desk: Desk, client: Customer) -> list[str]:
    """What each line of the timeline folds away, as it stands in the page."""
    html = desk.get(f"accounts/customer/{client.pk}/timeline/").content.decode()
    return re.findall(r"<details><summary>Technical detail</summary>(.*?)</details>", html)


def test_request_message_gateway_and_device_can_be_quoted_from_the_timeline(amy: Customer, mak_inside: Desk) -> None:
    """A3"""
    now = timezone.now() - timedelta(minutes=1)
    SignIn.objects.create(number=amy.login, customer=amy, address="::1", verification="1", device=_DEVICE, at=now)
    sent = Message.objects.create(
        channel="sms", kind="code.login", customer=amy, to_masked="x", expires_at=now, created_at=now,
        gateway_reference="SM<b>900</b>", request_id="a1b2c3",
    )  # fmt: skip
    AuditRecord.objects.create(subject=amy, event=Event.SESSIONS_ENDED, at=now, request_id="d4e5f6", mac="x")
    _view, record, message, login = folded(mak_inside, amy)
    assert record == "<div>Request: <code>d4e5f6</code></div>"
    assert message == (
        f"<div>Request: <code>a1b2c3</code></div><div>Message: <code>{sent.pk}</code></div>"
        "<div>Reference of the gateway: <code>SM&lt;b&gt;900&lt;/b&gt;</code></div>"
    )
    assert login == f"<div>Device: <code>{_DEVICE}</code></div>"


def test_a_line_with_nothing_to_quote_folds_nothing(amy: Customer, mak_inside: Desk) -> None:
    SignIn.objects.create(number=amy.login, customer=amy, address="::1", verification="1")
    assert len(folded(mak_inside, amy)) == 1, "the view of the page itself"
