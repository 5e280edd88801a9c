"""Sealing anew, under the first key of the ring, what was printed."""

from typing import NamedTuple

from django.db import transaction

from portal.letters.models import Letter
from portal.lib import crypto


class Resealed(NamedTuple):
    """How many letters were sealed anew, and how many no key of the ring opens."""

    done: int
    left: int


def reseal() -> Resealed:
    """Seal what was printed under the first key. Safe to interrupt, and to run twice or at the same time."""
    done = left = 0
    sealed = Letter.objects.filter(sealed_content__isnull=False).values_list("pk", "sealed_content")
    old = [pk for pk, content in sealed.iterator() if not crypto.sealed_by_first_key(bytes(content or b""))]
    for pk in old:
        with transaction.atomic():
            letter = Letter.objects.select_for_update().get(pk=pk)
            try:
                letter.seal(letter.content)
            except crypto.CannotOpen:
                left += 1
            else:
                letter.save(update_fields=["sealed_content"])
                done += 1
    return Resealed(done, left)
