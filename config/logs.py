"""Logs: one line an event, constant event names, fields instead of prose (`docs/LOGGING.md`).

Tokens, passwords, mail addresses and bodies are never logged; `redact` is the last net under
that rule, for values that look like a token.
"""

from __future__ import annotations

import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_TOKEN = re.compile(r"pp_[A-Za-z0-9_-]{8,}")


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace anything that looks like a token in the text values of an event."""
    for key, value in event.items():
        if isinstance(value, str) and "pp_" in value:
            event[key] = _TOKEN.sub("pp_…", value)
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
]


def configure_logging(options: dict[str, Any]) -> None:
    """Set up structlog and the standard library's loggers to write alike to standard error."""
    renderer: Any = structlog.processors.JSONRenderer(sort_keys=True)
    if options["format"] != "json":
        renderer = structlog.processors.KeyValueRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True
        )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What is below the level costs one call, instead of a whole event that nobody reads.
        wrapper_class=structlog.make_filtering_bound_logger(options["level"]),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        renderer,
                    ],
                    "foreign_pre_chain": _SHARED,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                # The request line below is written by config.middleware, once, with its id.
                "django.server": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
                # Scanners send any Host they like: answered with 400, and no fault of ours.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
            },
        }
    )
