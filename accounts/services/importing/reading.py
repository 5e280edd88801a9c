"""Reading the file: UTF-8, strict CSV, bounded in every direction, one record at a time."""

import csv
from collections.abc import Iterator
from typing import TextIO

REQUIRED = ("number", "name")
OPTIONAL = ("language", "mobile", "email", "postal_address", "state", "password_hash")
COLUMNS = (*REQUIRED, *OPTIONAL)

MAX_LINE = 8_192  # characters; the longest row that passes every check is about 1,500
MAX_RECORD_LINES = 50  # a quoted address has a few; beyond that a quotation mark was never closed


class FileRefused(Exception):
    """The file as a whole cannot be taken; nothing was changed. The message is for the operator."""


class _BoundedLines:
    """The lines of the file, so that neither an endless line nor an endless record can fill the memory."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._in_record = 0

    def begin_record(self) -> None:
        self._in_record = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self._in_record += 1
        if self._in_record > MAX_RECORD_LINES:
            raise csv.Error(f"a record of more than {MAX_RECORD_LINES} lines")
        line = self._file.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise csv.Error(f"a line of more than {MAX_LINE} characters")
        if not line:
            raise StopIteration
        return line


def read_records(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its first line; empty lines are skipped. Raises FileRefused.

    After a fault in the quoting no later record can be trusted, so the fault refuses the file.
    """
    lines = _BoundedLines(file)
    reader = csv.reader(lines, strict=True)
    while True:
        first_line = reader.line_num + 1
        lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRefused(f"Line {first_line}: not valid CSV ({error}).") from None
        except UnicodeDecodeError:
            raise FileRefused(f"Line {first_line} or soon after: not UTF-8.") from None
        if cells:
            yield first_line, cells


def read_header(records: Iterator[tuple[int, list[str]]]) -> list[str]:
    """The columns in the order of the file. Raises FileRefused.

    A column is named by its place only: in a file without a header it would be somebody's data.
    """
    _, cells = next(records, (0, []))
    header = [cell.strip() for cell in cells]
    if not header:
        raise FileRefused("The file is empty: it needs a line with the column names.")
    for place, name in enumerate(header, start=1):
        if name not in COLUMNS:
            raise FileRefused(f"Column {place} of the first line is none of: {', '.join(COLUMNS)}.")
        if name in header[: place - 1]:
            raise FileRefused(f"The column {name} is there twice.")
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise FileRefused(f"The column {missing[0]} is missing.")
    return header
