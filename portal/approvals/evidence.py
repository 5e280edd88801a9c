"""Files of proposals: sealed in a directory outside the web root, under random names, and read nowhere but here.

A file is sealed piece by piece, each piece bound to its evidence, its place and the number of pieces: none can be
exchanged, moved or left out. So no more than a piece is held at a time.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from portal.approvals import policy
from portal.approvals.models import Evidence, Proposal
from portal.approvals.recognition import Checked
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.trail import record
from portal.lib import crypto

_SEAL = "evidence"
_LENGTH = 4  # bytes that say how long the sealed piece is that follows
_KEY_NAME = 17  # bytes, more than the longest name of a key and its colon


def keep(proposal: Proposal, checked: Checked, *, now: datetime) -> Evidence:
    """Seal a file and add it to a locked proposal; the row commits with the caller's transaction.

    Raises `RefusedError` for one too many.
    """
    if proposal.evidence.count() >= policy.EVIDENCE_FILES:
        raise RefusedError(_("A proposal takes %(count)d files at most.") % {"count": policy.EVIDENCE_FILES})
    kept = Evidence(proposal=proposal, kind=checked.kind, file=secrets.token_hex(16), added_at=now)
    _seal(kept, checked)
    try:
        kept.save(force_insert=True)
    except BaseException:
        place(kept).unlink()
        raise
    record(
        Event.EVIDENCE_ADDED,
        actor=proposal.maker,
        subject=proposal.subject,
        facts={
            "reference": proposal.reference,
            "evidence": str(kept.pk),
            "kind": checked.kind.value,
            "size": kept.size,
            "sha256": kept.sha256,
        },
    )
    return kept


def _seal(kept: Evidence, checked: Checked) -> None:
    file = checked.content
    kept.size = file.seek(0, 2)
    file.seek(0)
    digest = hashlib.sha256()

    def pieces() -> Iterator[bytes]:
        while piece := file.read(policy.CHUNK):
            digest.update(piece)
            yield piece

    _write(kept, pieces(), place(kept))
    kept.sha256 = digest.hexdigest()


def _write(kept: Evidence, pieces: Iterator[bytes], to: Path) -> None:
    """Seal the pieces into a new file, whole or not at all."""
    for missing in (folder(), to.parent):
        missing.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sealed:
            for number, piece in enumerate(pieces):
                closed = crypto.seal(_SEAL, piece, bound_to=_bound(kept, number))
                sealed.write(len(closed).to_bytes(_LENGTH, "big") + closed)
            sealed.flush()
            os.fsync(sealed.fileno())
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def reseal(kept: Evidence) -> bool:
    """Seal a file under the first key of the ring; whether it was not so already. Raises as `read` does."""
    old = place(kept)
    with old.open("rb") as sealed:
        if crypto.sealed_by_first_key(sealed.read(_LENGTH + _KEY_NAME)[_LENGTH:]):
            return False
    new = old.with_name(secrets.token_hex(16))  # until it takes the other's name, a file that no row knows
    _write(kept, read(kept), new)
    new.replace(old)
    return True


def read(kept: Evidence) -> Iterator[bytes]:
    """The file, opened piece by piece. Raises `CannotOpen` where it was changed, `OSError` where it is gone."""
    with place(kept).open("rb") as sealed:
        for number in range(_pieces(kept.size)):
            length = int.from_bytes(sealed.read(_LENGTH), "big")
            if length > 2 * policy.CHUNK:
                raise crypto.CannotOpen("not a sealed file")
            yield crypto.open_sealed(_SEAL, sealed.read(length), bound_to=_bound(kept, number))


def hand_out(kept: Evidence, *, to: Any) -> Iterator[bytes]:
    """The file for a member of staff, which is written down.

    Raises `CannotOpen` or `OSError` for one that is broken from its beginning on.
    """
    pieces = read(kept)
    first = next(pieces)
    record(
        Event.EVIDENCE_READ,
        actor=to,
        subject=kept.proposal.subject,
        facts={"reference": kept.proposal.reference, "evidence": str(kept.pk)},
    )
    return _chained(first, pieces)


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def place(kept: Evidence) -> Path:
    """Where the sealed file lies."""
    return folder() / kept.file[:2] / kept.file


def folder() -> Path:
    """The evidence directory. Raises `ImproperlyConfigured`."""
    configured = Path(settings.EVIDENCE_DIRECTORY)
    if not configured.is_absolute():
        raise ImproperlyConfigured("Set EVIDENCE_DIRECTORY to the whole path of a folder.")
    return configured


def _pieces(size: int) -> int:
    return -(-size // policy.CHUNK)


def _bound(kept: Evidence, number: int) -> str:
    return f"{kept.pk}/{number}/{_pieces(kept.size)}"
