"""Statements that stay prepared on a connection to PostgreSQL.

A cursor of psycopg prepares what comes again, too. But at each run it looks anew at the text, at what to prepare and at
what is prepared, and passes its answer through generators: for one that looks up a key, more work than the database has
with it. Here a statement is run by psycopg's wrapper of libpq at once. Values and rows are adapted as cursors do it.

Source: https://www.psycopg.org/psycopg3/docs/api/pq.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from psycopg import Cursor
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, OperationalError, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

#: Statements of one connection; whatever comes after them is run without being prepared.
_MOST = 200
_DONE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
#: What is said of one that a change of its tables has made worthless, or that a pooler in between does not know.
_STALE = (FeatureNotSupported, InvalidSqlStatementName)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement brought, read like a cursor that has run it."""

    rows: list[tuple[Any, ...]]
    rowcount: int  # found or changed

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Every row."""
        return self.rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        return self.rows[0] if self.rows else None


class Statements:
    """What one connection has prepared."""

    def __init__(self, cursor: Cursor[Any]) -> None:
        self._connection = cursor.connection
        self._server = cursor.connection.pgconn
        self._adapter = Transformer(cursor)
        self._prepared: dict[tuple[str, Any], bytes] = {}
        self._names = (b"portal_%d" % number for number in count())

    def run(self, sql: str, parameters: Sequence[Any]) -> Answer:
        """Run a statement that is written as for a cursor, `%s` for each parameter. Raises what a cursor raises.

        The first outside of autocommit begins a transaction, with the isolation that is the server's default. One that
        is stale fails, as it may stand in a transaction, and is prepared anew the next time.
        """
        if self._server.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit:
            self._done(self._server.exec_(b"BEGIN"))
        values: Any = self._adapter.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
        types, formats = self._adapter.types or (), self._adapter.formats
        name = self._prepared.get((sql, types))
        if name is None and len(self._prepared) < _MOST:
            name = next(self._names)
            self._done(self._server.prepare(name, _numbered(sql), types))
            self._prepared[sql, types] = name
        if name is None:
            result = self._done(self._server.exec_params(_numbered(sql), values, types, formats))
        else:
            try:
                result = self._done(self._server.exec_prepared(name, values, formats))
            except _STALE:
                del self._prepared[sql, types]
                raise
        self._adapter.set_pgresult(result)
        return Answer(self._adapter.load_rows(0, result.ntuples, tuple), result.command_tuples or 0)

    def _done(self, result: PGresult) -> PGresult:
        if result.status not in _DONE:
            if self._server.status == ConnStatus.BAD:
                raise OperationalError(self._server.get_error_message())
            raise error_from_result(result, self._adapter.encoding)
        return result


def _numbered(sql: str) -> bytes:
    """The text as the server reads it: `$1`, `$2` for each `%s`, and one percent sign for two."""
    number = count(1)
    return re.sub("%[%s]", lambda found: "%" if found[0] == "%%" else f"${next(number)}", sql).encode()
