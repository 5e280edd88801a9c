"""How long the embedded portal takes to its first page, its keys, tables and demo data still to be made."""

import sys
import time

import httpx

from tests import loopback
from tests.benchmarks.house import House
from tests.benchmarks.processes import free_port
from tests.benchmarks.site import clean_environment


def start(built: House) -> float:
    """Seconds from the command to the login page."""
    port = free_port()
    env = {**clean_environment(), "PORT": str(port), "DATA_DIR": str(built.folder / "embedded")}
    began = time.monotonic()
    supervisor = built.processes.start("embedded", sys.executable, "-m", "portal.demo.embedded", env=env, grace=20)
    built.processes.until(lambda: _serves(port), "the embedded portal")
    took = time.monotonic() - began
    built.processes.end(supervisor)
    return took


def _serves(port: int) -> bool:
    try:
        return loopback.get(f"http://localhost:{port}/en/login/").is_success
    except httpx.HTTPError:
        return False
