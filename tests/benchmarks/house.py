"""Everything that one run needs, standing; and everything gone again afterwards."""

import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.carrier import Carrier
from tests.benchmarks.cluster import OWNER, Cluster
from tests.benchmarks.processes import BenchError, Processes
from tests.benchmarks.site import clean_environment, prepare, production, start_redis


@dataclass(frozen=True, slots=True)
class House:
    """The parts that all measurements share."""

    folder: Path
    processes: Processes
    carrier: Carrier
    cluster: Cluster
    env: Mapping[str, str]

    def module(self, name: str, *arguments: str, seconds: float = 180, **more: str) -> list[str]:
        """Run a module of the bench with the portal's environment; the lines that it printed."""
        command = (sys.executable, "-m", f"tests.benchmarks.{name}", *arguments)
        return self.processes.run(name, *command, env={**self.env, **more}, seconds=seconds).splitlines()


@contextmanager
def house(seconds: int) -> Iterator[House]:
    """Build it, and take it down whatever happens: an error, Ctrl-C, a stop from outside, too long a run."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _leave)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(seconds)
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL, which is another user, has a folder of its own in it
        processes, carrier = Processes(folder), Carrier()
        try:
            cluster = Cluster(processes, folder / "postgres", clean_environment())
            yield House(folder, processes, carrier, cluster, production(folder, carrier))
        except BenchError as error:
            raise BenchError(f"{error}\n{processes.complaints()}".strip()) from error
        finally:
            signal.alarm(0)
            processes.stop()
            carrier.stop()


def profile(seconds: int) -> str:
    """Where the CPU time of a login goes, in words and tables."""
    with house(seconds) as built:
        prepare(built.processes, built.cluster, "profile", built.env, 1000)
        report = built.folder / "profile.txt"
        redis = start_redis(built.processes, built.folder, "redis")
        url = built.cluster.url("profile", OWNER)
        built.module("profiling", str(report), seconds=seconds, DATABASE_URL=url, REDIS_URL=redis)
        return report.read_text(encoding="utf-8")


def _leave(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _too_long(_signal: int, _frame: object) -> None:
    raise BenchError("The bench took too long and was stopped.")
