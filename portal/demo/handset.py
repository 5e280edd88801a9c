"""What arrived on the demo handset: SMS and e-mail in one small SQLite file.

The carrier's process writes, the web process reads. It is a file of its own, so that a code on its way
never stands in the portal's database.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

FILE_NAME = "handset.sqlite3"
KEPT = 500  # arrivals; the oldest make room
SHOWN = 100  # arrivals on the page and in its JSON
BUSY_SECONDS = 5  # how long one side waits for the other's lock

Channel = Literal["sms", "email"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it arrived; `received_at` is ISO 8601 with its offset."""

    channel: Channel
    to: str
    sender: str
    text: str
    received_at: str


class Handset:
    """The carrier's end: keeps the newest `KEPT` arrivals. May be used from many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._open()) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS arrival ("
                " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                " channel TEXT NOT NULL, recipient TEXT NOT NULL, sender TEXT NOT NULL,"
                " text TEXT NOT NULL, received_at TEXT NOT NULL,"
                " reference TEXT UNIQUE)"
            )

    def keep(self, channel: Channel, to: str, sender: str, text: str, reference: str | None) -> tuple[int, bool]:
        """Keep one arrival; its number, and whether it is new: the same reference arrives only once."""
        with closing(self._open()) as connection, connection:
            added = connection.execute(
                "INSERT INTO arrival (channel, recipient, sender, text, received_at, reference)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (reference) DO NOTHING RETURNING id",
                (channel, to, sender, text, datetime.now(UTC).isoformat(), reference),
            ).fetchone()
            if added is None:
                (number,) = connection.execute("SELECT id FROM arrival WHERE reference = ?", (reference,)).fetchone()
                return int(number), False
            connection.execute("DELETE FROM arrival WHERE id <= ?", (added[0] - KEPT,))
            return int(added[0]), True

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=BUSY_SECONDS)


def arrivals(path: Path, limit: int = SHOWN) -> list[Arrival]:
    """The newest arrivals, newest first; none while no carrier has run."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
        rows = connection.execute(
            "SELECT channel, recipient, sender, text, received_at FROM arrival ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [Arrival(*row) for row in rows]
