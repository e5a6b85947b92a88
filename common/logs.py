"""Logging: one line for each event, constant event names, values in fields (`docs/LOGGING.md`).

Tokens, passwords, email addresses and bodies are never logged. `redact` is the second line of
defense: it masks what looks like a token, and the keys in paths such as that of a password reset
(CWE-532).
"""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from common.secret_paths import redact_secret_paths

_TOKEN = re.compile(r"pp_[A-Za-z0-9_-]{8,}")


_build_record = logging.getLogRecordFactory()


def redact_text(text: str) -> str:
    """Mask tokens, and the secret part of paths."""
    if "pp_" in text:
        text = _TOKEN.sub("pp_…", text)
    return redact_secret_paths(text)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask secrets in the text values of an event."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = redact_text(value)
    return event


def build_redacted_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """A log record without secrets. The factory of all records of the process.

    The access logs of granian and gunicorn have handlers of their own, which no processor of
    structlog sees.
    """
    record = _build_record(*args, **kwargs)
    # structlog passes a dictionary, which `redact` has seen.
    if isinstance(record.msg, str):
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # Arguments that do not fit: the handler reports them.
            return record
        redacted = redact_text(text)
        if redacted != text:
            record.msg, record.args = redacted, ()
    return record


_SHARED_PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
]


def configure_logging(options: dict[str, Any]) -> None:
    """Set up structlog and the standard library's loggers with one format, to standard error."""
    logging.setLogRecordFactory(build_redacted_record)
    renderer: Any = structlog.processors.JSONRenderer(sort_keys=True)
    if options["format"] != "json":
        renderer = structlog.processors.KeyValueRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True
        )
    structlog.configure(
        processors=[*_SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # An event below the level costs one call, not the building of an event.
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
                    "foreign_pre_chain": _SHARED_PROCESSORS,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                # config.middleware writes one line for each request, with its id.
                "django.server": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
                # Scanners send arbitrary Host headers, and forms over the limits. They get a 400 or
                # 413, and nobody has to act. Django would log a traceback for each request.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                "django.security.RequestDataTooBig": {"level": "CRITICAL"},
                "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
            },
        }
    )
