"""What the daily report looks for, one statement a question.

The database does the counting, over the index of the time, and gives back the few rows that are kept: the memory that
this takes does not grow with the number of attempts. The tries of staff are left out, their deeds are counted apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from accounts import policy
from accounts.models import FindingKind, Result
from accounts.models.sign_in import FAILURES


@dataclass(frozen=True, slots=True)
class Period:
    """From (included) and until (excluded)."""

    start: datetime
    end: datetime


@dataclass(slots=True)
class Suspicion:
    """One thing that stood out, and the ids of the first clients whom it concerns."""

    key: str
    measure: int
    successes: int | None = None
    customer: int | None = None
    clients: int = 0
    concerned: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Suspicions:
    """The worst of a kind, and how many there were in all."""

    kind: FindingKind
    worst: list[Suspicion]
    total: int


_RIGHT = [
    Result.FROZEN, Result.CLOSED, Result.NO_MOBILE, Result.PHONE_LOST, Result.PASSWORD_RIGHT, Result.WRONG_CODES,
    Result.SUCCESS,
]  # fmt: skip
_TRIES = "accounts_signin WHERE at >= %(start)s AND at < %(end)s AND platform <> 'staff'"
_LOGGED_IN = "COUNT(CASE WHEN result = %(success)s THEN 1 END)"
_OPENED = "(%(frozen)s, %(closed)s, %(no_mobile)s, %(phone_lost)s, %(password_right)s, %(wrong_codes)s, %(success)s)"

#: The first two groups of an address: `203.0` or `2001.db8`.
_NETWORK = {
    "postgresql": "split_part(replace(host(address), ':', '.'), '.', 1) || '.' || "
    "split_part(replace(host(address), ':', '.'), '.', 2)",
    "sqlite": "substr(replace(address, ':', '.'), 1, instr(replace(address, ':', '.'), '.') + "
    "instr(substr(replace(address, ':', '.'), instr(replace(address, ':', '.'), '.') + 1) || '.', '.') - 1)",
}


def _rules() -> dict[FindingKind, str]:
    """Each kind's statement: key, what was counted, logins among it."""
    return {
        # Failures since the last login before the day, and before the last one on the day.
        FindingKind.SUCCESS_AFTER_FAILURES: f"""
            SELECT failed.customer_id, COUNT(*), NULL
              FROM accounts_signin failed
              JOIN (SELECT customer_id, MAX(at) AS at FROM {_TRIES} AND result = %(success)s
                     GROUP BY customer_id) won ON won.customer_id = failed.customer_id
              LEFT JOIN (SELECT customer_id, MAX(at) AS at FROM accounts_signin
                          WHERE at >= %(before)s AND at < %(start)s AND result = %(success)s AND platform <> 'staff'
                          GROUP BY customer_id) earlier ON earlier.customer_id = failed.customer_id
             WHERE failed.at >= %(before)s AND failed.at < %(end)s AND failed.at < won.at
               AND (earlier.at IS NULL OR failed.at > earlier.at)
               AND failed.result IN (%(started)s, %(wrong_password)s) AND failed.platform <> 'staff'
             GROUP BY failed.customer_id HAVING COUNT(*) >= %(failures)s""",  # noqa: S608
        FindingKind.RIGHT_PASSWORD_WRONG_CODES: f"""
            SELECT customer_id, SUM(wrong_codes), {_LOGGED_IN} FROM {_TRIES} AND wrong_codes > 0
               AND customer_id IS NOT NULL
             GROUP BY customer_id HAVING SUM(wrong_codes) >= %(codes)s""",  # noqa: S608
        FindingKind.ACCOUNTS_OF_ADDRESS: f"""
            SELECT address, COUNT(DISTINCT number), {_LOGGED_IN} FROM {_TRIES}
             GROUP BY address HAVING COUNT(DISTINCT number) >= %(of_address)s""",  # noqa: S608
        FindingKind.ACCOUNTS_OF_DEVICE: f"""
            SELECT device, COUNT(DISTINCT number), {_LOGGED_IN} FROM {_TRIES} AND device IS NOT NULL
             GROUP BY device HAVING COUNT(DISTINCT number) >= %(of_device)s""",  # noqa: S608
        FindingKind.PLACES_OF_ACCOUNT: f"""
            SELECT customer_id, COUNT(DISTINCT address), {_LOGGED_IN} FROM {_TRIES}
               AND customer_id IS NOT NULL AND result IN {_OPENED}
             GROUP BY customer_id HAVING COUNT(DISTINCT {_NETWORK[connection.vendor]}) >= %(networks)s
                OR COUNT(DISTINCT address) >= %(addresses)s""",  # noqa: S608
    }


