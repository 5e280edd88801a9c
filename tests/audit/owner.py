"""What the owner of the database can do: switch the rule off and change the trail as if nothing were there."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

from portal.audit import append_only


@contextmanager
def rule_off() -> Iterator[None]:
    """The triggers are away, and back afterwards."""
    back = _off_in_postgres() if connection.vendor == "postgresql" else _off_in_sqlite()
    try:
        yield
    finally:
        _run(back)


def _off_in_postgres() -> list[str]:
    alter = "ALTER TABLE {table} {state} TRIGGER {table}_only_added"
    if connection.in_atomic_block:  # a foreign key's trigger that waits keeps the table from being altered
        _run(["SET CONSTRAINTS ALL IMMEDIATE"])
    _run([alter.format(table=table, state="DISABLE") for table in append_only.TABLES])
    return [alter.format(table=table, state="ENABLE ALWAYS") for table in append_only.TABLES]


def _off_in_sqlite() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
    _run([f"DROP TRIGGER {name}" for name, _ in triggers])
    return [sql for _, sql in triggers]


def _run(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def tamper(sql: str, *values: str | int) -> int:
    """Run one statement with the rule off; how many rows it met."""
    with rule_off(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
