"""Two carriers and a real worker, with the waits of production: whatever the first one does, the code arrives."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from tests.faults.carrier import RECEIPT_SECRET, CrookedCarrier, crooked_carrier
from tests.faults.stage import Stage, until
from tests.messaging.servers import dead_port

pytestmark = pytest.mark.process
_WITHIN = 15.0  # seconds from the commit to a carrier's hands
_SLOTS = 4  # codes that a worker holds at once
_SQLITE = os.environ["DATABASE_URL"].startswith("sqlite")
_HEAL = ("DELETE FROM messaging_gatewayhealth", "DELETE FROM messaging_attempt")


class TwoWays(Stage):
    """A stage whose texts go to `alpha`, and to `beta` when alpha does not take them."""

    def __init__(self, folder: Path, database_url: str, alpha: CrookedCarrier, beta: CrookedCarrier) -> None:
        super().__init__(folder, database_url, beta)
        self.alpha = alpha
        self.alpha_port = alpha.port

    @property
    def env(self) -> Mapping[str, str]:
        ports = {"ALPHA": self.alpha_port, "BETA": self.carrier.port}
        return {
            **super().env,
            "DJANGO_SETTINGS_MODULE": "tests.faults.patient",
            "SMS_HTTP_MORE": "alpha,beta",
            "SMS_ROUTES": "852:alpha,beta",
            **{f"SMS_{name}_URL": f"http://127.0.0.1:{port}/messages" for name, port in ports.items()},
            **{f"SMS_{name}_TOKEN": "token" for name in ports},
            **{f"SMS_{name}_RECEIPT_SECRET": RECEIPT_SECRET for name in ports},
        }

    def send(self, number: int, manner: str) -> None:
        """Put so many codes and wait until a carrier has each."""
        before = sum(self.states().values())
        self.run("-m", "tests.faults.put", str(number), "170")
        until(lambda: self.states() == {"sent": before + number}, f"all are sent ({manner})")

    def waits(self) -> list[float]:
        """Seconds from the commit of each code until the last carrier that took it had it."""
        rows = self.rows("SELECT id, created_at FROM messaging_message WHERE is_code")
        return [self._had(str(UUID(str(key)))) - _moment(at) for key, at in rows]

    def _had(self, reference: str) -> float:
        return max(c.accepted[reference] for c in (self.alpha, self.carrier) if reference in c.accepted)

    def taken_after(self, moment: float) -> list[str]:
        """The codes put after this moment that alpha took all the same."""
        rows = self.rows("SELECT id, created_at FROM messaging_message WHERE is_code")
        put = [str(UUID(str(key))) for key, at in rows if _moment(at) > moment]
        return [reference for reference in put if reference in self.alpha.accepted]

    def moves(self) -> list[tuple[str, str]]:
        """Who is left, and why."""
        return self.rows("SELECT gateway, reason FROM messaging_gatewayhealth WHERE left_at IS NOT NULL")

    def twice(self) -> int:
        """How many clients have a code twice, by both carriers; it is the same code."""
        both = self.alpha.texts.keys() & self.carrier.texts.keys()
        assert all(self.alpha.texts[each] == self.carrier.texts[each] for each in both), "nobody has two codes"
        return len(both)


def _moment(at: object) -> float:
    found = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


@pytest.fixture
def two(folder: Path, migrated: Callable[[Path], str]) -> Iterator[TwoWays]:
    with crooked_carrier() as alpha, crooked_carrier() as beta:
        made = TwoWays(folder, migrated(folder), alpha, beta)
        try:
            yield made
        finally:
            made.close()


def working(stage: TwoWays) -> TwoWays:
    stage.redis()
    stage.worker()
    stage.beat()
    return stage


def test_a_first_carrier_in_trouble_delays_no_code(two: TwoWays) -> None:
    """S6: failing, answering garbage, taking seven of ten, taking but answering after 20 seconds, and hanging"""
    working(two)
    for manner in ("error", "garbage", "some", "late", "hang"):
        duplicates = two.twice()
        two.alpha.manner = manner
        two.send(30 if manner == "some" else 12, manner)
        time.sleep(1.1)  # workers look once a second
        two.send(1, manner)
        assert max(two.waits()) < _WITHIN, manner
        assert [name for name, _ in two.moves()] == ["alpha"], f"left, once ({manner})"
        lost = two.twice() - duplicates
        assert lost <= (_SLOTS if manner == "late" else 0), f"twice only where an answer was lost ({manner})"
        two.change(*_HEAL)
    assert two.carrier.repeated == two.alpha.repeated == 0, "no third copy"


def test_where_an_answer_was_lost_the_same_code_comes_twice_at_most(two: TwoWays) -> None:
    """S4, S6"""
    working(two)
    two.alpha.manner = "cut"
    two.send(6, "cut")
    assert max(two.waits()) < _WITHIN
    assert two.twice() > 0, "the first ones, until a worker looked"
    assert two.alpha.repeated == two.carrier.repeated == 0, "no third copy"


@pytest.mark.skipif(_SQLITE, reason="its waits are real ones: once, on the database of production")
def test_a_carrier_that_takes_codes_of_which_none_arrives_is_left_within_15_seconds(two: TwoWays) -> None:
    """S6: its receipts came before"""
    two.start("web", sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_conf")
    working(two)
    until(lambda: two.answers("/health/live"), "the web server answers")
    two.alpha.reports_to = f"{two.origin}/receipts/sms/alpha/"
    two.run("-m", "tests.faults.put", "5", "170")
    until(lambda: two.states() == {"delivered": 5}, "codes arrive")
    two.alpha.manner = "lose"
    two.run("-m", "tests.faults.put", "12", "170")
    until(lambda: len(two.alpha.accepted) == 17, "it takes them as before")
    began = min(list(two.alpha.accepted.values())[5:])
    while not two.carrier.accepted:
        two.run("-m", "tests.faults.put", "1", "170")
        assert not two.taken_after(began + _WITHIN), "the next ones go on the same way"
    assert two.moves() == [("alpha", "not delivering")]
    lost = len(two.alpha.accepted)
    two.run("-m", "tests.faults.put", "4", "170")
    until(lambda: len(two.carrier.accepted) >= 5, "what comes after goes the other way")
    assert len(two.alpha.accepted) == lost
    assert two.twice() == 0


def test_a_carrier_that_is_away_costs_nothing(two: TwoWays) -> None:
    """S6"""
    two.alpha_port = dead_port()
    working(two)
    two.send(6, "away")
    assert max(two.waits()) < _WITHIN
    assert len(two.carrier.accepted) == 6
