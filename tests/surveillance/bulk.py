"""Rows by the million, made by the database itself, and how much memory a deed takes."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from django.db import connection, models

from accounts.models import Customer, SignIn

_SERIES = {
    "postgresql": "generate_series(0::bigint, %(last)s::bigint) AS series(i)",
    "sqlite": "(WITH RECURSIVE series(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM series WHERE i < %(last)s) "
    "SELECT i FROM series)",
}


def copies(template: models.Model, number: int, /, **changes: str) -> None:
    """So many copies of a stored row, in which some columns are expressions over `i`. The row itself goes."""
    table = template._meta.db_table
    columns = [str(field.column) for field in template._meta.concrete_fields if not field.primary_key]
    values = [changes.get(column, f"template.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "
            f"FROM {_SERIES[connection.vendor]}, {table} template WHERE template.id = %(template)s",
            {"last": number - 1, "template": template.pk},
        )
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [template.pk])
        cursor.execute(f"ANALYZE {table}")


def clients(number: int) -> int:
    """So many clients, 000000 and on; the id of the first."""
    template = Customer.objects.create_client("999999", name="Client", email="c@example.com")
    postgres = connection.vendor == "postgresql"
    copies(template, number, login="lpad(i::text, 6, '0')" if postgres else "printf('%%06d', i)")
    return Customer.objects.order_by("login").values_list("pk", flat=True)[0]


def attempts(number: int, *, first: int, accounts: int, start: datetime) -> None:
    """A day's tries over all accounts: two in three log in, one password in three is wrong, some codes are.

    Every hundredth or so comes from one of ten busy addresses.
    """
    postgres = connection.vendor == "postgresql"
    account = f"(i * 7919 %% {accounts})"
    template = SignIn.objects.create(number="x", address="::1", verification=uuid4().hex, at=start)
    address = (
        f"CASE WHEN i %% 97 = 0 THEN '198.51.100.' || (i / 97 %% 10) ELSE '10.' || ({account} / 65536) || '.' || "
        f"({account} / 256 %% 256) || '.' || ({account} %% 256) END"
    )
    copies(
        template,
        number,
        at="template.at + make_interval(secs => i %% 86400)"
        if postgres
        else "datetime(template.at, '+' || (i %% 86400) || ' seconds')",
        number=f"lpad({account}::text, 6, '0')" if postgres else f"printf('%%06d', {account})",
        customer_id=f"{first} + {account}",
        address=f"({address})::inet" if postgres else address,
        device=f"lpad(to_hex({account}), 32, '0')::uuid" if postgres else f"printf('%%032x', {account})",
        result="CASE WHEN i %% 3 = 0 THEN 'wrong_password' ELSE 'success' END",
        wrong_codes="CASE WHEN i %% 50 = 1 THEN 1 ELSE 0 END",
        verification="'bulk' || i",
    )


@dataclass
class Memory:
    """The most that was in use, in bytes: by us beyond what was before, and by the database for us."""

    ours: int = 0
    theirs: int = 0


@contextmanager
def measured() -> Iterator[Memory]:
    """Watch the memory of this process, and of PostgreSQL's processes that work for it, if that answers."""
    memory = Memory()
    done = threading.Event()
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # what filled the tables must not count
    connection.ensure_connection()
    before = _held(os.getpid())

    def watch() -> None:
        try:
            while not done.wait(0.05):
                memory.ours = max(memory.ours, _held(os.getpid()) - before)
                memory.theirs = max(memory.theirs, sum(_held(pid) for pid in _backends()))
        finally:
            connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield memory
    finally:
        done.set()
        watcher.join()


def _backends() -> list[int]:
    """The server's processes for this database, parallel workers too; another run on the same server has its own."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def _held(pid: int) -> int:
    """Bytes of its own that a process holds; PostgreSQL's shared buffers are not among them."""
    return _field(pid, "RssAnon") * 1024


def _field(pid: int, name: str) -> int:
    """A number out of a process's status; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else 0
