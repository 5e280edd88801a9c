"""Structured logs: one JSON object a line on standard error, with the request id of the moment.

Nothing here ever receives a secret: services log events with ids, never the values they work on. Django's
own records (tracebacks included) become lines of the same kind, without local variables.
"""

import contextlib
import logging
import logging.config
import sys
from collections.abc import Mapping
from typing import Any

import structlog


def write(line: str) -> None:
    """Put one line of ours on standard error, in one piece, and not on what a worker makes of it. Where that is full or
    gone, clients are served all the same."""
    out = sys.__stderr__  # flushes each line by itself
    if out is not None:
        with contextlib.suppress(OSError, ValueError):
            out.write(f"{line}\n")


class _Lines:
    """A logger at the end of structlog's chain: our own lines need nothing of what makes records of those of others."""

    def __init__(self, name: str) -> None:
        self.name = name

    def info(self, line: str) -> None:
        write(line)

    debug = warning = error = critical = info


def _is_an_exception(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


def configure(options: Mapping[str, Any]) -> None:
    """Called by Django with `settings.LOGGING`."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    written: list[structlog.types.Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
                }
            },
            # A page that says "not ready" or "no database" has said why already.
            "filters": {"own_answers": {"()": "django.utils.log.CallbackFilter", "callback": _is_an_exception}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["out"], "level": options["level"]},
            # httpx writes each URL at INFO, and Django each 4xx as a warning: both are in our own lines.
            # At DEBUG Django's templates write all that a page was given.
            "loggers": {
                "django.template": {"level": "INFO"},
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "django.request": {"level": "ERROR", "filters": ["own_answers"]},
                "mail.log": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, *written],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(options["level"]),
        cache_logger_on_first_use=True,
    )
