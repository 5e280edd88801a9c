"""Structured logs: one JSON object a line on standard output, with the request id of the moment.

Nothing here ever receives a secret: services log events with ids, never the values they work on. Django's
own records (tracebacks included) pass through the same formatter, without local variables.
"""

import logging
import logging.config
from collections.abc import Mapping
from typing import Any

import structlog


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
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        structlog.processors.JSONRenderer(ensure_ascii=False),
                    ],
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
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
