"""Cells as values. Each converter raises ValueError for what it does not take."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

_YES = frozenset({"yes", "true", "1", "y"})
_NO = frozenset({"no", "false", "0", "n"})


def to_boolean(cell: str) -> bool:
    """yes/no, true/false, 1/0."""
    word = cell.lower()
    if word not in _YES | _NO:
        raise ValueError(cell)
    return word in _YES


def to_number(cell: str) -> float:
    """A finite decimal number."""
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(cell)
    return value


CONVERTERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": int,
    "number": to_number,
    "boolean": to_boolean,
    "date": lambda cell: date.fromisoformat(cell).isoformat(),
}
