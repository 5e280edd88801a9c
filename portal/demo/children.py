"""Child processes that are started again when they fall, and that never outlive their parent."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.demo.house import Refusal

QUICK = 10  # seconds; who falls sooner after its start has not really run
QUICK_FALLS = 5  # in a row, and the portal gives up
FIRST_PAUSE = 0.5  # seconds before a fallen child is started again; doubled at each quick fall
TICK = 0.1  # seconds between two looks at the children

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with(parent: int) -> Callable[[], None]:
    """Between fork and exec: have the kernel end the child with its parent, however that ends."""

    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent was gone before we asked
            os._exit(1)

    return prepare


@dataclass(frozen=True, slots=True)
class Plan:
    """One child: what it is for a reader, how it is started, and how long it may take to stop, in seconds."""

    title: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    grace: float = 1.0


class Child:
    """One process after a plan, with its own process group: a terminal's Ctrl-C reaches only the parent."""

    def __init__(self, plan: Plan, cwd: Path) -> None:
        self.plan = plan
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._falls = 0
        self._again = 0.0

    def start(self) -> None:
        """Start the process; its output is appended to the plan's log."""
        with self.plan.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.plan.command,
                env=dict(self.plan.env),
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 (this process has one thread)
            )
        self._started = time.monotonic()

    def code(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.poll() if self._process else None

    def look(self) -> None:
        """Start again what has fallen, after a pause; raises `Refusal` when it falls again and again."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._again:
                self.start()
            return
        if self._process.poll() is None:
            return
        self.end_group()
        self._falls = self._falls + 1 if now - self._started < QUICK else 1
        if self._falls >= QUICK_FALLS:
            raise Refusal(
                f"{self.plan.title} stopped {QUICK_FALLS} times in a row right after its start: "
                f"{self.plan.log} says why."
            )
        self._process = None
        self._again = now + FIRST_PAUSE * 2 ** (self._falls - 1)

    def ask_to_stop(self) -> None:
        """SIGTERM, to this process alone: it looks after its own children."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Ask, wait for the plan's grace, then end by force."""
        self.ask_to_stop()
        if self._process:
            try:
                self._process.wait(self.plan.grace)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self.end_group()

    def end_group(self) -> None:
        """End by force whatever the process left behind."""
        if self._process:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return


class Household:
    """All children together, and the wish to stop."""

    def __init__(self, cwd: Path) -> None:
        self._cwd = cwd
        self._children: list[Child] = []
        self._stops = 0

    def obey(self) -> None:
        """Stop on Ctrl-C, SIGTERM and a closed terminal; a second Ctrl-C does not wait for anybody."""
        signal.signal(signal.SIGINT, self._wish)
        signal.signal(signal.SIGTERM, self._wish)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
            signal.signal(signal.SIGHUP, self._wish)

    @property
    def stopping(self) -> bool:
        """Whether somebody asked us to stop."""
        return self._stops > 0

    def add(self, plan: Plan) -> None:
        """Start one more child, to be kept running; none any more once a stop was asked for."""
        if self.stopping:
            return
        child = Child(plan, self._cwd)
        child.start()
        self._children.append(child)

    def run(self, plan: Plan) -> None:
        """Run one command to its end while the others are looked after; raises `Refusal` when it fails."""
        if self.stopping:
            return
        child = Child(plan, self._cwd)
        child.start()
        try:
            self.until(lambda: child.code() is not None)
        finally:
            child.stop()
        if not self.stopping and child.code() != 0:
            raise Refusal(f"{plan.title} failed: {plan.log} says why.")

    def until(self, reached: Callable[[], bool], seconds: float | None = None) -> bool:
        """Look after the children until something is reached, the time is over, or a stop is asked for."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self.stopping:
            if reached():
                return True
            if end is not None and time.monotonic() > end:
                return False
            for child in self._children:
                child.look()
            time.sleep(TICK)
        return False

    def stop(self) -> None:
        """Stop all, the last started first."""
        for child in reversed(self._children):
            child.stop()

    def _wish(self, _signal: int, _frame: object) -> None:
        self._stops += 1
        if self._stops > 1:
            for child in self._children:
                child.end_group()
