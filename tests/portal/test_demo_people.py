"""The people of the demo: who has a key, and that the supervisor prints it."""

import json
from base64 import b32decode
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, Method
from portal.demo import data
from portal.demo.embedded import greeting
from portal.demo.house import House
from tests.twofactor.phone import Phone, give_phone, suspend, token_of
from tests.twofactor.steps import pend
from twofactor.models import SoftToken
from twofactor.services.challenges import Verdict
from twofactor.services.login import second_step

pytestmark = pytest.mark.django_db(transaction=True)
BEN = "100002"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house whose people have just been made."""
    call_command("create_staff_roles", verbosity=0)
    house = House(tmp_path)
    data.load(house.people)
    return house


def seed_in(house: House) -> str:
    people = json.loads(house.people.read_text(encoding="utf-8"))
    return str(next(each["seed"] for each in people["clients"] if each["login"] == BEN))


def ben() -> Customer:
    return Customer.objects.get(login=BEN)


def test_every_client_of_the_demo_can_be_sent_a_letter(house: House) -> None:
    """T8"""
    assert not Customer.objects.filter(is_staff=False, postal_address="").exists()


def test_the_key_that_is_printed_logs_ben_in(house: House) -> None:
    """T1: and nobody else among the clients has one."""
    line = next(line for line in greeting(house, 8000).splitlines() if BEN in line)
    assert ben().method == Method.SOFT_TOKEN
    sign_in, _ = pend(ben())
    phone = Phone(b32decode(line.split()[-1]))
    assert second_step(sign_in, phone.code(), device="")[0].verdict == Verdict.PASSED
    assert list(SoftToken.objects.values_list("customer__login", flat=True)) == [BEN]


def test_at_the_next_start_it_is_still_the_same(house: House) -> None:
    """The demo goes on where it stopped."""
    before = seed_in(house)
    assert data.load(house.people) == 0
    assert seed_in(house) == before
    assert b32decode(before) == token_of(ben()).seed


def test_a_key_that_opens_nothing_any_more_is_not_printed(house: House) -> None:
    """T12: lost, bound anew, or given up; what Ben has done stands at every start after it."""
    phone = give_phone(ben())
    for _ in range(2):
        data.load(house.people)
        assert seed_in(house) == ""
        assert token_of(ben()).seed == phone.seed
    suspend(ben())
    data.load(house.people)
    assert seed_in(house) == ""
    assert "key" not in next(line for line in greeting(house, 8000).splitlines() if BEN in line)


def test_when_the_file_is_gone_ben_gets_another_key(house: House) -> None:
    """Nobody could read the old one any more."""
    before = seed_in(house)
    house.people.unlink()
    with transaction.atomic():
        data.load(house.people)
    assert seed_in(house) != before
    assert b32decode(seed_in(house)) == token_of(ben()).seed
    assert timezone.now() > token_of(ben()).created_at
