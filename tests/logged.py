"""Everything that is logged while something runs, ours and that of others, at any level."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from portal import logs


class _Keep(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(f"{self.format(record)} {record.__dict__}")


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """The lines of ours as they are written, and the records of others with all that they hold."""
    kept: list[str] = []
    handler = _Keep(kept)
    loggers = [logging.getLogger(name) for name in (None, "django", "django.request", "smpp")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(logs, "write", kept.append)
        yield kept
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
