"""A throwaway PostgreSQL that counts statements, and the CPU time of all its processes.

The web and the worker log in as different users, so that their statements can be told apart. Transaction
control and SET are no statements here (`track_utility` is off).
"""

import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests.benchmarks.processes import BenchError, Processes

OWNER, WEB, WORKER = "portal", "web", "worker"
_OPTIONS = (
    "listen_addresses=",
    "max_connections=200",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "shared_preload_libraries=pg_stat_statements",
    "pg_stat_statements.track_utility=off",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its constants taken out."""

    query: str
    calls: int
    milliseconds: float  # in all its calls


class Cluster:
    """The running server."""

    def __init__(self, processes: Processes, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        folder.mkdir()
        user = "postgres" if os.geteuid() == 0 else ""  # the server refuses root
        if user:
            shutil.chown(folder, user, user)
        programs, data = _programs(), str(folder / "data")
        processes.run(
            "initdb", str(programs / "initdb"), *("-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync"), env=env, user=user,
        )  # fmt: skip
        options = [word for option in _OPTIONS for word in ("-c", option)]
        server = processes.start(
            "postgres", str(programs / "postgres"), *("-D", data, "-k", str(folder)), *options,
            env=env, user=user, stop_signal=signal.SIGINT, grace=20,
        )  # fmt: skip
        self._server = psutil.Process(server.pid)
        processes.until(self._answers, "PostgreSQL")
        self._connections: dict[str, psycopg.Connection] = {}
        self._own = self._connected("postgres")
        self._own.execute("CREATE EXTENSION pg_stat_statements")
        for role in (WEB, WORKER):
            self._own.execute(f"CREATE ROLE {role} LOGIN IN ROLE {OWNER}")

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self._folder), dbname=database, user=OWNER, autocommit=True)

    def _connected(self, database: str) -> psycopg.Connection:
        """The bench's own connection: one that is opened anew would cost more CPU time than what it asks."""
        if database not in self._connections:
            self._connections[database] = self._connect(database)
        return self._connections[database]

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str, user: str) -> str:
        """What DATABASE_URL has to be for this user."""
        return f"postgresql:///{database}?host={self._folder}&user={user}"

    def create(self, database: str) -> None:
        """An empty database."""
        self._own.execute(f"CREATE DATABASE {database}")

    def cpu(self) -> float:
        """CPU seconds that PostgreSQL has used so far, processes that have ended included."""
        while True:
            try:
                server = self._server.cpu_times()
                ended = server.children_user + server.children_system
                living = [each.cpu_times() for each in self._server.children()]
                return server.user + server.system + ended + sum(each.user + each.system for each in living)
            except psutil.NoSuchProcess:  # one of them ended while we looked
                if not self._server.is_running():
                    raise BenchError("PostgreSQL has ended.") from None

    def forget_statements(self) -> None:
        """Count from zero."""
        self._own.execute("SELECT pg_stat_statements_reset()")

    def statements(self, database: str) -> list[Statement]:
        """What the web has executed in a database since the last reset, the most frequent first."""
        rows = self._own.execute(
            "SELECT query, calls, total_exec_time FROM pg_stat_statements "
            "WHERE userid = %s::regrole::oid AND dbid = (SELECT oid FROM pg_database WHERE datname = %s) "
            "ORDER BY calls DESC, total_exec_time DESC",
            [WEB, database],
        )
        return [Statement(*row) for row in rows]

    def open_messages(self, database: str) -> int:
        """How many messages still wait in the outbox."""
        query = "SELECT count(*) FROM messaging_message WHERE state IN ('queued', 'sending')"
        row = self._connected(database).execute(query).fetchone()
        return int(row[0]) if row else 0


def _programs() -> Path:
    """Where initdb and postgres are: Debian keeps them off the path, the newest version last."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    if versions:
        return versions[-1]
    if found:
        return Path(found).resolve().parent
    raise BenchError("PostgreSQL is not installed: `make packages` brings it.")
