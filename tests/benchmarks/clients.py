"""The clients of the bench: who they are is a matter of arithmetic, so that no process has to tell another."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

PASSWORD = "Harbour-2026-bench"
_addresses = count(1)


def number(place: int) -> str:
    """The account number of the account at this place."""
    return f"{place:06d}"


def mobile(login: str) -> str:
    """The mobile number of an account."""
    return f"+85290{login}"


def email(login: str) -> str:
    """The e-mail address of an account."""
    return f"c{login}@client.example"


@dataclass(frozen=True, slots=True)
class Client:
    """One client at a place of the internet that nobody else comes from."""

    number: str
    address: str

    @property
    def mobile(self) -> str:
        return mobile(self.number)


def crowd(accounts: int) -> Iterator[Client]:
    """Each client once, spread over all accounts, as they come at an opening bell."""
    some = random.Random(20180425).sample(range(accounts), min(accounts, 10_000))
    for place in some:
        place_in_net = next(_addresses)
        yield Client(number(place), f"100.{64 + (place_in_net >> 16)}.{place_in_net >> 8 & 255}.{place_in_net & 255}")
