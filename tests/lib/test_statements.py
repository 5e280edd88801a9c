"""Statements that stay prepared on a connection: they bring what a cursor brings, and outlive what goes wrong."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from portal.lib import statements
from portal.lib.prepared import PreparedSql
from portal.lib.statements import Statements

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite runs statements by its own cursor"),
]


@pytest.fixture
def own() -> Iterator[Statements]:
    """Of a connection that nobody else has."""
    wanted = connection.get_connection_params()
    with psycopg.connect(**{**wanted, "autocommit": True, "cursor_factory": psycopg.Cursor}) as fresh:
        yield Statements(fresh.cursor())


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def test_values_and_rows_are_those_of_a_cursor() -> None:
    now = timezone.now()
    values: dict[str, Any] = {
        "words": "'; -- %s \\ 驗證碼",
        "nothing": "",
        "number": 2**40,
        "yes": True,
        "at": now,
        "wait": timedelta(seconds=3),
        "id": uuid4(),
        "sealed": b"\x00\xff%",
    }
    casts = {"words": "text", "nothing": "text", "number": "int8", "yes": "bool", "at": "timestamptz"}
    casts |= {"wait": "interval", "id": "uuid", "sealed": "bytea"}
    columns = ", ".join(f"%({name})s::{cast}" for name, cast in casts.items())
    answer = PreparedSql(f"SELECT {columns}, 'a %% sign', NULL").run(values)
    assert answer.fetchall() == [(*values.values(), "a % sign", None)]
    assert answer.fetchone() == answer.fetchall()[0]
    assert answer.fetchone()[4].utcoffset() == timedelta(0)


def test_it_says_how_many_rows_it_found_or_changed_also_none() -> None:
    counted = PreparedSql("SELECT number FROM generate_series(1, %(most)s::int) number")
    assert counted.run({"most": 3}).rowcount == 3
    none = counted.run({"most": 0})
    assert (none.rowcount, none.fetchall(), none.fetchone()) == (0, [], None)
    change = PreparedSql("UPDATE messaging_sendcount SET used = 1 WHERE key = %(key)s")
    assert (change.run({"key": "nobody's"}).rowcount, change.run({"key": "nobody's"}).fetchall()) == (0, [])


def test_one_value_may_stand_in_several_places_and_be_missing_in_none() -> None:
    twice = PreparedSql("SELECT %(a)s::text || %(b)s::text || %(a)s::text")
    assert twice.run({"a": "1", "b": "2"}).fetchone() == ("121",)
    with pytest.raises(KeyError):
        twice.run({"a": "1"})


def test_it_is_prepared_once_for_each_kind_of_values(own: Statements) -> None:
    for number in (1, 2, 70_000, 3, 2**40, 80_000):
        assert own.run("SELECT %s + 1 AS next", [number]).rows == [(number + 1,)]
    (kinds,) = own.run("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%AS next"]).rows
    assert kinds == (3,), "numbers of two, four and eight bytes"


def test_what_comes_after_the_bound_runs_all_the_same(own: Statements, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_MOST", 2)
    for number in range(5):
        assert own.run(f"SELECT {number} + %s::int", [number]).rows == [(2 * number,)]
    assert own.run("SELECT count(*) FROM pg_prepared_statements", []).rows == [(2,)]


def test_one_whose_tables_changed_fails_once(own: Statements) -> None:
    own.run("CREATE TEMPORARY TABLE changing AS SELECT 7::int AS number", [])
    asked = "SELECT number FROM changing WHERE number < %s::int"
    assert own.run(asked, [9]).rows == [(7,)]
    own.run("ALTER TABLE changing ALTER number TYPE text", [])
    own.run("ALTER TABLE changing ALTER number TYPE bigint USING number::bigint", [])
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        own.run(asked, [9])
    assert own.run(asked, [9]).rows == [(7,)]


def test_one_that_the_server_does_not_know_any_more_fails_once(own: Statements) -> None:
    assert own.run("SELECT %s::int", [1]).rows == [(1,)]
    own.run("DEALLOCATE ALL", [])
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        own.run("SELECT %s::int", [1])
    assert own.run("SELECT %s::int", [1]).rows == [(1,)]


def test_a_rollback_leaves_it_prepared() -> None:
    asked = PreparedSql("SELECT %(word)s::text AS outlives_a_rollback")
    for word in "abcde":
        with transaction.atomic():
            asked.run({"word": word})
            assert asked.run({"word": word}).fetchone() == (word,)
            transaction.set_rollback(True)
    assert len([each for each in prepared() if "outlives_a_rollback" in each]) == 1


def test_what_the_database_refuses_is_djangos_error_and_the_connection_goes_on() -> None:
    put = PreparedSql("INSERT INTO messaging_sendcount (key, resets_at, used) VALUES (%(key)s, now(), 1)")
    put.run({"key": "taken"})
    with transaction.atomic():
        put.run({"key": "the first of a transaction, which begins it"})
        with pytest.raises(IntegrityError):
            put.run({"key": "taken"})
        transaction.set_rollback(True)
    assert put.run({"key": "free"}).rowcount == 1
    assert PreparedSql("SELECT key FROM messaging_sendcount ORDER BY key").run({}).fetchall() == [("free",), ("taken",)]


def test_a_connection_that_is_lost_is_an_operational_error_and_the_next_request_has_another() -> None:
    mine = PreparedSql("SELECT pg_backend_pid()")
    (lost,) = mine.run({}).fetchone()
    with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [lost])
    with pytest.raises(OperationalError):
        mine.run({})
    connection.close_if_unusable_or_obsolete()
    connection.close()
    assert mine.run({}).fetchone() != (lost,)


def test_other_threads_run_while_the_database_works(own: Statements) -> None:
    ticks: list[float] = []
    waiting = threading.Thread(target=own.run, args=("SELECT pg_sleep(0.5)", []))
    waiting.start()
    while waiting.is_alive():
        ticks.append(time.monotonic())
        waiting.join(0.01)
    assert len(ticks) > 5
