"""The log: one JSON object a line, ours and those of others alike."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

OURS, OTHERS = structlog.get_logger("portal.messaging.outbox"), logging.getLogger("kombu.connection")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What comes out on standard error."""
    handler = next(each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    kept = StringIO()
    before = handler.setStream(kept)
    monkeypatch.setattr(sys, "__stderr__", kept)
    yield kept
    handler.setStream(before)


def lines(written: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_of_ours_and_one_of_others_have_the_same_frame_and_the_request_id(written: StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
        OURS.warning("nudge.lost", message="7", problem="Café 驗證碼")
        OTHERS.warning("Connection to %s lost", "a broker")
    ours, others = lines(written)
    assert (ours["event"], ours["message"], ours["problem"]) == ("nudge.lost", "7", "Café 驗證碼")
    assert others["event"] == "Connection to a broker lost"
    for line, logger in ((ours, "portal.messaging.outbox"), (others, "kombu.connection")):
        assert (line["level"], line["logger"], line["request_id"]) == ("warning", logger, "0123456789abcdef")
        assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("logger", [OURS, OTHERS])
def test_a_traceback_is_one_line_and_shows_no_local_variable(written: StringIO, logger: Any) -> None:
    secret = "739184"
    try:
        raise LookupError(f"not here\nor there, {len(secret)} digits")
    except LookupError:
        logger.exception("went wrong")
    (line,) = [each for each in lines(written) if "exception" in each]
    assert "LookupError: not here\nor there, 6 digits" in line["exception"]
    assert secret not in written.getvalue()


def test_a_percent_sign_and_braces_in_a_value_stay_what_they_are(written: StringIO) -> None:
    OURS.warning("100 %s {sure}", value="%d {x}")
    (line,) = lines(written)
    assert (line["event"], line["value"]) == ("100 %s {sure}", "%d {x}")


def test_what_is_below_the_level_is_not_written(written: StringIO) -> None:
    OURS.debug("too small to tell")
    assert not written.getvalue()


def test_what_can_take_no_line_keeps_no_client_out(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 (to be closed while something is still to be written to it)
    monkeypatch.setattr(sys, "__stderr__", full)
    OURS.warning("nudge.lost")
    with suppress(OSError):
        full.close()
    OURS.warning("nudge.lost")
    monkeypatch.setattr(sys, "__stderr__", None)
    OURS.warning("nudge.lost")
