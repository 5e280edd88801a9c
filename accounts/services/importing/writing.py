"""Writing a batch to the table in one statement.

bulk_create and bulk_update take every value of every row through the ORM's expressions and through the driver's
parameters, which lasts longer than all the rest of an import. Here the differing values travel as one JSON text.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from accounts.models import Customer

# Both give one row for each element, in a column named "value" that `->>` reads.
_ELEMENTS = {"sqlite": "json_each(%s)", "postgresql": "json_array_elements(%s::json)"}


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
    selected = [*["%s"] * len(alike), *(f"value->>{place}" for place in range(len(differing)))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table()} ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(selected)} FROM {_ELEMENTS[connection.vendor]}",
            [*values, json.dumps(accounts)],
        )


def rename(names: Sequence[tuple[int, str]]) -> None:
    """Set the name alone, by primary key, so that nothing that is changed meanwhile is overwritten."""
    if not names:
        return
    table = _table()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET name = value->>1 FROM {_ELEMENTS[connection.vendor]}"  # noqa: S608
            f" WHERE {table}.id = CAST(value->>0 AS bigint)",
            [json.dumps(names)],
        )


def _table() -> str:
    return connection.ops.quote_name(Customer._meta.db_table)
