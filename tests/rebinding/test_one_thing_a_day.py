"""Nobody gets a new factor and new contacts on one day: every pair of deeds, in both orders."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import policy
from accounts.models import Customer, Method
from accounts.services.staff import NotAllowedError
from portal.letters.models import Letter
from tests.actors import PASSWORD, Handset, Visitor
from tests.contacts.steps import NEW, code_to, place, save
from tests.contacts.steps import ask as ask_contact
from tests.contacts.steps import confirm as confirm_contact
from tests.races.conftest import caps_lifted
from tests.rebinding.steps import at_the_letter, posted, rebind, type_letter
from tests.twofactor.phone import give_phone
from tests.twofactor.steps import Clock
from tests.twofactor.switches import app_code, ask, confirm, key_on, show_key, sms_code
from twofactor.models import SoftToken
from twofactor.services import withdrawal

__all__ = ["caps_lifted"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("caps_lifted")]


@dataclass
class World:
    """Ben, who has bound a phone, and whoever acts in his name with all that he has."""

    ben: Customer
    supervisor: Customer
    handset: Handset
    seed: bytes = field(repr=False)

    def code(self) -> str:
        """What the method in use shows now."""
        SoftToken.objects.update(last_step=-1)
        self.ben.refresh_from_db()
        return app_code(self.seed) if self.ben.method == Method.SOFT_TOKEN else sms_code(self.handset, self.ben)

    def inside(self) -> Visitor:
        """A new login."""
        visitor = Visitor("en")
        visitor.password_step(self.ben.login)
        visitor.code_step(self.code())
        assert visitor.inside
        return visitor

    def prove(self, visitor: Visitor) -> None:
        """Password and method in use, once more."""
        visitor.post("service/prove/", {"password": PASSWORD})
        visitor.post("service/prove/code/", {"code": self.code()})


Deed = Callable[[World], bool]


def change_contact(contact: str) -> Deed:
    def deed(world: World) -> bool:
        visitor = world.inside()
        new = f"{contact}{timezone.now():%d%H%M}@example.org" if contact == "email" else NEW[contact]
        if place(ask_contact(visitor, contact, new)) != "prove/":
            return False
        world.prove(visitor)
        if contact != "postal_address":
            confirm_contact(visitor, code_to(contact, world.handset, new))
        return place(save(visitor)) == "contact/done/"

    deed.__name__ = f"new {contact}"
    return deed


def another_phone(world: World) -> bool:
    visitor = world.inside()
    if not ask(visitor, Method.SOFT_TOKEN).headers["Location"].endswith("/prove/"):
        return False
    world.prove(visitor)
    seed = key_on(show_key(visitor))
    assert confirm(visitor, app_code(seed)).headers["Location"].endswith("/2fa/done/")
    world.seed = seed
    return True


def withdrawn_by_staff(world: World) -> bool:
    try:
        with transaction.atomic():
            locked = Customer.lock(world.ben.pk)
            withdrawal.withdraw(locked, staff=world.supervisor, reference="PAAAAAAA", approval={}, now=timezone.now())
    except NotAllowedError:
        return False
    return True


def bound_by_letter(world: World) -> bool:
    code = f"{Letter.objects.count():012d}"
    posted(world.ben, code)
    visitor = at_the_letter(world.ben)
    if not type_letter(visitor, code).headers["Location"].endswith("/phone/"):
        return False
    world.seed = rebind(at_the_letter(world.ben), code)
    return True


CONTACTS = [change_contact(contact) for contact in NEW]
FACTORS = [another_phone, withdrawn_by_staff, bound_by_letter]
PAIRS = [
    pair for pair in product([*CONTACTS, *FACTORS], repeat=2) if pair != (withdrawn_by_staff, withdrawn_by_staff)
]  # text messages cannot be withdrawn


def waits(first: Deed, second: Deed) -> bool:
    """Contacts wait after whatever was done; a factor after new contacts, and after what staff did."""
    return second in CONTACTS or first in CONTACTS or first is withdrawn_by_staff


@pytest.fixture
def world(clock: Clock, ben: Customer, supervisor: Customer, handset: Handset) -> World:
    Customer.objects.filter(pk=ben.pk).update(postal_address="1 Queen's Road")
    return World(ben, supervisor, handset, give_phone(ben).seed)


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda deed: deed.__name__)
def test_the_second_waits_for_a_day(first: Deed, second: Deed, world: World, clock: Clock) -> None:
    """K3, T8"""
    assert first(world)
    if not waits(first, second):
        assert second(world)
        return
    assert not second(world)
    clock.shift(policy.CONTACT_HOLD - timedelta(seconds=1))
    assert not second(world)
    clock.shift(1)
    if first is second and first in CONTACTS and first.__name__ != "new email":
        return  # it would be what stands on file
    assert second(world)


def test_every_pair_of_a_factor_and_a_contact_waits() -> None:
    """K3: the table says what the rule says"""
    for factor, contact in product(FACTORS, CONTACTS):
        assert waits(factor, contact)
        assert waits(contact, factor)
    assert policy.CONTACT_HOLD == policy.METHOD_HOLD == timedelta(hours=24)
