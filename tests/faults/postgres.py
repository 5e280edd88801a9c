"""A PostgreSQL of one's own that can be killed, with all its processes, and started again on what it has written."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

_PROGRAMS = Path("/usr/lib/postgresql")


class OwnPostgres:
    """On a unix socket in a folder of its own and nowhere else. It refuses root, so that root gives up itself first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._become: tuple[str, ...] = ()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self._become = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--")
        self._run("initdb", "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql:///postgres?host={self.folder}&user=portal"

    def _program(self, name: str) -> str:
        found = sorted(_PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
        program = str(found[-1]) if found else shutil.which(name)
        assert program, f"{name} is missing: tests/packages.sh"
        return program

    def _run(self, name: str, *arguments: str) -> None:
        command = (*self._become, self._program(name), "-D", str(self.folder / "data"), *arguments)
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, timeout=60)

    def start(self) -> None:
        """Start it; it takes its time to recover, and refuses connections until then."""
        options = ("-k", str(self.folder), "-c", "listen_addresses=", "-c", "fsync=off")
        command = (*self._become, self._program("postgres"), "-D", str(self.folder / "data"), *options)
        with Path(f"{self.folder}.log").open("ab") as log:
            self._server = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def kill(self) -> None:
        """End all its processes at once, as a power cut does."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait(10)
            self._server = None
