"""Proposals as the desk makes them, and files as people send them."""

import io
import zlib
from pathlib import Path
from typing import Any

from django.utils import timezone
from PIL import Image

from accounts.models import Customer, FreezeCause
from portal.approvals import proposals
from portal.approvals.models import Proposal
from portal.desk import kinds
from portal.desk.kinds import KINDS
from tests.desk.steps import frozen

CHECKED = {"questions": "full name, recent trade", "passed": "yes"}


def suspect(client: Customer, reference: str = "FAB2CD3E") -> Customer:
    """The client, frozen for fraud."""
    return frozen(client, FreezeCause.FRAUD, freeze_reference=reference)


def propose(client: Customer, maker: Customer, kind: str = "unfreeze", **changes: Any) -> Proposal:
    """A proposal as the page makes it."""
    facts = {"reason": "Caller explained the login abroad", "after": CHECKED, "now": timezone.now(), **changes}
    return kinds.propose(KINDS[kind], client, maker=maker, **facts)


def approve(proposal: Proposal, checker: Customer, **changes: Any) -> Proposal:
    """A decision as the page makes it, by somebody who has read the proposal as it is given here."""
    facts = {"revision": proposal.revision, "reason": "Called back, all in order", **changes}
    return proposals.approve(proposal.pk, checker=checker, kind=KINDS[proposal.kind], **facts)


# --- Files -----------------------------------------------------------------------------------------------


def picture(kind: str = "PNG", *, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    """A picture with some colours in it."""
    made = Image.effect_noise(size, 60).convert(mode)
    to = io.BytesIO()
    made.save(to, kind, **options)
    return to.getvalue()


def pdf(*objects: bytes, stream: bytes = b"", end: bytes = b"startxref\n9\n%%EOF\n") -> bytes:
    """A PDF in outline, with these objects."""
    numbered = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + numbered + stream + end


def packed(content: bytes, dictionary: bytes = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode") -> bytes:
    """An object stream, as newer PDFs hold most of their objects."""
    data = zlib.compress(content)
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(data), data)


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
