"""The processes of one run: each writes a log, and none outlives the bench."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
_LOG_LINES = 25  # shown of a process that failed
_CPUCLOCK_SCHED = 2  # clock_getcpuclockid(3), which Python has for threads alone: the clock of a process by its number


class BenchError(Exception):
    """Why nothing could be measured, in words for whoever ran the bench."""


@dataclass(frozen=True, slots=True)
class Process:
    """One running process."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    grace: float  # seconds to stop by itself

    @property
    def pid(self) -> int:
        return self.popen.pid

    def stop(self) -> None:
        """Ask, wait, then end by force whatever is left of its group."""
        if self.popen.poll() is None:
            self.popen.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(self.grace)
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.popen.wait()


class Processes:
    """Everything that was started, to be stopped in the opposite order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Process] = []

    def start(
        self,
        name: str,
        *command: str,
        env: Mapping[str, str],
        user: str = "",
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 5,
    ) -> Process:
        """Start a process that runs until the end. With `user` it gives up root for that user."""
        log = self._folder / f"{name}.log"
        become = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
        with log.open("wb") as output:
            popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *become, "--", *command],
                env=dict(env),
                cwd=BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the bench alone, which then stops all in order
            )
        process = Process(name, popen, log, stop_signal, grace)
        self._running.append(process)
        return process

    def run(self, name: str, *command: str, env: Mapping[str, str], user: str = "", seconds: float = 180) -> str:
        """Run a command to its end; what it printed. Raises `BenchError` when it fails or takes longer."""
        process = self.start(name, *command, env=env, user=user, grace=0)
        try:
            code = process.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{name} took more than {seconds:.0f} s.") from None
        finally:
            self.end(process)
        if code:
            raise BenchError(f"{name} failed:\n{_tail(process.log)}")
        return process.log.read_text(encoding="utf-8")

    def until(self, reached: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Wait for something. Raises `BenchError` when it does not come, or a process has ended meanwhile."""
        end = time.monotonic() + seconds
        while not reached():
            self.check()
            if time.monotonic() > end:
                raise BenchError(f"Waited {seconds:.0f} s in vain for {what}.")
            time.sleep(0.05)

    def end(self, process: Process) -> None:
        """Stop one before its time."""
        process.stop()
        self._running.remove(process)

    def check(self) -> None:
        """Raises `BenchError` if a process that should run has ended."""
        for process in self._running:
            if process.popen.poll() is not None:
                raise BenchError(f"{process.name} has ended:\n{_tail(process.log)}")

    def complaints(self) -> str:
        """The last error that each process wrote down, for whoever has to find out why."""
        lines = {process.name: process.log.read_text(encoding="utf-8", errors="replace") for process in self._running}
        last = {name: [line for line in log.splitlines() if '"error"' in line][-1:] for name, log in lines.items()}
        return "\n".join(f"{name}: {line}" for name, found in last.items() for line in found)

    def stop(self) -> None:
        """Stop all, the last started first."""
        while self._running:
            self._running.pop().stop()


def cpu_seconds(pid: int) -> float:
    """What a process has used of CPU time, its ended threads included. psutil counts in ticks of 10 ms; this does not.

    Raises `BenchError` if it has ended.
    """
    try:
        return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)
    except OSError:
        raise BenchError(f"The process {pid} has ended.") from None


def free_port() -> int:
    """A port of loopback that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:])
