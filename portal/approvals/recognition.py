"""What a file is, by its content and not by its name, and whether it may be kept.

Pictures are decoded whole and written anew: what is kept is pixels, whatever else the file held. A PDF cannot be
written anew without harm to it. It is kept as it is if it begins and ends as one and no name of something that acts
stands in it, spelt in any way, in the open or in the packed objects. What is drawn on its pages is not looked at.
"""

import mmap
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import UnsupportedOperation
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from portal.approvals import policy
from portal.approvals.models import FileKind
from portal.approvals.rules import RefusedError

_MAGIC = {b"%PDF-": FileKind.PDF, b"\xff\xd8\xff": FileKind.JPEG, b"\x89PNG\r\n\x1a\n": FileKind.PNG}
_FORMATS = {FileKind.JPEG: ("JPEG", "MPO"), FileKind.PNG: ("PNG",)}  # MPO: several JPEGs in one, as some phones send

#: What acts by itself, carries another file, or keeps us from looking.
_ACTS = ("JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "SubmitForm", "ImportData", "XFA")
_TAIL = 1024  # bytes of a PDF in which its end has to stand
_OVERLAP = 128  # bytes; longer than any of these names, spelt as long as they can be
_HEAD = 4096  # bytes around the name of a packed object in which its dictionary has to fit


def _name(*words: str) -> re.Pattern[bytes]:
    """One of these PDF names, each letter plain or as `#` and two hexadecimal digits."""
    spelt = ("".join(f"(?:{letter}|#{ord(letter):02x}|#{ord(letter):02X})" for letter in word) for word in words)
    return re.compile(f"/(?:{'|'.join(spelt)})(?![A-Za-z0-9#])".encode())


_ACTING, _LOCKED, _PACKED = _name(*_ACTS), _name("Encrypt"), _name("ObjStm")
_FILTER = re.compile(rb"/Filter\s*(\[\s*)?/FlateDecode\s*(?(1)\])\s*(?=[/>])")
_BEGINS = re.compile(rb"stream\r?\n")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept, and what it is. Of a picture it is the new one."""

    kind: FileKind
    content: IO[bytes]


def check(file: IO[bytes]) -> Checked:
    """The file as it may be kept. Raises `RefusedError` with a sentence for whoever sent it."""
    kind = _recognise(file)
    if kind == FileKind.PDF:
        _look_into(file)
        return Checked(kind, file)
    redrawn = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - it has no name and ends with its handle
    _redraw(file, kind, redrawn)
    if redrawn.seek(0, 2) > policy.EVIDENCE_SIZE:
        raise RefusedError(
            _("Written anew, the picture is larger than %(size)d MB: send it as JPEG.")
            % {"size": policy.EVIDENCE_SIZE // 1024**2}
        )
    return Checked(kind, redrawn)


def _recognise(file: IO[bytes]) -> FileKind:
    size = file.seek(0, 2)
    if size > policy.EVIDENCE_SIZE:
        raise RefusedError(_("The file is larger than %(size)d MB.") % {"size": policy.EVIDENCE_SIZE // 1024**2})
    file.seek(0)
    head = file.read(8)
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if kind is None:
        raise RefusedError(_("This is neither a PDF nor a JPEG nor a PNG file, whatever its name says."))
    return kind


# --- Pictures --------------------------------------------------------------------------------------------


def _redraw(file: IO[bytes], kind: FileKind, to: IO[bytes]) -> None:
    """Write the picture anew, turned as it is meant to be seen and without anything but its pixels."""
    try:
        file.seek(0)
        with Image.open(file, formats=["JPEG", "PNG"]) as picture:
            if picture.format not in _FORMATS[kind]:
                raise _broken()
            if picture.width * picture.height > policy.EVIDENCE_PIXELS:
                raise _too_many_pixels()
            picture.load()
            drawn = _plain(ImageOps.exif_transpose(picture), kind)
    except RefusedError:
        raise
    except Image.DecompressionBombError as problem:
        raise _too_many_pixels() from problem
    except Exception as problem:  # whatever a decoder finds to say about bytes that somebody made up
        raise _broken() from problem
    drawn.info = {}
    if kind == FileKind.JPEG:
        drawn.save(to, "JPEG", quality=policy.JPEG_QUALITY)
    else:
        drawn.save(to, "PNG")


def _plain(picture: Image.Image, kind: FileKind) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits of grey
        return picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    if picture.mode in {"1", "L"}:
        return picture.convert("L")
    transparent = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    return picture.convert("RGBA" if transparent and kind == FileKind.PNG else "RGB")


def _too_many_pixels() -> RefusedError:
    return RefusedError(
        _("The picture has more than %(count)d million pixels: send a smaller one.")
        % {"count": policy.EVIDENCE_PIXELS // 10**6}
    )


def _broken() -> RefusedError:
    return RefusedError(_("The picture cannot be read: it is broken, or only pretends to be one."))


# --- PDF ---------------------------------------------------------------------------------------------------


Content = mmap.mmap | bytes


@contextmanager
def _mapped(file: IO[bytes]) -> Iterator[Content]:
    """The bytes of a file, which are mapped and not held. A small upload has no file: it is held already."""
    try:
        number = file.fileno()
    except (AttributeError, UnsupportedOperation):
        file.seek(0)
        yield file.read()
        return
    with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as content:
        yield content


def _look_into(file: IO[bytes]) -> None:
    """Raise `RefusedError` for a PDF that is broken, locked or acts."""
    with _mapped(file) as content:
        if content.rfind(b"%%EOF", max(0, len(content) - _TAIL)) < 0 or content.rfind(b"startxref") < 0:
            raise RefusedError(_("The PDF is not whole: its end is missing."))
        if _LOCKED.search(content):
            raise RefusedError(_("The PDF is encrypted: send one that opens without a password."))
        if _ACTING.search(content) or any(_ACTING.search(piece) for piece in _unpacked(content)):
            raise RefusedError(
                _("The PDF holds scripts, forms or other files: print it to a new PDF, or send a picture.")
            )


def _unpacked(content: Content) -> Iterator[bytes]:
    """The packed objects of a PDF, piece by piece. One that cannot be unpacked here is refused."""
    left = policy.PDF_INFLATED
    for count, named in enumerate(_PACKED.finditer(content)):
        if count == policy.PDF_OBJECT_STREAMS:
            raise _unusual()
        start, begins = _dictionary(content, named.start())
        dictionary = content[start:begins]
        if b"#" in dictionary or b"/DecodeParms" in dictionary or len(_FILTER.findall(dictionary)) != 1:
            raise _unusual()
        for piece in _inflated(content, begins, left):
            left -= len(piece)
            yield piece


def _dictionary(content: Content, place: int) -> tuple[int, int]:
    """Where the dictionary around this place begins, and where its data do."""
    start = content.rfind(b"obj", max(0, place - _HEAD), place)
    data = _BEGINS.search(content, place, place + _HEAD)
    if start < 0 or data is None or content.find(b"endobj", place, data.start()) >= 0:
        raise _unusual()
    return start, data.end()


def _inflated(content: Content, place: int, most: int) -> Iterator[bytes]:
    machine, last = zlib.decompressobj(), b""
    while not machine.eof:
        packed = machine.unconsumed_tail
        if not packed:
            packed, place = content[place : place + policy.CHUNK], place + policy.CHUNK
        try:
            piece = machine.decompress(packed, policy.CHUNK)
        except zlib.error as problem:
            raise _unusual() from problem
        most -= len(piece)
        if most < 0 or not packed:
            raise _unusual()
        yield last + piece
        last = piece[-_OVERLAP:]


def _unusual() -> RefusedError:
    return RefusedError(_("The PDF is built in a way that cannot be looked into: print it to a new PDF."))
