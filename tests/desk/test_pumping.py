"""Somebody with many passwords has texts sent to numbers they earn from: what it costs, and what staff see of it."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer, Result, SignIn
from portal.messaging import policy
from portal.messaging.models import Message
from tests.actors import text_of
from tests.desk.steps import Desk
from tests.twofactor.steps import Clock, challenge_of, pend

pytestmark = pytest.mark.django_db
ATTEMPTS, ACCOUNTS, ADDRESSES, NUMBERS = 1000, 200, 50, 20
PREFIX, BUDGET = "8529123", 200
EVERY = timedelta(seconds=3)  # all of it within one hour


@dataclass
class Rules:
    """The rules of the policy once more, in the plainest way: when codes went out, by account, number and address."""

    account: dict[int, list[datetime]] = field(default_factory=dict)
    number: Counter[str] = field(default_factory=Counter)
    address: Counter[str] = field(default_factory=Counter)
    sent: int = 0

    def refuse(self, client: Customer, address: str, *, known: bool, now: datetime) -> str:
        """Why this one gets no code, or nothing; then it is counted."""
        mine = self.account.setdefault(client.pk, [])
        if len(mine) >= 5:
            return "account"
        if mine and now - mine[-1] < timedelta(seconds=60):
            return "wait"
        if self.number[client.mobile] >= 30:
            return "number"
        if self.address[address] >= 100:
            return "address"
        if self.sent >= BUDGET and not known:
            return "budget"
        mine.append(now)
        self.number[client.mobile] += 1
        self.address[address] += 1
        self.sent += 1
        return ""


@pytest.fixture
def clients(make_client: Callable[..., Customer]) -> list[Customer]:
    """Accounts on few numbers of one range; every other one has logged in before."""
    made = [make_client(f"5{nth:05d}", mobile=f"+{PREFIX}{nth % NUMBERS:04d}") for nth in range(ACCOUNTS)]
    for each in made[::2]:
        SignIn.objects.create(
            number=each.login, customer=each, address="::1", verification=each.login, result=Result.SUCCESS
        )
    return made


def test_a_thousand_attempts_to_pump_cost_what_the_policy_says_and_staff_see_it(
    clock: Clock, clients: list[Customer], settings: Settings, mak: Customer, desk: Desk
) -> None:
    """S8: with the caps as they come; a few accounts and addresses do most of it"""
    settings.SMS_BUDGETS = {**policy.BUDGETS, "prefix": BUDGET}
    chance = random.Random(20351119)
    often = [8 if nth < 10 else 1 for nth in range(ACCOUNTS)]
    rules, refused, cost = Rules(), Counter[str](), Counter[bool]()
    for _ in range(ATTEMPTS):
        clock.shift(EVERY)
        client = chance.choices(clients, often)[0]
        nth = chance.choice((0, chance.randrange(ADDRESSES)))
        address, known = f"198.51.{nth}.7", client in clients[::2]
        reason = rules.refuse(client, address, known=known, now=timezone.now())
        sent = challenge_of(pend(client, address=address)[0]).message is not None
        assert sent is not bool(reason), reason
        refused[reason] += 1
        cost[known] += sent
    assert all(refused[reason] for reason in ("account", "wait", "number", "address", "budget")), refused
    codes = Message.objects.filter(is_code=True)
    assert codes.count() == rules.sent == cost.total() < NUMBERS * policy.caps().number_per_day
    assert cost[False] < BUDGET < cost.total(), "accounts that were new got nothing more once the budget was gone"
    out = StringIO()
    call_command("sms_budgets", stdout=out)
    said = f"{rules.sent} of {BUDGET} ({100 * rules.sent // BUDGET} %)"
    assert f"prefix:{PREFIX}: {said}" in out.getvalue()
    assert f"country:852: {rules.sent} of" in out.getvalue()
    desk.log_in(mak.login)
    assert f"prefix:{PREFIX} {rules.sent} {BUDGET}" in text_of(desk.get("gateways/"))
