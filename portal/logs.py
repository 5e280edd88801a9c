"""Structured logs: one JSON object a line on standard error, with the request id of the moment.

Nothing here ever receives a secret: services log events with ids, never the values they work on. Django's
own records (tracebacks included) become lines of the same kind, without local variables.
"""

import logging
import logging.config
from collections.abc import Mapping
from typing import Any

import structlog


class _Line(str):
    """A line that structlog has written: what is logged of our own becomes JSON once, where it is said."""

    __slots__ = ()


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Makes lines of the records of others, and leaves our own as they are."""

    def format(self, record: logging.LogRecord) -> str:
        return record.msg if isinstance(record.msg, _Line) else super().format(record)


def _line(logger: Any, name: str, written: Any) -> _Line:
    """The last processor of ours, after the one that writes JSON."""
    return _Line(written)


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
                    "()": _Formatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
                }
            },
            # A page that says "not ready" or "no database" has said why already.
            "filters": {"own_answers": {"()": "django.utils.log.CallbackFilter", "callback": _is_an_exception}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["out"], "level": options["level"]},
            # httpx writes each URL at INFO, and Django each 4xx as a warning: both are in our own lines.
            "loggers": {
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "django.request": {"level": "ERROR", "filters": ["own_answers"]},
                "mail.log": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, *written, _line],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
