"""Where the web's CPU time of a login goes: the five requests inside this process, warm, against PostgreSQL.

Run as a process of its own, with the environment of the portal: `python -m tests.benchmarks.profiling FILE`. The
first logins are timed without the profiler, which makes small functions look larger than they are.
"""

import cProfile
import io
import json
import pstats
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import policy  # noqa: E402
from accounts.services import verification  # noqa: E402
from portal.lib import crypto  # noqa: E402
from portal.messaging.models import Message  # noqa: E402
from portal.messaging.outbox import SEAL  # noqa: E402
from tests.actors import solve_json  # noqa: E402
from tests.benchmarks.browser import Answer  # noqa: E402
from tests.benchmarks.clients import Client, crowd  # noqa: E402
from tests.benchmarks.login import STEPS, log_in  # noqa: E402
from tests.benchmarks.processes import BASE_DIR  # noqa: E402

WARM, TIMED, PROFILED = 20, 100, 200
_ROWS = 60


class InProcess:
    """A wire without a network: it calls the WSGI application as gunicorn does."""

    def __init__(self, profiles: list[cProfile.Profile] | None) -> None:
        self._profiles = profiles
        self.milliseconds: list[float] = []

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        environ = _environ(method, path, headers, body)
        status, given = "", list[tuple[str, str]]()

        def start_response(
            line: str, fields: list[tuple[str, str]], _error: object = None, /
        ) -> Callable[[bytes], object]:
            nonlocal status
            status = line
            given.extend(fields)
            return len  # the old way to write a body, which Django never takes

        profile = self._profiles[len(self.milliseconds)] if self._profiles else None
        began = time.process_time()
        if profile:
            profile.enable()
        response = application(environ, start_response)
        content = b"".join(response)
        response.close()
        if profile:
            profile.disable()
        self.milliseconds.append((time.process_time() - began) * 1000)
        return Answer(int(status[:3]), tuple(given), content)


def _environ(method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    environ: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in headers.items()
        if not name.startswith("Content-")
    }
    setup_testing_defaults(environ)
    environ.update(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
    )
    return environ


def code_of(client: Client) -> str:
    """Opens the sealed message, as the worker would."""
    message = Message.objects.filter(customer__login=client.number, is_code=True).latest("created_at")
    return str(json.loads(crypto.open_sealed(SEAL, bytes(message.sealed or b"")))["text"])[:6]


def main() -> None:
    """Log in, warm, timed and profiled; print both results."""
    policy.PROOF_TRIES = 2
    clients = crowd(1000)
    profiles = [cProfile.Profile(time.thread_time) for _ in STEPS]  # waiting is not CPU time

    def login(profiles: list[cProfile.Profile] | None) -> list[float]:
        wire = InProcess(profiles)
        proof = solve_json(verification.new_proof(timezone.now()))
        log_in(wire, settings.ALLOWED_HOSTS[0], next(clients), proof, code_of)
        return wire.milliseconds

    for _ in range(WARM):
        login(None)
    timed = [login(None) for _ in range(TIMED)]
    for _ in range(PROFILED):
        login(profiles)
    report = [
        "CPU milliseconds of each request, median, without the profiler:",
        *(f"  {step:<18}{median(own):8.2f}" for step, own in zip(STEPS, zip(*timed, strict=True), strict=True)),
        f"  {'whole login':<18}{median(map(sum, timed)):8.2f}",
        *(
            _table(f"{step}: with all they call", "cumulative", each)
            for step, each in zip(STEPS, profiles, strict=True)
        ),
        _table("The whole login: by their own time", "tottime", *profiles),
    ]
    Path(sys.argv[1]).write_text("\n".join(report), encoding="utf-8")


def _table(title: str, order: str, *profiles: cProfile.Profile) -> str:
    out = io.StringIO()
    stats = pstats.Stats(profiles[0], stream=out)
    for each in profiles[1:]:
        stats.add(each)
    stats.sort_stats(order).print_stats(_ROWS)
    words = out.getvalue().replace(f"{BASE_DIR}/", "")
    return f"\n== {title} ({PROFILED} logins, CPU seconds) ==\n{words}"


if __name__ == "__main__":
    main()
