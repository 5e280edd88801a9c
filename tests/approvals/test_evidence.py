"""What may be kept as evidence, and how it is kept."""

import io
import os
import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone, translation
from PIL import Image
from pytest_django import Settings as SettingsWrapper

from accounts.models import Customer
from portal.approvals import evidence, policy, proposals, recognition, retention
from portal.approvals.models import Evidence, FileKind, Proposal
from portal.approvals.rules import RefusedError
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.lib.crypto import CannotOpen
from tests.approvals.steps import files_in, packed, pdf, picture, propose, suspect

pytestmark = pytest.mark.django_db
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Refusals in English."""
    with translation.override("en"):
        yield


@pytest.fixture
def proposal(amy: Customer, mak: Customer, chan: Customer) -> Proposal:
    """Mak's, to unfreeze Amy."""
    return propose(suspect(amy), mak)


def add(proposal: Proposal, content: bytes, maker: Customer) -> Evidence:
    """Add a file and look at its row."""
    proposals.add_evidence(proposal.pk, io.BytesIO(content), maker=maker)
    return proposal.evidence.latest("added_at")


def opened(kept: Evidence) -> bytes:
    return b"".join(evidence.read(kept))


def check(content: bytes) -> recognition.Checked:
    return recognition.check(io.BytesIO(content))


def on_disk(content: bytes, folder: Path) -> recognition.Checked:
    """As a large upload arrives: in a file."""
    path = folder / "upload"
    path.write_bytes(content)
    with path.open("rb") as file:
        return recognition.check(file)


# --- Kept ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(FileKind))
def test_pdf_jpeg_and_png_are_kept_sealed_under_random_names(
    kind: FileKind, proposal: Proposal, mak: Customer, evidence_directory: Path
) -> None:
    """O7"""
    content = pdf(b"<< /Type /Catalog >>" * 30) if kind == FileKind.PDF else picture(kind.value)
    kept = add(proposal, content, mak)
    assert kept.kind == kind
    (file,) = files_in(evidence_directory)
    assert file.name == kept.file
    assert len(kept.file) == 32
    assert content[:8] not in file.read_bytes()
    assert b"Catalog" not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert len(opened(kept)) == kept.size
    if kind == FileKind.PDF:
        assert opened(kept) == content
    else:
        assert Image.open(io.BytesIO(opened(kept))).size == (40, 30)
    record = AuditRecord.objects.get(event=Event.EVIDENCE_ADDED)
    assert record.actor == mak
    assert record.facts["sha256"] == kept.sha256
    proposal.refresh_from_db()
    assert proposal.revision == 2


def test_a_picture_loses_everything_but_its_pixels(proposal: Proposal, mak: Customer) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "taken at home", 6  # a description, and "turn me"
    sent = picture("JPEG", size=(40, 20), exif=exif, comment=b"secret remark") + b"MZ\x90 a program behind it"
    kept = opened(add(proposal, sent, mak))
    for told in (b"taken at home", b"secret remark", b"a program", b"Exif"):
        assert told not in kept
    assert Image.open(io.BytesIO(kept)).size == (20, 40), "it was turned as it is meant to be seen"
    noted = picture("PNG", dpi=(300, 300))
    text = b"tEXtComment\0secret remark"
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    assert b"secret remark" not in opened(add(proposal, noted[:33] + chunk + noted[33:], mak))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", m) for m in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")] + [("JPEG", "CMYK"), ("JPEG", "L")],
)
def test_every_usual_mode_of_a_picture_is_kept(kind: str, mode: str) -> None:
    made = Image.new("RGBA", (8, 8), (200, 30, 30, 255)).convert(mode) if mode != "I;16" else None
    made = made or Image.new("I;16", (8, 8), 40_000)
    to = io.BytesIO()
    made.save(to, kind)
    kept = Image.open(check(to.getvalue()).content)
    assert kept.size == (8, 8)
    if mode == "I;16":
        assert kept.getpixel((0, 0)) == 40_000 // 256


