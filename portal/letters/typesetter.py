"""The typesetter, a process of its own for every file: it never forgets what it has laid out, codes among it, and has
to end for that. It reads what to print from its input and writes the file to its output, through pipes."""

import resource
import sys
from pathlib import Path
from typing import Final

import typst

#: PDF for universal access (ISO 14289-1): tagged, with a title and its languages. Anything less is refused.
_STANDARD: Final = "ua-1"


def leave_no_trace() -> None:
    """From here on this process can write no file, and the kernel writes none of it when it falls over."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(source: Path, fonts: Path) -> None:
    """Write the PDF that a source makes of the JSON in standard input. Raises `typst.TypstError`."""
    # No other fonts: what ours lacks must not come from whatever this machine happens to have.
    ours = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)])
    content = {"content": sys.stdin.buffer.read().decode()}
    pdf = typst.compile(source.read_bytes(), font_paths=ours, sys_inputs=content, pdf_standards=_STANDARD)
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    leave_no_trace()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