#: The column that these kinds group by; each of the others is about one client.
_GROUPS = {FindingKind.ACCOUNTS_OF_ADDRESS: "address", FindingKind.ACCOUNTS_OF_DEVICE: "device"}


def of_clients(kind: FindingKind, period: Period) -> Suspicions:
    """Whatever stood out of one kind among the attempts of clients."""
    values = _values(period)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found (subject, measure, successes) AS ({_rules()[kind]}) "  # noqa: S608 - words of ours alone
            "SELECT found.*, COUNT(*) OVER () FROM found ORDER BY measure DESC, subject LIMIT %(kept)s",
            values,
        )
        rows = cursor.fetchall()
        total = rows[0][3] if rows else 0
        if kind not in _GROUPS:
            worst = [
                Suspicion(str(pk), measure, successes, customer=pk, clients=1, concerned=[pk])
                for pk, measure, successes, _ in rows
            ]
            return Suspicions(kind, worst, total)
        by_key = {key: Suspicion(_readable(kind, key), measure, successes) for key, measure, successes, _ in rows}
        for key, customer, clients in _concerned(cursor, _GROUPS[kind], list(by_key), values) if by_key else ():
            by_key[key].concerned.append(customer)
            by_key[key].clients = clients
    return Suspicions(kind, list(by_key.values()), total)


def _concerned(cursor: Any, column: str, keys: Sequence[object], values: dict[str, Any]) -> list[Any]:
    """The first clients of each key: those whose password was right, then those who were tried most."""
    marks = ", ".join(f"%(key{place})s" for place in range(len(keys)))
    cursor.execute(
        f"""
        SELECT {column}, customer_id, clients FROM (
            SELECT {column}, customer_id, COUNT(*) OVER (PARTITION BY {column}) AS clients,
                   ROW_NUMBER() OVER (PARTITION BY {column} ORDER BY opened DESC, tries DESC, customer_id) AS nth
              FROM (SELECT {column}, customer_id, COUNT(*) AS tries,
                           MAX(CASE WHEN result IN {_OPENED} THEN 1 ELSE 0 END) AS opened
                      FROM {_TRIES} AND {column} IN ({marks}) AND customer_id IS NOT NULL
                     GROUP BY {column}, customer_id) of_client) ranked
         WHERE nth <= %(clients)s ORDER BY {column}, nth""",  # noqa: S608
        {**values, **{f"key{place}": key for place, key in enumerate(keys)}},
    )
    return cursor.fetchall()  # type: ignore[no-any-return]


def attempts(period: Period) -> int:
    """How many tries of clients there were."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {_TRIES}", _values(period))  # noqa: S608
        return int(cursor.fetchone()[0])


def _values(period: Period) -> dict[str, Any]:
    adapt = connection.ops.adapt_datetimefield_value
    results = {result.name.lower(): result.value for result in {*_RIGHT, *FAILURES}}
    return {
        **results,
        "start": adapt(period.start),
        "end": adapt(period.end),
        "before": adapt(period.start - policy.REPORT_LOOK_BACK),
        "failures": policy.REPORT_FAILURES_BEFORE_SUCCESS,
        "codes": policy.REPORT_WRONG_CODES,
        "of_address": policy.REPORT_ACCOUNTS_OF_ADDRESS,
        "of_device": policy.REPORT_ACCOUNTS_OF_DEVICE,
        "networks": policy.REPORT_NETWORKS_OF_ACCOUNT,
        "addresses": policy.REPORT_ADDRESSES_OF_ACCOUNT,
        "kept": policy.REPORT_FINDINGS,
        "clients": policy.REPORT_CLIENTS,
    }


def _readable(kind: FindingKind, key: object) -> str:
    """A device as its cookie spells it: SQLite has no type for it and answers with its digits."""
    return str(UUID(str(key))) if kind == FindingKind.ACCOUNTS_OF_DEVICE else str(key)
