"""Worker, broker, carrier, bind and database die at random, and come back: every message ends, the counts add up."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from tests.faults.carrier import CrookedCarrier
from tests.faults.postgres import OwnPostgres
from tests.faults.stage import ROOT, Stage, free_port, until
from tests.messaging.smpp import Carrier, carrier

pytestmark = [pytest.mark.process, pytest.mark.embedded]  # it has a PostgreSQL of its own, whichever the others use
_PARTS = ("worker", "redis", "carrier", "smpp", "database")
_SLOTS = 4  # messages that a worker holds
_PILE = 300
_SEEDS = (20261124, 20261125, 20261126)
#: Seconds that a message lives. One of five has one second until it is too late to be sent.
_LIVES = ("600", "600", "600", "600", "21")


class Mortal(Stage):
    """Five parts, each of which can be killed and started again. Texts to Hong Kong go to the carrier over HTTP, those
    to Macau over the bind to a network that never falls."""

    def __init__(self, folder: Path, network: Carrier) -> None:
        self.database = OwnPostgres(folder / "pg")
        super().__init__(folder, self.database.url, CrookedCarrier(port=free_port()))
        self.network = network
        self.taken = folder / "taken"

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **super().env,
            "SMS_ROUTES": "852:http 853:smpp",
            "SMPP_HOST": "127.0.0.1",
            "SMPP_PORT": str(self.network.port),
            "SMPP_SYSTEM_ID": "portal",
            "SMPP_PASSWORD": "smpp-word",
        }

    def begin(self, part: str) -> None:
        """Start one part."""
        match part:
            case "worker":
                self.worker()
            case "redis":
                self.socket.unlink(missing_ok=True)
                self.redis()
            case "carrier":
                command = ("-m", "tests.faults.carrier_process", str(self.carrier.port), str(self.taken))
                self.start("carrier", sys.executable, *command)
            case "smpp":
                self.start("smpp", sys.executable, "manage.py", "run_smpp")
            case "database":
                self.database.start()
                until(self.database.answers, "PostgreSQL has recovered")

    def end(self, part: str) -> None:
        """Kill one part."""
        if part == "database":
            self.database.kill()
        else:
            self.kill(part)

    def sent(self, gateway: str) -> set[str]:
        """The carrier's own references of what is written down as sent by a gateway."""
        rows = self.rows(
            "SELECT gateway_reference FROM messaging_message "
            f"WHERE is_code AND gateway = '{gateway}' AND state IN ('sent', 'delivered')"
        )
        return {str(row[0]) for row in rows}

    def took(self, gateway: str) -> list[tuple[str, str]]:
        """Everything that a carrier took: the reference that it has in our table, and what the text is known by."""
        if gateway == "http":
            return [(each, each) for each in self.taken.read_text().split()]
        return [(each["id"], each["text"]) for each in self.network.all("submit")]

    def close(self) -> None:
        super().close()
        self.database.kill()


@pytest.fixture(params=_SEEDS)
def seed(request: pytest.FixtureRequest, soak: bool) -> int:
    """What chance begins with: one is enough outside a full run."""
    if not soak and request.param != _SEEDS[0]:
        pytest.skip("in a full run")
    return int(request.param)


@pytest.fixture
def mortal(seed: int, folder: Path) -> Iterator[Mortal]:
    """Everything at work."""
    folder.chmod(0o711)  # PostgreSQL, which is another user, has a folder of its own in it
    with carrier() as network:
        network.order(receipts=True)
        made = Mortal(folder, network)
        try:
            made.begin("database")
            made.run("manage.py", "migrate", "--verbosity", "0")
            for part in ("redis", "carrier", "smpp", "worker"):
                made.begin(part)
            made.beat()
            yield made
        finally:
            made.close()


def counted(stage: Mortal) -> int:
    until(stage.database.answers, "the database is there")
    return int(stage.rows("SELECT count(*) FROM messaging_message WHERE is_code")[0][0])


def unsettled(stage: Mortal) -> int:
    """What is neither sent nor expired nor refused."""
    try:
        return sum(stage.states().get(state, 0) for state in ("queued", "sending"))
    except psycopg.OperationalError:
        return -1


def test_whatever_is_killed_every_message_ends_and_the_counts_add_up(seed: int, mortal: Mortal, soak: bool) -> None:
    """S4, S5: none in between a minute after the last fall"""
    dice = random.Random(seed)
    number, falls, pause = (5000, 40, (1.0, 4.0)) if soak else (500, 10, (0.2, 1.5))
    fallen: Counter[str] = Counter()
    for share, until_fallen in ((number * 4 // 5, falls // 2), (number, falls)):
        # What piled up while they fell is sent before the last round: how long that takes says how fast a machine is.
        until(lambda: 0 <= unsettled(mortal) < _PILE, "the pile is small", patience=600)
        putting = _Putter(mortal, share)
        while fallen.total() < until_fallen or not putting.done():
            part = _PARTS[fallen.total()] if fallen.total() < len(_PARTS) else dice.choice(_PARTS)
            time.sleep(dice.uniform(*pause))
            mortal.end(part)
            fallen[part] += 1
            time.sleep(dice.uniform(0.0, 1.0))
            mortal.begin(part)
    until(lambda: unsettled(mortal) == 0, "every message has ended", patience=60)
    states = mortal.states()
    told = f"seed {seed}, fallen {dict(fallen)}, states {states}"
    assert sum(states.values()) >= number, told
    assert states.keys() == {"sent", "delivered", "expired", "failed"}, f"{told}: each way to end occurs, and no other"
    lost_answers = _SLOTS * fallen.total()
    for gateway in ("http", "smpp"):
        sent, took = mortal.sent(gateway), mortal.took(gateway)
        known = dict(took)
        assert len(sent) > number / 4, told
        assert sent <= known.keys(), f"{told}: written down as sent, but {gateway} never had it"
        texts = set(known.values())
        assert len(texts - {known[each] for each in sent}) <= lost_answers, told
        assert len(took) - len(texts) <= lost_answers, f"{told}: repeated without need"
    kept = "SELECT count(*) FROM messaging_message WHERE is_code AND sealed IS NOT NULL"
    assert mortal.rows(kept)[0][0] == 0, f"{told}: every text is erased"


class _Putter:
    """Puts messages while things fall: whoever loses the database begins again where it stopped."""

    def __init__(self, stage: Mortal, number: int) -> None:
        self._stage, self._number = stage, number
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        left = self._number - counted(self._stage)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.put", str(left), *_LIVES],
            cwd=ROOT, env=self._stage.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def done(self) -> bool:
        """Whether there are enough."""
        if self._process.poll() is None:
            return False
        if counted(self._stage) >= self._number:
            return True
        self._process = self._start()
        return False
