"""The head of the chain, published once a day off the box: a signed file for a folder elsewhere and for the auditor.

Whoever holds our keys can rewrite the trail, but not what has left already: a head that was kept does not fit then.
The signature is Ed25519, so that the auditor checks it with a public key and needs no secret of ours.
"""

import base64
import binascii
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.audit import sealing
from portal.audit.models import AuditDuty, AuditHead
from portal.lib import crypto

#: Writes to the auditor: subject and text.
Tell = Callable[[str, str], object]

PURPOSE = "audit head"
_TITLE = "Head of the audit trail, version 1"
_FIELDS = ("portal", "day", "made", "position", "digest", "key")
LARGEST = 10_000  # bytes of a file with a head, an e-mail around it included


class HeadError(Exception):
    """Why a text is no head of ours, in one sentence."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time, as somebody kept it."""

    portal: str
    day: str
    made: str
    position: int
    digest: str
    key: str  # its name
    signature: bytes

    @property
    def signed_text(self) -> str:
        """What the signature is over."""
        return "".join(f"{line}\n" for line in (_TITLE, *(f"{name}: {getattr(self, name)}" for name in _FIELDS)))

    @property
    def text(self) -> str:
        """The whole file."""
        return f"{self.signed_text}signature: {base64.b64encode(self.signature).decode()}\n"

    @property
    def signed(self) -> bool:
        """Whether our key has signed it."""
        return crypto.is_signed(PURPOSE, self.signed_text.encode(), self.signature, key=self.key)


def parse(text: str) -> Head:
    """Read a head out of a file or of an e-mail, whatever stands around it. Raises `HeadError`."""
    lines = [line.strip() for line in text.splitlines()]
    if _TITLE not in lines:
        raise HeadError("it holds no head of an audit trail")
    fields = dict(line.split(": ", 1) for line in lines[lines.index(_TITLE) + 1 :][: len(_FIELDS) + 1] if ": " in line)
    try:
        signature = base64.b64decode(fields.pop("signature"), validate=True)
        return Head(**{**fields, "position": int(fields["position"])}, signature=signature)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise HeadError("it holds a head with lines missing or changed") from None


def read(path: Path) -> Head:
    """The head in a file. Raises `HeadError`."""
    try:
        with path.open("rb") as file:
            return parse(file.read(LARGEST).decode("utf-8", "replace"))
    except OSError as error:
        raise HeadError(f"it cannot be read: {error.strerror}") from None


def public_key() -> str:
    """The key with which the auditor checks signatures, as PEM (RFC 8410)."""
    der = bytes.fromhex("302a300506032b6570032100") + crypto.public_key(PURPOSE)
    return f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"


def file_name(day: date) -> str:
    """How the file of a day is called."""
    return f"audit-head-{day}.txt"


def publish(now: datetime, *, tell: Tell, alarm: Tell) -> AuditHead:
    """Make the head of today unless it is there, tell the auditor, and put the file into its folder.

    Safe to run twice: a head is made and told once, and its file is written again if it is not there. Raises `OSError`
    after an alarm.
    """
    head = _make(now, tell)
    file = Path(settings.AUDIT_HEAD_DIRECTORY) / file_name(head.day)
    try:
        if not file.exists():
            _write(file, head.text)
    except OSError as error:
        alarm(
            "The head of the audit trail could not be stored",
            f"{file.name} could not be written into AUDIT_HEAD_DIRECTORY: {error.strerror}. It is tried again hourly.",
        )
        raise
    return head


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}.", suffix=".new")
    with os.fdopen(handle, "w", encoding="ascii") as writing:
        writing.write(text)
        writing.flush()
        os.fchmod(handle, 0o644)  # nothing in it is secret, and who keeps it is another user
        os.fsync(handle)
    Path(name).replace(file)


def _make(now: datetime, tell: Tell) -> AuditHead:
    day = timezone.localdate(now, timezone.get_default_timezone())
    there = AuditHead.objects.filter(day=day).first()
    if there:
        return there
    sealing.seal(now, everything=True)
    with transaction.atomic():
        AuditDuty.objects.select_for_update().get_or_create(name="head")
        there = AuditHead.objects.filter(day=day).first()
        if there:
            return there
        last = sealing.end()
        head = sign(day, now, last.position if last else 0, last.digest if last else "-")
        stored = AuditHead.objects.create(
            day=day, position=head.position, digest=head.digest, made_at=now, text=head.text
        )
        tell(f"Head of the audit trail, {day}", head.text)
    return stored


def sign(day: date, now: datetime, position: int, digest: str) -> Head:
    """The head of a day, signed with the first of our keys."""
    head = Head(
        portal=urlsplit(settings.PUBLIC_ORIGIN).hostname or "",
        day=day.isoformat(),
        made=timezone.localtime(now, timezone.get_default_timezone()).isoformat(timespec="seconds"),
        position=position,
        digest=digest,
        key=next(iter(settings.AUDIT_KEYS)),
        signature=b"",
    )
    return replace(head, signature=crypto.sign(PURPOSE, head.signed_text.encode(), key=head.key))
