"""A carrier that hangs, fails, loses its answer or answers twice, and a real worker in front of it."""

import pytest

from tests.faults.stage import Stage, until

pytestmark = [pytest.mark.process, pytest.mark.once]

#: What an attempt has on record, by the manner of the carrier.
_MEANS = {"error": "unavailable: HTTP 500", "cut": "unavailable: Re%Error", "hang": "unavailable: ReadTimeout"}


@pytest.fixture
def working(stage: Stage) -> Stage:
    """A worker and a scheduler at work."""
    stage.redis()
    stage.worker()
    stage.beat()
    return stage


def test_whatever_the_carrier_does_each_code_is_accepted_once_when_it_is_well_again(working: Stage) -> None:
    """S4, S6"""
    expected = 0
    for manner, means in _MEANS.items():
        working.carrier.manner = manner
        working.run("-m", "tests.faults.put", "3", "170")
        expected += 3
        tried = f"SELECT count(DISTINCT message_id) FROM messaging_attempt WHERE result LIKE '{means}'"
        until(lambda: working.rows(tried)[0][0] == 3, f"all were tried ({manner})")  # noqa: B023
        assert "failed" not in working.states()
        working.carrier.manner = "accept"
        until(lambda: working.states() == {"sent": expected}, f"all are sent after {manner}")  # noqa: B023
        assert len(working.carrier.accepted) == expected
    assert all(process.poll() is None for process in working.processes.values()), "nobody fell over it"


def test_an_answer_given_twice_makes_one_message(working: Stage) -> None:
    """S4"""
    working.carrier.manner = "twice"
    working.run("-m", "tests.faults.put", "4", "170")
    until(lambda: working.states() == {"sent": 4}, "all are sent")
    assert len(working.carrier.accepted) == 4
    assert working.carrier.repeated == 0
    assert working.rows("SELECT count(*) FROM messaging_attempt")[0][0] == 4


def test_a_code_that_a_hanging_carrier_did_not_take_in_time_is_closed_and_erased(working: Stage) -> None:
    """S4, C6: at its deadline and not later, with nobody asking."""
    working.carrier.manner = "hang"
    working.run("-m", "tests.faults.put", "2", "23")
    until(lambda: working.states() == {"expired": 2}, "both are closed")
    assert working.rows("SELECT count(*) FROM messaging_message WHERE is_code AND sealed IS NOT NULL")[0][0] == 0
    working.carrier.manner = "accept"
    working.run("-m", "tests.faults.put", "1", "170")
    until(lambda: working.states() == {"expired": 2, "sent": 1}, "the next one is sent")
    assert len(working.carrier.accepted) == 1
