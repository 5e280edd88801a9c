"""Counters that many accounts share: counted in one statement, each until a time of its own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import connection
from django.db.models import F

from portal.lib.prepared import PreparedSql
from portal.messaging.models import SendCount


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be counted until a time, after which it begins anew."""

    most: int
    resets_at: datetime


def count(counted: Mapping[str, Limit], now: datetime) -> list[str]:
    """One upsert for all keys, always in the same order so that two cannot deadlock; those above their limit."""
    adapt = connection.ops.adapt_datetimefield_value
    values: dict[str, object] = {"now": adapt(now)}
    for place, key in enumerate(sorted(counted)):
        values |= {f"key{place}": key, f"until{place}": adapt(counted[key].resets_at)}
    found = _count_of(len(counted)).run(values).fetchall()
    return [key for key, used in found if used > counted[key].most]


@cache
def _count_of(keys: int) -> PreparedSql:
    rows = ", ".join(f"(%(key{place})s, %(until{place})s, 1)" for place in range(keys))
    return PreparedSql(
        f"INSERT INTO messaging_sendcount (key, resets_at, used) VALUES {rows} "  # noqa: S608
        "ON CONFLICT (key) DO UPDATE SET "
        "used = CASE WHEN messaging_sendcount.resets_at <= %(now)s THEN 1 ELSE messaging_sendcount.used + 1 END, "
        "resets_at = CASE WHEN messaging_sendcount.resets_at <= %(now)s THEN excluded.resets_at "
        "ELSE messaging_sendcount.resets_at END "
        "RETURNING key, used"
    )


def take_back(counted: Collection[str]) -> None:
    """Undo a `count` of this transaction, which holds the rows: nobody has counted since."""
    rows = SendCount.objects.filter(key__in=counted)
    rows.update(used=F("used") - 1)
    rows.filter(used=0).delete()
