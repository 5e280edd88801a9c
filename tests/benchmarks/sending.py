"""How many messages one worker sends, what each costs, and how long a code waits behind a burst of notices.

The worker is held to one core; everything else has the others.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from tests.benchmarks.carrier import Carrier
from tests.benchmarks.cluster import OWNER, WORKER
from tests.benchmarks.house import House
from tests.benchmarks.processes import BenchError, cpu_seconds
from tests.benchmarks.site import prepare, start_redis
from tests.messaging.smpp import carrier as smpp_carrier

MESSAGES, SLOW = 2000, 0.2  # seconds that the gateway takes for a request
THREADS = 64
NOTICES, PACED, PER_SECOND = 20_000, 100, 5.0
BACKLOG, ROUNDS = (100, 100_000), 3
_PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Rate:
    """One worker at full load."""

    per_second: float
    cpu: float  # milliseconds of the worker for a message
    memory: float  # MiB


@dataclass(frozen=True, slots=True)
class Sending:
    """Everything that was measured."""

    http: Rate
    smpp: Rate
    behind_notices: tuple[float, ...]  # milliseconds from commit to the carrier's hands
    claims: tuple[float, float]  # milliseconds among few and among many
    sweeps: tuple[float, float]  # the same for a sweep, without its nudges


def measure(built: House) -> Sending:
    """One after the other, each in a database of its own."""
    return Sending(_by_http(built), _by_smpp(built), _behind_notices(built), *_claims(built))


def _site(built: House, name: str, **more: str) -> dict[str, str]:
    prepare(built.processes, built.cluster, name, built.env, 10)
    redis = start_redis(built.processes, built.folder, f"redis-{name}")
    return {**built.env, "REDIS_URL": redis, "DATABASE_URL": built.cluster.url(name, WORKER), **more}


def _do(built: House, env: Mapping[str, str], *arguments: str) -> list[str]:
    """Something inside this portal; the lines that it printed."""
    return built.module("messages", *arguments, DATABASE_URL=env["DATABASE_URL"], REDIS_URL=env["REDIS_URL"])


@contextmanager
def _worker(built: House, name: str, env: Mapping[str, str], *more: str) -> Iterator[psutil.Process]:
    """One worker on one core, which ends with what is measured: its connections are many."""
    command = (sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "-P", "threads", "-c", str(THREADS))
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "warning")
    own = {**env, "DATABASE_POOL": str(THREADS)}
    process = built.processes.start(f"worker-{name}", *command, *quiet, *more, env=own)
    worker = psutil.Process(process.pid)
    worker.cpu_affinity([0])
    yield worker
    built.processes.end(process)


def _wait(taken: Callable[[], int], number: int) -> float:
    """When a carrier had so many, by the monotonic clock."""
    end = time.monotonic() + _PATIENCE
    while taken() < number:
        if time.monotonic() > end:
            raise BenchError(f"Only {taken()} of {number} messages came.")
        time.sleep(0.01)
    return time.monotonic()


def _drain(built: House, name: str, env: Mapping[str, str], taken: Callable[[], int]) -> Rate:
    """Put everything while nobody works, then let one worker loose, and measure between its first and last."""
    _do(built, env, "put", str(MESSAGES))
    few = MESSAGES // 10  # what comes before is the start
    with _worker(built, name, env) as worker:
        began, spent = _wait(taken, few), cpu_seconds(worker.pid)
        ended = _wait(taken, MESSAGES)
        spent, measured = cpu_seconds(worker.pid) - spent, MESSAGES - few
        return Rate(measured / (ended - began), spent * 1000 / measured, worker.memory_info().rss / 2**20)


def _by_http(built: House) -> Rate:
    carrier = Carrier(pause=SLOW)
    try:
        env = _site(built, "http", SMS_HTTP_URL=carrier.url)
        return _drain(built, "http", env, lambda: carrier.taken)
    finally:
        carrier.stop()


def _by_smpp(built: House) -> Rate:
    with smpp_carrier() as carrier:
        env = _site(
            built, "smpp", SMS_GATEWAY="smpp", SMPP_HOST="127.0.0.1", SMPP_PORT=str(carrier.port), SMPP_TLS="0",
            SMPP_SYSTEM_ID="portal", SMPP_PASSWORD="smpp-word", SMPP_WINDOW="50",
            SMPP_SOCKET=str(built.folder / "smpp" / "smpp.sock"),
        )  # fmt: skip
        bind = built.processes.start("smpp", sys.executable, "manage.py", "run_smpp", env=env)
        rate = _drain(built, "smpp", env, lambda: len(carrier.all("submit")))
        built.processes.end(bind)
        return rate


def _behind_notices(built: House) -> tuple[float, ...]:
    carrier = Carrier()
    try:
        env = _site(built, "notices", SMS_HTTP_URL=carrier.url, EMAIL_PORT=str(carrier.mail_port))
        _do(built, env, "notices", str(NOTICES))
        with _worker(built, "notices", env, "--beat", "--scheduler", "celery.beat.Scheduler"):
            time.sleep(15)  # a sweep has handed out what it takes at once
            lines = _do(built, env, "paced", str(PACED), str(PER_SECOND))
        put = {code: float(at) for code, at in (line.split() for line in lines[-PACED:])}
        arrived = carrier.arrivals()
        return tuple((arrived[code] - at) * 1000 for code, at in put.items())
    finally:
        carrier.stop()


def _claims(built: House) -> tuple[tuple[float, float], tuple[float, float]]:
    """Claims and sweeps, each among few and among many: in turns, for a machine has fast and slow moments. Of the
    rounds the one with the middle ratio."""
    for count in BACKLOG:
        prepare(built.processes, built.cluster, f"claims{count}", built.env, 10)
    rounds = [[_claims_among(built, count) for count in BACKLOG] for _ in range(ROUNDS)]
    claims, sweeps = ([(few[what], many[what]) for few, many in rounds] for what in (0, 1))
    return _middle(claims), _middle(sweeps)


def _claims_among(built: House, count: int) -> tuple[float, float]:
    url = built.cluster.url(f"claims{count}", OWNER)
    (line,) = built.module("messages", "claims", str(count), DATABASE_URL=url, REDIS_URL="unix:///nowhere")[-1:]
    claim, sweep = line.split()
    return float(claim), float(sweep)


def _middle(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return sorted(pairs, key=lambda pair: pair[1] / pair[0])[len(pairs) // 2]
