"""Times in JSON."""

from __future__ import annotations

import datetime as dt
from typing import overload


@overload
def format_time(value: dt.datetime) -> str: ...
@overload
def format_time(value: dt.datetime | None) -> str | None: ...
def format_time(value: dt.datetime | None) -> str | None:
    """Return ISO 8601 in UTC with milliseconds and `Z`; None for None."""
    if value is None:
        return None
    return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
