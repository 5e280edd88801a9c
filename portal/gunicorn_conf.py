"""How gunicorn serves the portal, in production and in the embedded demo.

Read from the environment: DATABASE_POOL, GUNICORN_BIND, GUNICORN_WORKERS, GUNICORN_THREADS, GUNICORN_MAX_REQUESTS,
METRICS_DIR and METRICS_ADDRESS. The metrics are served by gunicorn's first process, on an address of
their own that must be loopback or private: they are for the operator alone.
"""

import gc
import ipaddress
import logging
import os
import select
from pathlib import Path
from wsgiref.simple_server import WSGIServer

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from portal import checks, env

# Its threads are few and live as long as it does: each keeps a connection to the database, and none waits for another.
os.environ.setdefault("DATABASE_POOL", "0")

METRICS_DIR = env.text("METRICS_DIR", "")
METRICS_ADDRESS = env.text("METRICS_ADDRESS", "127.0.0.1:9108")
if METRICS_DIR:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR

# The client decides at import whether its figures are shared between processes, by the variable above.
from prometheus_client import CollectorRegistry, start_http_server  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead  # noqa: E402

wsgi_app = "portal.wsgi:application"
bind = env.words("GUNICORN_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = env.number("GUNICORN_WORKERS", 2, low=1, high=64)
threads = env.number("GUNICORN_THREADS", 4, low=1, high=64)
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (the heartbeat must not wait for a disk)
control_socket_disable = True

timeout = 30  # seconds without a heartbeat, after which a worker is replaced
graceful_timeout = 25  # seconds that running requests get at a stop
keepalive = 5  # seconds; proxies keep their own connections shorter or longer at will
backlog = 512

max_requests = env.number("GUNICORN_MAX_REQUESTS", 0, low=0, high=1_000_000)  # 0: workers are never recycled
max_requests_jitter = max_requests // 10

limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# gunicorn believes no forwarded header from anybody: the portal reads X-Forwarded-For and -Proto itself, and
# only as many entries as TRUSTED_PROXY_COUNT says.
forwarded_allow_ips = ""

accesslog = None  # the portal writes its own line for each request, with the request id and without client data
errorlog = "-"
loglevel = "info"

_log = logging.getLogger("gunicorn.error")
_metrics: list[WSGIServer] = []


def on_starting(server: Arbiter) -> None:
    """Forget the figures of processes that are gone, so that their files do not pile up."""
    for figures in Path(METRICS_DIR).glob("*.db") if METRICS_DIR else ():
        pid = figures.stem.rpartition("_")[2]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            figures.unlink(missing_ok=True)


def when_ready(server: Arbiter) -> None:
    """Serve the figures of all processes that share METRICS_DIR."""
    if not METRICS_DIR:
        _log.warning("No metrics are served: METRICS_DIR is not set.")
        return
    host, _, port = METRICS_ADDRESS.rpartition(":")
    address = ipaddress.ip_address(host.strip("[]"))
    if not (address.is_loopback or address.is_private) or address.is_unspecified:
        raise ValueError(f"METRICS_ADDRESS must be a loopback or private address, not {host}.")
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=METRICS_DIR)
    try:
        httpd, _thread = start_http_server(int(port), str(address), registry)
    except OSError as error:
        # Clients come before figures; the alarm on a missing scrape target tells the operator.
        _log.error("No metrics are served: %s: %s.", METRICS_ADDRESS, error.strerror)
        return
    _metrics.append(httpd)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """A worker must not hold the door of the metrics open after the first process is gone."""
    for httpd in _metrics:
        httpd.socket.close()


def post_worker_init(worker: Worker) -> None:
    """Refuse to serve logins whose codes could not leave: gunicorn ends with its first worker that does.

    What is loaded now stays loaded: the garbage collector need not walk through it at every request.
    """
    if reasons := checks.why_not_to_start():
        if worker.age > 1:  # the first one says why, and ends the server; two at once would leave a traceback
            while worker.alive:
                select.select([], [], [], 0.1)
            return
        for reason in reasons:
            _log.critical("%s", reason)
        raise SystemExit(Arbiter.WORKER_BOOT_ERROR)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """The gauges of a worker that is gone must not count any more."""
    if METRICS_DIR:
        mark_process_dead(worker.pid, METRICS_DIR)