# --- Refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00\x03\x00\x00\x00" + bytes(100),
        b"\x7fELF\x02\x01\x01" + bytes(100),
        b"#!/bin/sh\nrm -rf /\n",
        b"<html><script>alert(1)</script></html>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04" + bytes(100),
        b"GIF89a" + bytes(100),
        b" %PDF-1.7\n%%EOF",
        b"\x00",
    ],
)
def test_what_only_its_name_makes_a_picture_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="neither a PDF nor a JPEG nor a PNG"):
        check(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff" + b"MZ a program" * 50,
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        picture("PNG")[:200],
        picture("JPEG", size=(300, 300))[:-2000],
        b"\xff\xd8\xff\xe0",
    ],
)
def test_a_picture_that_cannot_be_decoded_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        check(content)


def test_a_bomb_of_pixels_is_refused_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def header(side: int) -> bytes:
        data = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + data + struct.pack(">I", zlib.crc32(data))

    idat = b"IDAT" + zlib.compress(bytes(1000))
    rest = struct.pack(">I", len(idat) - 4) + idat + struct.pack(">I", zlib.crc32(idat))
    for side in (5_100, 12_000, 60_000):
        tracemalloc.start()
        with pytest.raises(RefusedError, match="million pixels"):
            check(header(side) + rest)
        assert tracemalloc.get_traced_memory()[1] < 5 * MEGABYTE
        tracemalloc.stop()


def test_a_file_above_the_bound_is_refused_and_one_at_it_is_not(tmp_path: Path) -> None:
    filler = b"%" + b"x" * (policy.EVIDENCE_SIZE - len(pdf()) - 1)
    assert on_disk(pdf(stream=filler), tmp_path).kind == FileKind.PDF
    with pytest.raises(RefusedError, match="larger than 10 MB"):
        on_disk(pdf(stream=filler + b"x"), tmp_path)


def test_looking_into_a_large_pdf_holds_none_of_it(tmp_path: Path, proposal: Proposal, mak: Customer) -> None:
    path = tmp_path / "upload"
    filler = os.urandom(policy.EVIDENCE_SIZE - len(pdf()) - 100)
    path.write_bytes(pdf(stream=b"stream\n" + filler + b"\nendstream"))
    tracemalloc.start()
    with path.open("rb") as file:
        proposals.add_evidence(proposal.pk, file, maker=mak)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * MEGABYTE, f"{peak} bytes at once"
    assert opened(proposal.evidence.get()) == path.read_bytes()


