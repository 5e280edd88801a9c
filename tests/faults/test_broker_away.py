"""The broker is a nudge: without it the page answers as fast, and the code comes when it is back."""

import signal

import pytest

from tests.faults.browser import Browser
from tests.faults.stage import Stage, until

pytestmark = [pytest.mark.process, pytest.mark.once]

_ALLOWED = 1.0  # seconds that a broker in trouble may cost the first step


def _log_in_with_trouble(stage: Stage, trouble: str) -> None:
    stage.redis()
    stage.web()
    usual = min(Browser(stage.origin).timed_password_step() for _ in range(2))
    stage.forget_the_wait()
    if trouble == "stopped":
        stage.kill("redis")
    else:
        stage.signal("redis", signal.SIGSTOP)
    browser = Browser(stage.origin)
    in_trouble = browser.timed_password_step()
    assert in_trouble < usual + _ALLOWED
    assert browser.delivery == "queued"
    if trouble == "stopped":
        stage.redis()
    else:
        stage.signal("redis", signal.SIGCONT)
    stage.worker()
    stage.beat()
    until(lambda: stage.states().get("sent") == 2, "the sweep has sent what was waiting")
    assert browser.delivery in {"sent", "delayed"}
    browser.code_step(stage.carrier.code(browser.reference))
    assert browser.inside


def test_with_the_broker_stopped_the_login_answers_and_the_code_comes_later(stage: Stage) -> None:
    """S5"""
    _log_in_with_trouble(stage, "stopped")


def test_with_the_broker_frozen_the_login_answers_and_the_code_comes_later(stage: Stage) -> None:
    """S5"""
    _log_in_with_trouble(stage, "frozen")


def test_a_worker_finds_the_broker_again(stage: Stage) -> None:
    """S5: nobody has to start the worker anew."""
    stage.redis()
    stage.worker()
    stage.beat()
    stage.run("-m", "tests.faults.put", "1", "170")
    until(lambda: stage.states() == {"sent": 1}, "the worker works")
    stage.kill("redis")
    stage.run("-m", "tests.faults.put", "3", "170")
    assert stage.states()["queued"] == 3
    stage.redis()
    until(lambda: stage.states() == {"sent": 4}, "the worker works again")
    assert all(process.poll() is None for process in stage.processes.values()), "nobody fell over it"


def test_a_frozen_broker_that_comes_back_loses_and_repeats_nothing(stage: Stage) -> None:
    """S4, S5"""
    stage.redis()
    stage.worker()
    stage.beat()
    stage.run("-m", "tests.faults.put", "2", "170")
    until(lambda: stage.states() == {"sent": 2}, "the worker works")
    stage.signal("redis", signal.SIGSTOP)
    stage.run("-m", "tests.faults.put", "3", "170")
    stage.signal("redis", signal.SIGCONT)
    until(lambda: stage.states() == {"sent": 5}, "everything is sent")
    assert stage.carrier.repeated == 0
