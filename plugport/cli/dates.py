"""Dates of a registry for people: the day, and how long ago it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_UNITS = (
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("week", timedelta(days=7)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def format_date(text: object, now: datetime | None = None) -> str:
    """Format an ISO 8601 time as `2026-11-27 (2 days ago)`.

    Returns a text that is not a time unchanged, and "" for anything else.
    """
    if not isinstance(text, str):
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        age = (now or datetime.now(UTC)) - moment
        return f"{moment.astimezone(UTC):%Y-%m-%d} ({_format_age(age)})"
    except (OverflowError, ValueError):
        # A time at the end of the calendar cannot be converted.
        return text


def _format_age(age: timedelta) -> str:
    """Format a duration in its largest whole unit. The clock of a registry may be ahead."""
    for unit, size in _UNITS:
        count = age // size
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now" if age > -timedelta(minutes=5) else "in the future"
