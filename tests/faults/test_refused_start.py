"""Processes that would take codes and could not send them: they do not start, and say which setting is missing."""

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from portal import checks
from tests.faults.stage import ROOT, free_port

pytestmark = pytest.mark.process
_WORKER = ("celery", "-A", "portal.celery", "worker", "-P", "threads", "-c", "1", "--without-gossip", "-l", "warning")
_WEB = ("gunicorn", "-c", "python:portal.gunicorn_conf")
_MISSING = "Set SMS_HTTP_URL and SMS_HTTP_TOKEN: without them no code leaves."
_PRINTS = "SMS_GATEWAY or SMS_ROUTES names console, which prints codes: choose a real gateway."


@pytest.mark.parametrize("command", [_WORKER, _WEB], ids=["worker", "web"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"SMS_HTTP_TOKEN": ""}, _MISSING), ({"SMS_GATEWAY": "console"}, _PRINTS)],
    ids=["missing", "console"],
)
def test_a_process_whose_codes_could_not_leave_does_not_start(
    command: tuple[str, ...], changes: Mapping[str, str], sentence: str
) -> None:
    """O2: also where nobody ran the checks"""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "GUNICORN_BIND": f"127.0.0.1:{free_port()}", "METRICS_DIR": "", **changes},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode not in (0, -9), done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_needs_no_carrier(monkeypatch: pytest.MonkeyPatch) -> None:
    """O2"""
    monkeypatch.setattr("portal.checks.settings.SMS_GATEWAY", "console")
    assert checks.why_not_to_start() == [_PRINTS]
    monkeypatch.setattr("portal.checks.settings.DEMO", True)
    assert checks.why_not_to_start() == []
