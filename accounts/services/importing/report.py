"""The report of refused rows and fields: a CSV file that a spreadsheet opens without running anything."""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from accounts.services.importing.reading import FileRefused
from accounts.services.importing.rows import Refusal
from portal.lib.cells import harmless


class Report:
    """Takes refusals one by one; the file appears under its name only when `publish` is called."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Readable by the owner alone. In the same folder, because only there a rename is one step.
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
        except OSError as error:
            raise FileRefused(f"The report cannot be written to {path}: {error.strerror}.") from None
        self._partial = Path(name)
        self._file = os.fdopen(handle, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(Refusal._fields)

    def write(self, refusals: Iterable[Refusal]) -> None:
        self._writer.writerows([harmless(cell) for cell in refusal] for refusal in refusals)

    def flush(self) -> None:
        """Put everything on the disk, so that after the commit only the rename is left to do."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def publish(self) -> None:
        self._file.close()
        self._partial.replace(self._path)

    def discard(self) -> None:
        """Leaves nothing behind; harmless after `publish`."""
        self._file.close()
        with suppress(FileNotFoundError):
            self._partial.unlink()


@contextmanager
def open_report(path: Path) -> Iterator[Report]:
    """A report that disappears unless it is published."""
    report = Report(path)
    try:
        yield report
    finally:
        report.discard()
