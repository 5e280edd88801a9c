"""A phone with a token app that is not the portal's own code, for clients who have bound it already."""

from base64 import b32encode

import pyotp
from django.db import transaction
from django.utils import timezone

from accounts.models import Customer, Method
from twofactor.models import SoftToken, TokenState
from twofactor.services import tokens

STEP = 30  # seconds


class Phone:
    """Shows the codes of one seed. `off` is by how many seconds its clock is ahead."""

    def __init__(self, seed: bytes, *, off: int = 0) -> None:
        self.seed = seed
        self.off = off

    def code(self, *, steps: int = 0) -> str:
        """What it shows now, or showed, or will show so many steps from now."""
        return pyotp.HOTP(b32encode(self.seed).decode()).at(self.step + steps)

    def pair(self, *, steps: int = -1) -> dict[str, str]:
        """Two codes in a row, the second of which it shows now, as the form takes them."""
        return {"code1": self.code(steps=steps), "code2": self.code(steps=steps + 1)}

    @property
    def step(self) -> int:
        """The step that its clock shows."""
        return int(timezone.now().timestamp() + self.off) // STEP

    def never(self) -> str:
        """A code that it shows at no time near now."""
        near = {self.code(steps=step) for step in range(-300, 300)}
        return next(f"{number:06d}" for number in range(10**6) if f"{number:06d}" not in near)


def give_phone(customer: Customer, *, name: str = "Ben’s phone", off: int = 0) -> Phone:
    """Bind a phone to the account, which from then on is its method."""
    now = timezone.now()
    with transaction.atomic():
        locked = Customer.lock(customer.pk)
        token, seed = tokens.show(locked, name=name, now=now)
        tokens.bind(locked, token, now=now)
        Customer.objects.filter(pk=customer.pk).update(method=Method.SOFT_TOKEN, method_chosen_at=now)
    customer.refresh_from_db()
    return Phone(seed, off=off)


def token_of(customer: Customer) -> SoftToken:
    """The bound token."""
    return SoftToken.objects.get(customer=customer, state=TokenState.BOUND)


def suspend(customer: Customer) -> bool:
    """What a loss report does to the token."""
    with transaction.atomic():
        return tokens.suspend(Customer.lock(customer.pk), now=timezone.now())