@pytest.mark.parametrize(
    "acting",
    [
        b"<< /S /JavaScript /JS (app.alert(1)) >>",
        b"<< /S/JavaScript/JS(x)>>",
        b"<< /S /J#61vaScript >>",
        b"<< /S /#4a#61#76#61#53#63#72#69#70#74 >>",
        b"<< /Names << /JavaScript 5 0 R >> >>",
        b"<< /S /Launch /F (cmd.exe) >>",
        b"<< /Type /EmbeddedFile >>",
        b"<< /EmbeddedFiles 4 0 R >>",
        b"<< /Subtype /RichMedia >>",
        b"<< /S /SubmitForm >>",
        b"<< /S /ImportData >>",
        b"<< /AcroForm << /XFA 7 0 R >> >>",
    ],
)
def test_a_pdf_that_acts_or_carries_files_is_refused_however_it_is_spelt(acting: bytes, tmp_path: Path) -> None:
    for content in (
        pdf(acting),
        pdf(packed(b"1 0 " + acting)),
        pdf(packed(bytes(policy.CHUNK - 5 - len(acting) // 2) + acting)),
        pdf(packed(acting, b"/Type/ObjStm/N 1/First 4/Filter[/FlateDecode]")),
    ):
        for refused in (check, lambda content: on_disk(content, tmp_path)):
            with pytest.raises(RefusedError, match="scripts, forms or other files"):
                refused(content)


@pytest.mark.parametrize(
    "harmless",
    [
        b"<< /Title (JavaScript for beginners) >>",
        b"<< /JavaScripting 1 /Launcher 2 >>",
        b"<< /OpenAction [3 0 R /Fit] >>",
        b"<< /A << /S /URI /URI (https://example.com) >> >>",
    ],
)
def test_a_pdf_that_only_speaks_of_it_is_kept(harmless: bytes) -> None:
    assert check(pdf(harmless, packed(b"1 0 " + harmless))).kind == FileKind.PDF


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (pdf(end=b""), "its end is missing"),
        (pdf(end=b"startxref\n9\n%%EOF\n" + b"x" * 2000), "its end is missing"),
        (b"%PDF-1.7\nMZ a program", "its end is missing"),
        (pdf(b"<< /Encrypt 9 0 R >>"), "encrypted"),
        (pdf(packed(b"x", b"/Type /ObjStm /Filter /LZWDecode")), "cannot be looked into"),
        (pdf(packed(b"x", b"/Type /ObjStm")), "cannot be looked into"),
        (pdf(packed(b"x", b"/Type /ObjStm /Filter [/ASCII85Decode /FlateDecode]")), "cannot be looked into"),
        (pdf(packed(b"x", b"/Type /ObjStm /Filter /FlateDecode /DecodeParms << >>")), "cannot be looked into"),
        (pdf(packed(b"x", b"/Type /ObjStm /Filter /Fl#61teDecode")), "cannot be looked into"),
        (pdf(b"<< /Type /ObjStm /Filter /FlateDecode >>\nstream\nnot packed\nendstream"), "cannot be looked into"),
        (pdf(b"<< /Type /ObjStm >>"), "cannot be looked into"),
        (pdf(packed(b"x" * 5000)[:-20]), "cannot be looked into"),
    ],
)  # fmt: skip
def test_a_pdf_that_is_broken_locked_or_odd_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        check(content)


def test_a_pdf_that_unpacks_without_end_is_refused_in_little_memory() -> None:
    bomb = pdf(*[packed(bytes(20 * MEGABYTE)) for _ in range(4)])
    tracemalloc.start()
    with pytest.raises(RefusedError, match="cannot be looked into"):
        check(bomb)
    assert tracemalloc.get_traced_memory()[1] < 5 * MEGABYTE
    tracemalloc.stop()
    many = pdf(packed(b"x") * (policy.PDF_OBJECT_STREAMS + 1))
    with pytest.raises(RefusedError, match="cannot be looked into"):
        check(many)


def test_a_proposal_takes_five_files(proposal: Proposal, mak: Customer, evidence_directory: Path) -> None:
    for _ in range(policy.EVIDENCE_FILES):
        add(proposal, picture(), mak)
    with pytest.raises(RefusedError, match="5 files at most"):
        add(proposal, picture(), mak)
    assert len(files_in(evidence_directory)) == 5


def test_files_come_with_a_proposal_or_not_at_all(
    amy: Customer, mak: Customer, chan: Customer, evidence_directory: Path
) -> None:
    suspect(amy)
    facts = {"before": {"state": "frozen"}, "after": {"state": "active"}}
    for files in ([b"MZ a program"], [picture(), b"MZ a program"]):
        with pytest.raises(RefusedError):
            proposals.propose(
                "unfreeze", maker=mak, subject=amy, reason="as agreed", evidence=map(io.BytesIO, files),
                now=timezone.now(), **facts,
            )  # fmt: skip
    assert not Proposal.objects.exists()
    assert files_in(evidence_directory) == []
    made = proposals.propose(
        "unfreeze", maker=mak, subject=amy, reason="as agreed", evidence=[io.BytesIO(picture())],
        now=timezone.now(), **facts,
    )  # fmt: skip
    assert made.evidence.count() == 1


# --- Changed, lost, old ------------------------------------------------------------------------------------


def test_a_file_that_was_changed_moved_or_cut_does_not_open(proposal: Proposal, mak: Customer) -> None:
    content = pdf(stream=b"%" + b"y" * (policy.CHUNK * 2))
    one, other = add(proposal, content, mak), add(proposal, content, mak)
    whole = evidence.place(one).read_bytes()
    half = len(whole) // 2
    flipped = whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :]
    length = 4 + int.from_bytes(whole[:4], "big")
    swapped = whole[length : 2 * length] + whole[:length] + whole[2 * length :]
    for bad in (flipped, whole[:-1], whole[:length], swapped, b"", evidence.place(other).read_bytes()):
        evidence.place(one).write_bytes(bad)
        with pytest.raises(CannotOpen):
            opened(one)
    evidence.place(one).write_bytes(whole)
    assert opened(one) == content
    evidence.place(one).unlink()
    with pytest.raises(OSError, match="No such file"):
        opened(one)


