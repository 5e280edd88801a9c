"""PDFs as a reader, a screen reader and a scanner meet them."""

import subprocess
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pypdf import PdfReader

MILLIMETRES = 25.4 / 72  # in a point


@dataclass(frozen=True)
class Word:
    """A word on a page and its box, in millimetres from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def text_of(pdf: bytes) -> list[str]:
    """What a program reads on each page, without any space: where lines end is the typesetter's."""
    return ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


def words_of(pdf: bytes, page: int = 1) -> list[Word]:
    """Every word of a page, with where it stands."""
    command = ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), "-", "-"]
    done = subprocess.run(command, input=pdf, capture_output=True, check=True)
    html = ElementTree.fromstring(done.stdout)
    return [
        Word(each.text or "", *(float(each.attrib[side]) * MILLIMETRES for side in ("xMin", "yMin", "xMax", "yMax")))
        for each in html.iter("{http://www.w3.org/1999/xhtml}word")
    ]


def picture_of(pdf: bytes, folder: Path, *, page: int = 1, resolution: int = 150) -> Path:
    """A page as a printer would draw it; the file."""
    target = folder / f"page-{page}"
    command = ["pdftoppm", "-r", str(resolution), "-f", str(page), "-l", str(page), "-singlefile", "-png", "-"]
    subprocess.run([*command, str(target)], input=pdf, capture_output=True, check=True)
    return target.with_suffix(".png")


@dataclass(frozen=True)
class Access:
    """What a screen reader is told about a file."""

    marked: bool
    language: str
    title: str
    elements: list[str]  # the kinds of what stands in it, in reading order
    standard: int  # of ISO 14289


def access_of(pdf: bytes) -> Access:
    """What a file says about itself. Raises `KeyError` for one without tags."""
    reader = PdfReader(BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    metadata: Any = root["/Metadata"].get_data().decode()
    return Access(
        marked=bool(root["/MarkInfo"]["/Marked"]),
        language=str(root["/Lang"]),
        title=str(reader.metadata.title if reader.metadata else ""),
        elements=list(_elements(root["/StructTreeRoot"])),
        standard=int("pdfuaid:part>1<" in metadata or 'pdfuaid:part="1"' in metadata),
    )


def _elements(node: Any) -> list[str]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return [name for each in node for name in _elements(each)]
    if not isinstance(node, dict):
        return []
    own = [str(node["/S"])] if "/S" in node else []
    return own + (_elements(node["/K"]) if "/K" in node else [])
