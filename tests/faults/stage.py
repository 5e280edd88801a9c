"""A portal of real processes on one machine, with a database and a broker of its own, to be hurt on purpose."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests import loopback
from tests.faults.carrier import CrookedCarrier

ROOT = Path(__file__).resolve().parents[2]
_FORGET = "UPDATE messaging_message SET to_index = ''"
PATIENCE = 45  # seconds that anything may take here before the test gives up


def until(reached: Callable[[], Any], what: str, *, patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < end, f"waited {patience} s in vain until {what}"
        time.sleep(0.05)


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class Stage:
    """The processes by name. Nothing else is ever signalled."""

    def __init__(self, folder: Path, database_url: str, carrier: CrookedCarrier) -> None:
        self.folder = folder
        self.database_url = database_url
        self.carrier = carrier
        self.socket = folder / "redis.sock"
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "PORTAL_DEMO": "1",  # plain http on loopback
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"unix://{self.socket}",
            "PUBLIC_ORIGIN": self.origin,
            "SMS_HTTP_URL": f"http://127.0.0.1:{self.carrier.port}/messages",
            "GUNICORN_BIND": f"127.0.0.1:{self.port}",
            "GUNICORN_WORKERS": "1",
            "GUNICORN_THREADS": "4",
            "METRICS_DIR": "",
            "LOG_LEVEL": "WARNING",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    # --- Processes ---------------------------------------------------------------------------------------

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process under a name; its output goes to a file of that name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        return self.processes[name]

    def redis(self) -> None:
        """Start the broker and wait until it listens."""
        self.start(
            "redis", "redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", "",
            "--appendonly", "no", "--dir", str(self.folder),
        )  # fmt: skip
        until(self._redis_answers, "Redis answers")

    def _redis_answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def worker(self, name: str = "worker", queues: str = "codes,portal") -> None:
        """Start a worker."""
        self.start(
            name, sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "-P", "threads", "-c", "4",
            "--without-gossip", "--without-mingle", "-l", "warning", "-n", f"{name}@stage", "-Q", queues,
        )  # fmt: skip

    def beat(self) -> None:
        """Start the scheduler."""
        schedule = str(self.folder / "beat")
        self.start("beat", sys.executable, "-m", "celery", "-A", "portal.celery", "beat", "-s", schedule)

    def web(self) -> None:
        """Start the web server and wait until it answers."""
        self.start("web", sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_conf")
        until(lambda: self.answers("/health/live"), "the web server answers")

    def answers(self, path: str) -> bool:
        try:
            return loopback.get(self.origin + path, timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def signal(self, name: str, what: signal.Signals) -> None:
        """Send a signal to a process and to what it started."""
        os.killpg(self.processes[name].pid, what)

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut does."""
        self.signal(name, signal.SIGKILL)
        self.processes.pop(name).wait(10)

    def run(self, *arguments: str) -> str:
        """Run a module to its end; what it wrote."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, timeout=120, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        """End whatever still runs. What each process said last is shown of a test that failed."""
        for name, process in self.processes.items():
            state = process.poll()
            last = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
            print(f"== {name}, {'running' if state is None else f'ended with {state}'}", *last, sep="\n")
            if state is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

    # --- The database, looked at from outside ---------------------------------------------------------------

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What the database answers."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.database_url.removeprefix("sqlite://"), timeout=20)
            try:
                return connection.execute(question).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.database_url) as opened:
            return opened.execute(question.encode()).fetchall()

    def change(self, *statements: str) -> None:
        """Let something be otherwise."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.database_url.removeprefix("sqlite://"), timeout=20)
            with connection:
                for each in statements:
                    connection.execute(each)
            connection.close()
            return
        with psycopg.connect(self.database_url) as opened:
            for each in statements:
                opened.execute(each.encode())

    def forget_the_wait(self) -> None:
        """As if every code so far had been sent to another number: the next one can be had at once."""
        self.change(_FORGET)

    def states(self) -> dict[str, int]:
        """How many codes are in which state."""
        return dict(self.rows("SELECT state, count(*) FROM messaging_message WHERE is_code GROUP BY state"))
