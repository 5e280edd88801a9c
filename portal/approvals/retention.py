"""Deleting what is no longer to be kept, and sealing anew what is."""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.approvals import evidence, policy
from portal.approvals.models import Evidence, Proposal
from portal.lib import crypto

_NAME = re.compile(r"[0-9a-f]{32}")


class Resealed(NamedTuple):
    """How many were sealed anew, and how many no key of the ring opens, or are gone."""

    done: int
    left: int


def purge(now: datetime) -> int:
    """Delete decided proposals with their evidence once the retention is over, a batch at a time; how many."""
    over = Proposal.objects.filter(decided_at__lt=now - settings.RETENTION_EVIDENCE).order_by("decided_at")
    old = list(over.values_list("pk", flat=True)[: policy.PURGE_BATCH])
    files = Evidence.objects.filter(proposal__in=old)
    for kept in files:
        evidence.place(kept).unlink(missing_ok=True)
    with transaction.atomic():
        files.delete()
        Proposal.objects.filter(pk__in=old).delete()
    return len(old)


def drop_orphans(now: datetime) -> int:
    """Delete files that no row knows: uploads that were broken off. Young ones may still get their row."""
    dropped = 0
    for folder in evidence.folder().glob("[0-9a-f][0-9a-f]"):
        ours = (entry for entry in os.scandir(folder) if _NAME.fullmatch(entry.name))
        names = {entry.name for entry in ours if _age(entry, now) > policy.ORPHAN_AFTER.total_seconds()}
        for name in names - set(Evidence.objects.filter(file__startswith=folder.name).values_list("file", flat=True)):
            (folder / name).unlink(missing_ok=True)
            dropped += 1
    return dropped


def _age(entry: os.DirEntry[str], now: datetime) -> float:
    return now.timestamp() - entry.stat().st_mtime


# --- A new key ---------------------------------------------------------------------------------------------


def reseal_proposals() -> Resealed:
    """Seal the facts of proposals under the first key. Safe to interrupt, and to run twice or at the same time."""
    done = left = 0
    for pk in _old_proposals():
        with transaction.atomic():
            proposal = Proposal.objects.select_for_update().get(pk=pk)
            try:
                proposal.seal(proposal.before, proposal.after)
            except crypto.CannotOpen:
                left += 1
            else:
                proposal.save(update_fields=["sealed_before", "sealed_after"])
                done += 1
    return Resealed(done, left)


def _old_proposals() -> Iterator[UUID]:
    for pk, sealed in list(Proposal.objects.values_list("pk", "sealed_before").iterator()):
        if not crypto.sealed_by_first_key(bytes(sealed)):
            yield pk


def reseal_evidence() -> Resealed:
    """Seal the files of proposals under the first key, in the same way: a new file takes the place of the old one."""
    done = left = 0
    for kept in Evidence.objects.order_by("pk").iterator():
        try:
            done += evidence.reseal(kept)
        except (crypto.CannotOpen, OSError):
            left += 1
    return Resealed(done, left)
