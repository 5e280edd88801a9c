"""Workers that die at any instant: nothing lost, nothing late, nothing sent twice but by the same reference."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from tests.faults.stage import ROOT, Stage, until

pytestmark = pytest.mark.process


def test_killed_workers_lose_nothing_and_send_nothing_twice(stage: Stage, soak: bool) -> None:
    """S4"""
    number, falls, seed = (5000, 60, time.time_ns()) if soak else (500, 8, 20261123)
    dice = random.Random(seed)
    stage.carrier.manner = "slow"
    stage.redis()
    stage.beat()
    putting = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.put", str(number), "600", "600", "600", "26"], cwd=ROOT, env=stage.env
    )
    try:
        for fall in range(falls):
            stage.worker(f"worker{fall}")
            until(lambda: len(stage.carrier.accepted) > fall, "some messages are out")  # noqa: B023
            time.sleep(dice.uniform(0.0, 0.6))
            stage.kill(f"worker{fall}")
        assert putting.wait(600) == 0
    finally:
        putting.kill()
    assert sum(stage.states().values()) == number, f"seed {seed}"
    stage.worker()
    patience = 600 if soak else 60
    try:
        until(lambda: not {"queued", "sending"} & stage.states().keys(), "every message is settled", patience=patience)
    finally:
        print(f"seed {seed}: {stage.states()}")
    rows = stage.rows("SELECT id, state, expires_at, sealed FROM messaging_message WHERE is_code")
    sent = {str(row[0]).replace("-", "") for row in rows if row[1] in {"sent", "delivered"}}
    taken = {reference.replace("-", "") for reference in stage.carrier.accepted}
    assert stage.states().keys() <= {"sent", "expired"}, f"seed {seed}"
    assert sent <= taken, f"seed {seed}: written down as sent, but the carrier never had it"
    assert len(taken - sent) <= 4 * falls, f"seed {seed}: at most what the fallen workers held was left unwritten"
    assert stage.carrier.repeated <= 4 * falls, f"seed {seed}: only what a fallen worker held is repeated"
    assert all(row[3] is None for row in rows), f"seed {seed}: every text is erased"
    for row in stage.rows("SELECT id, created_at, expires_at FROM messaging_message WHERE is_code"):
        arrived = stage.carrier.accepted.get(str(row[0])) or stage.carrier.accepted.get(_dashed(str(row[0])))
        assert arrived is None or arrived < _seconds(row[2]), f"seed {seed}: sent after its deadline"


def _dashed(plain: str) -> str:
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def _seconds(moment: object) -> float:
    """A database's time as seconds: text from SQLite, in UTC, and an aware time from PostgreSQL."""
    if isinstance(moment, datetime):
        return moment.timestamp()
    return datetime.fromisoformat(str(moment)).replace(tzinfo=UTC).timestamp()
