"""The rule that rows are only ever added, kept by the database itself.

Installed by migrations. Whoever owns the tables can take it away, which the verifier then says.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

#: Each table with the columns by which a row could be put in another's place.
TABLES: dict[str, tuple[str, ...]] = {
    "audit_auditrecord": ("id", "mark"),
    "audit_auditlink": ("position", "record_id"),
    "audit_audithead": ("day",),
}
_REFUSAL = "rows of the audit trail are only ever added"

# Once for each statement: also where it meets no row, where it would only update on a conflict, and for TRUNCATE.
# ALWAYS: also for a session that plays a replica, in which ordinary triggers rest.
_POSTGRES = """
CREATE OR REPLACE FUNCTION audit_only_added() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END $$;
DROP TRIGGER IF EXISTS {table}_only_added ON {table};
CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_only_added;
"""

# REPLACE deletes without the delete trigger (unless recursive triggers are on), so a row in the way is refused too.
_SQLITE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {{table}}_no_{deed} ON {{table}}{when} BEGIN SELECT RAISE(ABORT, '{{refusal}}'); END"
    for deed, when in (
        ("update BEFORE UPDATE", ""),
        ("delete BEFORE DELETE", ""),
        ("replace BEFORE INSERT", " WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"),
    )
)
_SQLITE_NAMES = ("{table}_no_update", "{table}_no_delete", "{table}_no_replace")


def install(connection: BaseDatabaseWrapper, tables: Iterable[str] = TABLES) -> None:
    """Make the database refuse changes of these tables; safe to run again, and needed after a table was rebuilt."""
    with connection.cursor() as cursor:
        for table in tables:
            same = " OR ".join(f"{column} = NEW.{column}" for column in TABLES[table])
            for statement in (_POSTGRES,) if connection.vendor == "postgresql" else _SQLITE:
                cursor.execute(statement.format(table=table, refusal=_REFUSAL, same=same))


def remove(connection: BaseDatabaseWrapper, tables: Iterable[str] = TABLES) -> None:
    """Take the rule away: for the owner of the database alone, inside the transaction that retires old rows."""
    with connection.cursor() as cursor:
        for table in tables:
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_only_added ON {table}")
            else:
                for name in _SQLITE_NAMES:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name.format(table=table)}")


def unguarded() -> list[str]:
    """The tables that the database would let somebody change."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND tgrelid IN "
                "(SELECT oid FROM pg_class WHERE relname = ANY(%s) AND relnamespace = current_schema()::regnamespace)",
                [list(TABLES)],
            )
            wanted = {table: {f"{table}_only_added"} for table in TABLES}
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            wanted = {table: {name.format(table=table) for name in _SQLITE_NAMES} for table in TABLES}
        there = {name for (name,) in cursor.fetchall()}
    return [table for table, names in wanted.items() if not names <= there]
