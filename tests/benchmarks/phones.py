"""Binds the mobile security code for clients of the bench, whose seeds are a matter of arithmetic as they are.

Run as a process of its own, with the environment of the portal: `python -m tests.benchmarks.phones 000001 000002`.
"""

import hashlib
import sys
import time
from base64 import b32encode

import django
from django.apps import apps
from django.utils import timezone
from pyotp import TOTP

from tests.benchmarks.clients import Client


def seed(number: str) -> bytes:
    """The seed of an account: 160 bits."""
    return hashlib.sha1(number.encode(), usedforsecurity=False).digest()


def shown(client: Client) -> str:
    """What the client's phone shows now."""
    return TOTP(b32encode(seed(client.number)).decode()).at(int(time.time()))


def main() -> None:
    """Bind a phone for each account number of the command line."""
    django.setup()
    customers, tokens = apps.get_model("accounts", "Customer"), apps.get_model("twofactor", "SoftToken")
    now = timezone.now()
    for customer in customers.objects.filter(login__in=sys.argv[1:]):
        token = tokens(customer=customer, name="Phone", state="bound", bound_at=now)
        token.seal(seed(customer.login))
        token.save(force_insert=True)
        customers.objects.filter(pk=customer.pk).update(method="soft_token", method_chosen_at=now)


if __name__ == "__main__":
    main()
