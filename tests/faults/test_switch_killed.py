"""A process that dies between any two writes of a change of method: the account has one method, and it works."""

import json
from typing import Any

import pytest

from tests.faults.stage import Stage

pytestmark = pytest.mark.process
#: Of method, token, sessions, record and notices: a change that writes less is not the one that is meant here.
FEWEST_WRITES = 8


def test_a_change_killed_after_any_write_leaves_one_method_that_works(stage: Stage) -> None:
    """T5"""
    seen: list[dict[str, Any]] = [json.loads(line) for line in stage.run("-m", "tests.faults.switch").splitlines()]
    for way, before, after in (("to the app", "sms", "soft_token"), ("back", "soft_token", "sms")):
        steps = [step for step in seen if step["way"] == way]
        *killed, survived = steps
        assert len(killed) >= FEWEST_WRITES
        assert [step["writes"] for step in steps] == list(range(1, len(steps) + 1))
        assert all(step["killed"] for step in killed)
        assert not survived["killed"]
        assert survived["method"] == after
        changes = 0 if way == "to the app" else 1
        for step in steps:  # nothing of it or all of it: what is counted after the commit may be missing
            made = changes + (step["method"] == after)
            assert (step["records"], step["notices"] // 2, step["epoch"]) == (made,) * 3, step
        assert [step["method"] for step in steps[:FEWEST_WRITES]] == [before] * FEWEST_WRITES
        for step in steps:
            tokens = 1 if step["method"] == "soft_token" else 0
            assert (step["bound"], step["seeds"]) == (tokens, tokens), step
            assert step["login"], step
