"""Many codes at once against a budget: what is left is given out once."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer
from portal.messaging import outbox, policy
from portal.messaging.models import Channel
from tests.races.together import together


def test_thirty_accounts_at_once_get_what_is_left_and_no_more(
    make_client: Callable[..., Customer], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8"""
    monkeypatch.setattr(policy, "BUDGET_SHARDS", 1)
    settings.SMS_BUDGETS = {"segments": 10**6, "country": 10**6, "prefix": 7}
    clients = [make_client(f"6{nth:05d}", mobile=f"+8529124{nth:04d}") for nth in range(30)]

    def ask(client: Customer) -> bool:
        with transaction.atomic():
            locked = Customer.lock(client.pk)
            now = timezone.now()
            return outbox.may_send_code(
                locked,
                channel=Channel.SMS,
                to=locked.mobile,
                source=f"198.51.100.{client.pk % 200}",
                now=now,
                known=lambda: False,
            ).allowed

    assert together([partial(ask, client) for client in clients]).count(True) == 7
