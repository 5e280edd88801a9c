"""Sealing seeds anew under the first key of the ring, while everything goes on."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from portal.lib import crypto
from portal.lib.crypto import CannotOpen
from twofactor import policy
from twofactor.models import SoftToken, StaffAuthenticator

Keeper = type[SoftToken] | type[StaffAuthenticator]


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many seeds were sealed anew, and how many no key of the ring opens."""

    done: int = 0
    left: int = 0

    def __add__(self, other: "Resealed") -> "Resealed":
        return Resealed(self.done + other.done, self.left + other.left)


def soft_tokens() -> Resealed:
    """Seal the seeds of mobile security codes anew. Safe to interrupt, and to run twice or at the same time."""
    return _reseal(SoftToken)


def staff_authenticators() -> Resealed:
    """Seal the seeds of staff anew, in the same way."""
    return _reseal(StaffAuthenticator)


def _reseal(keeper: Keeper) -> Resealed:
    """Each batch is a transaction of its own, so that a login never waits long for a row."""
    sealed = keeper._default_manager.filter(sealed_seed__isnull=False).values_list("pk", "sealed_seed")
    old = [pk for pk, seed in sealed.order_by("pk").iterator() if not crypto.sealed_by_first_key(bytes(seed or b""))]
    batches = (old[start : start + policy.RESEAL_BATCH] for start in range(0, len(old), policy.RESEAL_BATCH))
    return sum((_batch(keeper, batch) for batch in batches), Resealed())


@transaction.atomic(durable=True)
def _batch(keeper: Keeper, keys: list[Any]) -> Resealed:
    done = left = 0
    for kept in keeper._default_manager.select_for_update().filter(pk__in=keys).order_by("pk"):
        if kept.sealed_seed is None or crypto.sealed_by_first_key(bytes(kept.sealed_seed)):
            continue  # removed, or sealed anew by somebody else, since it was looked at
        try:
            kept.seal(kept.seed)
        except CannotOpen:
            left += 1
        else:
            kept.save(update_fields=["sealed_seed"])
            done += 1
    return Resealed(done, left)
