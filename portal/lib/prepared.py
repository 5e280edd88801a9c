"""Queries that are composed once in each process and run many times.

The ORM takes ten times as long to compose a query as PostgreSQL takes to answer one that looks up a key. Here a query
is written as an ordinary queryset with a `Slot` for each value; what the ORM makes of it is kept, and only filled in.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import (
    BigAutoField,
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    Field,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.base import ModelState
from django.db.models.constants import OnConflict
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery, UpdateQuery
from psycopg.types.datetime import TimestamptzLoader

from portal.lib.statements import Statements

M = TypeVar("M", bound=Model)


#: Fields whose values the driver of PostgreSQL takes as they are.
_NATIVE = frozenset({BigAutoField, BooleanField, CharField, DateTimeField, TextField, UUIDField})


def _preparing(field: Any) -> Any:
    """The field, if it has to prepare values for the driver of the database; otherwise None. A reference is a key."""
    field = field.target_field if field.remote_field else field
    native = type(field) in _NATIVE and connections[DEFAULT_DB_ALIAS].vendor == "postgresql"
    return None if native else field


class Slot(Expression):
    """Stands for a value that is given when the query runs, in the type of a field."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name
        self.preparing = _preparing(field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def slot(model: type[Model], field: str, name: str = "") -> Slot:
    """A slot for a value of a model's field, called like the field unless named."""
    return Slot(name or field, model._meta.get_field(field))  # type: ignore[arg-type]


def _filled(parameters: Sequence[object], values: Mapping[str, Any], database: Any) -> list[Any]:
    """A statement's parameters with the values in place of the slots. Raises `KeyError` for one that is missing."""
    filled = []
    for part in parameters:
        value = values[part.name] if isinstance(part, Slot) else part
        if isinstance(part, Slot) and part.preparing:
            value = part.preparing.get_db_prep_value(value, database)
        filled.append(value)
    return filled


_NAMED = re.compile(r"%\((\w+)\)s")
#: What psycopg's connection calls what we have prepared on it.
_KEPT = "portal_statements"


def _executed(sql: str, parameters: Sequence[Any], database: Any) -> Any:
    """What a statement brought, as a cursor gives it. Whoever watches statements sees them through Django's own."""
    if database.vendor != "postgresql" or database.execute_wrappers or database.queries_logged:
        return _by_cursor(sql, parameters, database)
    if database.connection is None:
        database.ensure_connection()
    database.validate_no_broken_transaction()
    try:
        return _statements(database).run(sql, parameters)
    except psycopg.Error:
        with database.wrap_database_errors:  # which makes it one of Django's
            raise


def _statements(database: Any) -> Statements:
    kept: Statements | None = getattr(database.connection, _KEPT, None)
    if kept is None:
        cursor = database.create_cursor()
        # Django's own loader differs in how it names UTC, and is not compiled.
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        kept = Statements(cursor)
        setattr(database.connection, _KEPT, kept)
    return kept


def _by_cursor(sql: str, parameters: Sequence[Any], database: Any) -> Any:
    cursor = database.cursor()
    cursor.execute(sql, parameters)
    return cursor


class PreparedSql:
    """A statement written by hand, with `%(name)s` for each value."""

    def __init__(self, sql: str) -> None:
        self._names: list[str] = _NAMED.findall(sql)
        self._sql = _NAMED.sub("%s", sql)

    def run(self, values: Mapping[str, Any]) -> Any:
        """What it brought, as a cursor gives it. The values are as the database stores them."""
        return _executed(self._sql, [values[name] for name in self._names], connections[DEFAULT_DB_ALIAS])


@dataclass(frozen=True, slots=True)
class _Rows:
    """Stands for a model where rows become objects, without an `__init__` that has much to ask and nothing to do: for
    one that adds nothing to it. Columns that were left out are fetched when asked for."""

    model: Any

    def from_db(self, database: str, names: Sequence[str], values: Sequence[Any]) -> Any:
        """What the model's own `from_db` makes."""
        found = self.model.__new__(self.model)
        found.__dict__.update(zip(names, values, strict=True))
        found._state = ModelState()
        found._state.adding, found._state.db = False, database
        return found


@dataclass(frozen=True)
class _Composed:
    """A SELECT as text, and how its rows become objects."""

    sql: str
    parameters: Sequence[object]
    compiler: Any
    locks: bool

    @cached_property
    def _found(self) -> tuple[_Rows, list[str], slice]:
        info, select = self.compiler.klass_info, self.compiler.select
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        return _Rows(info["model"]), [column[0].target.attname for column in select[columns]], columns

    @cached_property
    def _related(self) -> list[Any]:
        write: Any = get_related_populators  # the stubs are those of a later Django
        populators = list(write(self.compiler.klass_info, self.compiler.select, DEFAULT_DB_ALIAS))
        for populator in populators:
            populator.model_cls = _Rows(populator.model_cls)
        return populators

    @cached_property
    def _converters(self) -> dict[int, Any]:
        found: dict[int, Any] = self.compiler.get_converters([column[0] for column in self.compiler.select])
        return found

    def objects(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        rows_of, names, columns = self._found
        found = []
        for row in self.compiler.apply_converters(rows, self._converters) if self._converters else rows:
            each = rows_of.from_db(DEFAULT_DB_ALIAS, names, row[columns])
            for populator in self._related:
                populator.populate(row, each)
            for name, place in (self.compiler.annotation_col_map or {}).items():
                setattr(each, name, row[place])
            found.append(each)
        return found


class Prepared(Generic[M]):
    """A query with slots. `write` is called at the first use and gives the queryset."""

    def __init__(self, write: Callable[[], QuerySet[M]]) -> None:
        self._write = write

    @cached_property
    def _composed(self) -> _Composed:
        query = self._write().query
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        return _Composed(sql, parameters, compiler, locks=query.select_for_update)

    def all(self, **values: Any) -> list[M]:
        """Every object that it finds."""
        composed, database = self._composed, connections[DEFAULT_DB_ALIAS]
        if composed.locks and not database.in_atomic_block:
            raise transaction.TransactionManagementError("A row is locked inside a transaction only.")
        found = _executed(composed.sql, _filled(composed.parameters, values, database), database)
        return composed.objects(found.fetchall())

    def one(self, **values: Any) -> M | None:
        """The object that it finds, for a query that finds one at most."""
        found = self.all(**values)
        return found[0] if found else None


class PreparedUpdate:
    """An UPDATE with slots. `write` gives the rows and what to set; a slot may stand in both."""

    def __init__(self, write: Callable[[], tuple[QuerySet[Any], Mapping[str, Any]]]) -> None:
        self._write = write

    @cached_property
    def _composed(self) -> tuple[str, Sequence[object]]:
        rows, to_set = self._write()
        query = rows.query.chain(UpdateQuery)
        query.add_update_values(dict(to_set))  # type: ignore[attr-defined]
        sql, parameters = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return sql, parameters

    def run(self, **values: Any) -> int:
        """How many rows it changed."""
        (sql, parameters), database = self._composed, connections[DEFAULT_DB_ALIAS]
        return int(_executed(sql, _filled(parameters, values, database), database).rowcount)


class PreparedInsert(Generic[M]):
    """Inserts objects of one model, which has no other rows to write with it, no field that sets itself, and sends no
    signals."""

    def __init__(self, model: type[M]) -> None:
        self._meta: Any = model._meta
        self._model = model

    @cached_property
    def _written(self) -> list[Any]:
        returned = self._meta.db_returning_fields
        return [field for field in self._meta.local_concrete_fields if field not in returned]

    @cached_property
    def _columns(self) -> list[tuple[str, Any]]:
        """The attribute that holds each value, and the field that has to prepare it."""
        return [(field.attname, _preparing(field)) for field in self._written]

    def _composed(self, on_conflict: OnConflict | None) -> str:
        query = InsertQuery(self._model, on_conflict=on_conflict)
        query.insert_values(self._written, [self._model()])
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        compiler.returning_fields = self._meta.db_returning_fields
        return str(compiler.as_sql()[0][0])

    @cached_property
    def _sql(self) -> str:
        return self._composed(None)

    @cached_property
    def _sql_unless_there(self) -> str:
        return self._composed(OnConflict.IGNORE)

    def insert(self, new: M) -> M:
        """The object, with what the database gave it: its key, or what it computes from the rest.

        Raises `IntegrityError` as `save` does.
        """
        self._run(self._sql, new)
        return new

    def insert_unless_there(self, new: M) -> M | None:
        """The same for a model whose key the database gives; None where another row holds what must be unique."""
        return new if self._run(self._sql_unless_there, new) else None

    def _run(self, sql: str, new: M) -> bool:
        database = connections[DEFAULT_DB_ALIAS]
        values = [
            field.get_db_prep_value(getattr(new, name), database) if field else getattr(new, name)
            for name, field in self._columns
        ]
        inserted = _executed(sql, values, database)
        if self._meta.db_returning_fields:
            row = inserted.fetchone()
            if row is None:
                return False
            for field, value in zip(self._meta.db_returning_fields, row, strict=True):
                setattr(new, field.attname, value)
        new._state.adding, new._state.db = False, DEFAULT_DB_ALIAS
        return True
