"""Writing a batch to the table in one statement.

bulk_create and bulk_update work out and send every value of every row through the ORM's expressions, which
takes longer than all the rest of an import. Here the differing values alone travel, as a list of rows that
both SQLite and PostgreSQL can join.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from django.db import connection

from accounts.models import Customer


class NewAccount(NamedTuple):
    """What differs between the new accounts of a batch; all of it is text, stored as it stands."""

    login: str
    name: str
    language: str
    password: str
    mobile: str
    email: str
    postal_address: str


def insert(accounts: Sequence[NewAccount]) -> None:
    """Insert clients who must change their password; every other column has the default of the model."""
    if not accounts:
        return
    pattern = Customer(must_change_password=True)
    fields = {field.attname: field for field in Customer._meta.concrete_fields if not field.primary_key}
    differing = [fields.pop(name) for name in NewAccount._fields]
    alike = list(fields.values())
    values = [field.get_db_prep_save(field.pre_save(pattern, add=True), connection) for field in alike]
    columns = [connection.ops.quote_name(str(field.column)) for field in [*alike, *differing]]
    selected = [*["%s"] * len(alike), *(f"column{place}" for place in range(1, len(differing) + 1))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table()} ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(selected)} FROM {_rows(accounts)}",
            [*values, *chain.from_iterable(accounts)],
        )


def rename(names: Sequence[tuple[int, str]]) -> None:
    """Set the name alone, by primary key, so that nothing that is changed meanwhile is overwritten."""
    if not names:
        return
    table = _table()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET name = column2 FROM {_rows(names)} WHERE {table}.id = column1",  # noqa: S608
            list(chain.from_iterable(names)),
        )


def _table() -> str:
    return connection.ops.quote_name(Customer._meta.db_table)


def _rows(rows: Sequence[Sequence[object]]) -> str:
    """Placeholders for the rows as a table; SQLite and PostgreSQL call its columns column1, column2 and so on."""
    row = f"({', '.join(['%s'] * len(rows[0]))})"
    return f"(VALUES {', '.join([row] * len(rows))}) AS rows"
