"""One portal with production's settings: its Redis, its web under gunicorn, its worker."""

import base64
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from celery import Celery

from tests.benchmarks.carrier import Carrier
from tests.benchmarks.cluster import OWNER, WEB, WORKER, Cluster
from tests.benchmarks.processes import BASE_DIR, BenchError, Process, Processes, cpu_seconds, free_port

HOST = "portal.bench.example"
TOKEN_HOST = "localhost"  # without TLS a browser runs a service worker for no other name
WORKERS, THREADS = 2, 4
_GUNICORN = (sys.executable, "-m", "gunicorn", "-c", str(BASE_DIR / "portal" / "gunicorn_conf.py"))


def clean_environment() -> dict[str, str]:
    """What a process needs of ours; no setting of whoever runs the bench may move a figure."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def production(folder: Path, carrier: Carrier) -> dict[str, str]:
    """The settings of production, with keys of this run. The database and Redis are each site's own."""
    return {
        **clean_environment(),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_DEMO": "0",
        "DATA_DIR": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SEALING_KEYS": f"bench:{_key()}",
        "INDEX_KEY": _key(),
        "AUDIT_KEYS": f"bench:{_key()}",
        "ALLOWED_HOSTS": f"{HOST},{TOKEN_HOST}",
        "TOKEN_APP_HOST": TOKEN_HOST,
        "PUBLIC_ORIGIN": f"https://{HOST}",
        "TRUSTED_PROXY_COUNT": "1",
        "BRAND": "gtjai",
        "SMS_GATEWAY": "http",
        "SMS_HTTP_URL": carrier.url,
        "SMS_HTTP_TOKEN": _key(),
        "SMS_RECEIPT_SECRET": _key(),
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(carrier.mail_port),
        "EMAIL_USE_TLS": "0",
        "EMAIL_FROM": f"no-reply@{HOST}",
        "SECURITY_MAILBOX": f"security@{HOST}",
        "AUDITOR_MAILBOX": f"auditor@{HOST}",
        "AUDIT_HEAD_DIRECTORY": str(folder),
    }


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def serves(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True, slots=True)
class Web:
    """Gunicorn with its workers, and what they have used so far."""

    port: int
    workers: tuple[psutil.Process, ...]

    def cpu(self) -> float:
        """CPU seconds of the workers; the master, which serves nobody, is left out."""
        return sum(cpu_seconds(worker.pid) for worker in self.workers)

    def memory(self) -> float:
        """Resident memory of the largest worker in MiB."""
        return max(float(worker.memory_info().rss) for worker in self.workers) / 2**20


def start_web(processes: Processes, name: str, env: Mapping[str, str], application: str = "") -> Web:
    """Start gunicorn with the portal's own configuration, for the portal or for another application."""
    port = free_port()
    ours = {"GUNICORN_BIND": f"127.0.0.1:{port}", "GUNICORN_WORKERS": str(WORKERS), "GUNICORN_THREADS": str(THREADS)}
    command = (*_GUNICORN, application) if application else _GUNICORN
    master = psutil.Process(processes.start(name, *command, env={**env, **ours}, grace=3).pid)
    processes.until(lambda: len(master.children()) == WORKERS and serves(port), name)
    return Web(port, tuple(master.children()))


@dataclass(frozen=True, slots=True)
class Site:
    """A portal that serves, with so many accounts."""

    database: str
    accounts: int
    web: Web
    worker: psutil.Process
    broker: Celery

    def sweep(self) -> None:
        """Hand out the notices that wait, as the schedule does within ten seconds."""
        self.broker.send_task("messaging.sweep", queue="codes")

    def worker_cpu(self) -> float:
        """CPU seconds of the process that sends the messages."""
        return cpu_seconds(self.worker.pid)


def start_redis(processes: Processes, folder: Path, name: str) -> str:
    """Debian's Redis on a socket; its REDIS_URL."""
    if not shutil.which("redis-server"):
        raise BenchError("redis-server is not installed: `make packages` brings it.")
    path = folder / f"{name}.sock"
    processes.start(
        name, "redis-server", *("--port", "0", "--unixsocket", str(path)), *("--save", "", "--appendonly", "no"),
        env=clean_environment(),
    )  # fmt: skip
    processes.until(path.exists, "Redis")
    return f"unix://{path}"


def prepare(processes: Processes, cluster: Cluster, database: str, env: Mapping[str, str], accounts: int) -> None:
    """A database with tables and accounts; static files too."""
    cluster.create(database)
    owner = {**env, "DATABASE_URL": cluster.url(database, OWNER), "REDIS_URL": "unix:///nowhere"}
    processes.run(f"prepare-{database}", sys.executable, "-m", "tests.benchmarks.accounts", str(accounts), env=owner)


def start_site(
    processes: Processes, cluster: Cluster, folder: Path, env: Mapping[str, str], database: str, accounts: int
) -> Site:
    """Prepare a database and start everything that serves it."""
    prepare(processes, cluster, database, env, accounts)
    metrics = folder / f"metrics-{database}"
    metrics.mkdir()
    redis = start_redis(processes, folder, f"redis-{database}")
    own = {
        **env,
        "REDIS_URL": redis,
        "METRICS_DIR": str(metrics),
        "METRICS_ADDRESS": f"127.0.0.1:{free_port()}",
    }
    web = start_web(processes, f"web-{database}", {**own, "DATABASE_URL": cluster.url(database, WEB)})
    worker = _start_worker(processes, f"worker-{database}", {**own, "DATABASE_URL": cluster.url(database, WORKER)})
    broker = Celery(broker=redis.replace("unix://", "redis+socket://", 1))
    return Site(database, accounts, web, psutil.Process(worker.pid), broker)


def _start_worker(processes: Processes, name: str, env: Mapping[str, str]) -> Process:
    """One worker process with the schedule in it, for notices leave with the sweep. It is not waited for: the first
    code of the warm logins shows that it works."""
    command = (sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "-P", "threads", "-c", "8")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return processes.start(name, *command, *quiet, "--beat", "--scheduler", "celery.beat.Scheduler", env=env)
