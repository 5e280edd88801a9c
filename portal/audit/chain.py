"""What is signed of a row, and how each row is chained to the one before.

Both are HMACs under AUDIT_KEYS, which stand outside the database. Every column that says something is a part of its
own, so that nothing can be moved across a border; times are UTC with microseconds, facts are JSON with sorted keys.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from portal.lib import crypto

_RECORD, _LINK = "audit record", "audit link"


class Row(Protocol):
    """The columns of a record."""

    at: datetime
    event: str
    actor_id: int | None
    subject_id: int | None
    facts: Mapping[str, str | int | bool | None]
    request_id: str
    mark: UUID
    mac: str


def sign(row: Row) -> str:
    """The signature of a record's content. Its id is not in it, which the database gives; the link binds that."""
    return crypto.trail_digest(_RECORD, *_content(row))


def is_genuine(row: Row) -> bool:
    """Whether this content was signed by somebody with the key that the signature names."""
    return crypto.matches_trail(_RECORD, row.mac, *_content(row))


def link(before: str, *, position: int, record: int, mac: str, sealed_at: datetime) -> str:
    """The digest of a link; `before` is that of the link before, and empty for the first."""
    return crypto.trail_digest(_LINK, *_place(before, position, record, mac, sealed_at))


def is_linked(digest: str, before: str, *, position: int, record: int, mac: str, sealed_at: datetime) -> bool:
    """Whether `digest` is that of a link with the key that it names."""
    return crypto.matches_trail(_LINK, digest, *_place(before, position, record, mac, sealed_at))


def _content(row: Row) -> tuple[str, ...]:
    return (
        row.mark.hex,
        _time(row.at),
        row.event,
        _number(row.actor_id),
        _number(row.subject_id),
        json.dumps(row.facts, sort_keys=True, separators=(",", ":")),
        row.request_id,
    )


def _place(before: str, position: int, record: int, mac: str, sealed_at: datetime) -> tuple[str, ...]:
    return before, str(position), str(record), mac, _time(sealed_at)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _number(key: int | None) -> str:
    return "" if key is None else str(key)
