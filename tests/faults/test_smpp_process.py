"""The process of the bind as an operator runs it: started, asked, killed with a text on its way, started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.carrier import CrookedCarrier
from tests.faults.stage import ROOT, Stage, until
from tests.messaging.smpp import Carrier, carrier

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        os.environ["DATABASE_URL"].startswith("sqlite"), reason="once is enough, on the database of production"
    ),
]


class Bound(Stage):
    """A stage whose texts go over a bind to a carrier of another maker."""

    def __init__(self, folder: Path, database_url: str, far_end: Carrier) -> None:
        super().__init__(folder, database_url, CrookedCarrier())
        self.far_end = far_end

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **super().env,
            "SMS_GATEWAY": "smpp",
            "SMPP_HOST": "127.0.0.1",
            "SMPP_PORT": str(self.far_end.port),
            "SMPP_SYSTEM_ID": "portal",
            "SMPP_PASSWORD": "smpp-word",
            "SMPP_ENQUIRE_SECONDS": "1",
        }

    def run_smpp(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", "run_smpp", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    def bind(self) -> "subprocess.Popen[bytes]":
        """The command in the background, until it is bound."""
        before = len(self.far_end.all("bind"))
        process = self.start("smpp", sys.executable, "manage.py", "run_smpp")
        self.far_end.wait("bind", before + 1)
        return process

    def put(self, number: int) -> None:
        """So many codes."""
        self.run("-m", "tests.faults.put", str(number), "170")

    def problem(self) -> str:
        """Why the last code that waits was not taken."""
        found = self.rows("SELECT problem FROM messaging_message WHERE is_code AND state = 'queued'")
        return str(found[0][0]) if found else ""


@pytest.fixture
def stage(folder: Path, migrated: Callable[[Path], str]) -> Iterator[Bound]:
    with carrier() as far_end:
        made = Bound(folder, migrated(folder), far_end)
        try:
            made.redis()
            made.worker()
            made.beat()
            yield made
        finally:
            made.close()


def test_a_bind_that_is_killed_loses_no_text_and_one_that_is_stopped_takes_leave(stage: Bound) -> None:
    """S4: and it says how it stands, and bears no second one beside it"""
    away = stage.run_smpp("--state")
    assert (away.returncode, "run_smpp is away." in away.stderr) == (1, True)
    stage.bind()
    stage.far_end.order(receipts=True)
    stage.put(2)
    until(lambda: stage.states() == {"delivered": 2}, "both are sent, and their receipts written down")
    second = stage.run_smpp()
    assert second.returncode == 1
    assert "Another process holds the bind" in second.stderr
    stage.far_end.order(silent=True)
    stage.put(1)
    held = stage.far_end.wait("submit", 3)
    told = stage.run_smpp("--state")
    assert (told.returncode, told.stdout) == (0, "transceiver: bound\ntexts on their way: 1\n")
    stage.kill("smpp")
    until(lambda: "run_smpp is away" in stage.problem(), "the worker has noticed")
    stage.far_end.order(silent=False)
    bind = stage.bind()
    until(lambda: stage.states() == {"delivered": 3}, "the text that was on its way is sent again")
    copies = [each["text"] for each in stage.far_end.all("submit")].count(held["text"])
    assert copies == 2, "the same text, once more"
    assert len(stage.far_end.all("submit")) == 4
    bind.send_signal(signal.SIGTERM)
    assert bind.wait(10) == 0
    stage.far_end.wait("unbind")
    assert held["text"] not in (stage.folder / "smpp.log").read_text()