def test_uploads_that_were_broken_off_are_cleared_and_nothing_else(
    proposal: Proposal, mak: Customer, evidence_directory: Path
) -> None:
    """O4"""
    kept = add(proposal, picture(), mak)
    folder = evidence.place(kept).parent
    names = {"orphan": folder / ("a" * 32), "young": folder / ("b" * 32), "stranger": folder / "notes.txt"}
    for path in names.values():
        path.write_bytes(b"x")
    old = time.time() - 2 * 86400
    for path in (names["orphan"], names["stranger"], evidence.place(kept)):
        os.utime(path, (old, old))
    assert [retention.drop_orphans(timezone.now()) for _ in range(2)] == [1, 0]
    assert set(files_in(evidence_directory)) == {names["young"], names["stranger"], evidence.place(kept)}


def test_proposals_and_files_are_kept_for_seven_years_or_as_the_setting_says(
    proposal: Proposal, amy: Customer, mak: Customer, evidence_directory: Path, settings: SettingsWrapper
) -> None:
    """O7"""
    add(proposal, picture(), mak)
    proposals.withdraw(proposal.pk, maker=mak)
    add(propose(amy, mak), picture(), mak)
    at = timezone.now()
    assert retention.purge(at + timedelta(days=7 * 365)) == 0
    settings.RETENTION_EVIDENCE = timedelta(days=7 * 365 + 10)
    assert retention.purge(at + timedelta(days=7 * 365 + 9)) == 0
    assert retention.purge(at + timedelta(days=7 * 365 + 11)) == 1
    assert Proposal.objects.count() == Evidence.objects.count() == len(files_in(evidence_directory)) == 1


def test_a_new_key_takes_over_facts_and_files(
    proposal: Proposal, mak: Customer, settings: SettingsWrapper, capsys: pytest.CaptureFixture[str]
) -> None:
    """T3: nothing is lost when the old key is dropped"""
    content = pdf(stream=b"%" + b"y" * (policy.CHUNK + 5))
    kept = add(proposal, content, mak)
    ring = dict(django_settings.SEALING_KEYS)
    settings.SEALING_KEYS = {"k2": bytes(range(32)), **ring}
    call_command("reseal_secrets")
    assert "Proposals: 1 sealed anew, 0 left." in (told := capsys.readouterr().out)
    assert "Files of proposals: 1 sealed anew, 0 left." in told
    settings.SEALING_KEYS = {"k2": bytes(range(32))}
    proposal.refresh_from_db()
    assert proposal.before["reference"] == "FAB2CD3E"
    assert opened(kept) == content
    call_command("reseal_secrets")
    assert "Files of proposals: 0 sealed anew, 0 left." in capsys.readouterr().out


def test_without_a_directory_nothing_is_kept_anywhere(
    proposal: Proposal, mak: Customer, settings: SettingsWrapper
) -> None:
    for unset in ("", "evidence"):
        settings.EVIDENCE_DIRECTORY = unset
        with pytest.raises(Exception, match="Set EVIDENCE_DIRECTORY"):
            add(proposal, picture(), mak)
        with pytest.raises(Exception, match="Set EVIDENCE_DIRECTORY"):
            retention.drop_orphans(timezone.now())
    assert not Evidence.objects.exists()
