"""Profiles of tables: one pass over the rows, one `Column` for each column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

# Beyond this a set of values costs more memory than the number is worth.
MOST_DISTINCT = 100_000


class Column:
    """What was seen of one column."""

    def __init__(self) -> None:
        self.empty = 0
        self.filled = 0
        self.values: set[str] = set()
        self.numbers: list[float] = []
        self.dates: list[date] = []
        self.has_text = False

    def add(self, cell: str | None) -> None:
        """Take one cell."""
        text = (cell or "").strip()
        if not text:
            self.empty += 1
            return
        self.filled += 1
        if len(self.values) < MOST_DISTINCT:
            self.values.add(text)
        # Only smallest and largest are kept, so the lists never have more than two entries.
        if (number := parse_number(text)) is not None:
            self.numbers = keep_range([*self.numbers, number])
        elif (day := parse_date(text)) is not None:
            self.dates = keep_range([*self.dates, day])
        else:
            self.has_text = True

    @property
    def type(self) -> str:
        """`empty`, `number`, `date` or `text`; mixed columns are text."""
        if not self.filled:
            return "empty"
        if self.has_text or (self.numbers and self.dates):
            return "text"
        return "number" if self.numbers else "date"

    def describe(self) -> dict[str, object]:
        """JSON-ready description."""
        described: dict[str, object] = {
            "type": self.type,
            "empty": self.empty,
            "distinct": len(self.values),
            "distinctIsExact": len(self.values) < MOST_DISTINCT,
        }
        if self.type == "number":
            described |= {"min": self.numbers[0], "max": self.numbers[-1]}
        if self.type == "date":
            described |= {"min": str(self.dates[0]), "max": str(self.dates[-1])}
        return described


def keep_range(values: list) -> list:
    """The smallest and the largest of some values."""
    return sorted({min(values), max(values)})


def parse_number(text: str) -> float | None:
    """A finite decimal number, as int where it is whole; else None."""
    digits = text.removeprefix("-").replace(".", "", 1)
    if not (digits.isascii() and digits.isdecimal()) or len(text) > 300:
        return None
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return None


def parse_date(text: str) -> date | None:
    """A calendar date of ISO 8601, else None."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-02") else None
    except ValueError:
        return None


def profile_rows(rows: Iterable[Mapping[str | None, str | None]]) -> dict[str, object]:
    """Profile rows as `csv.DictReader` gives them."""
    columns: dict[str, Column] = {}
    count = 0
    for row in rows:
        count += 1
        for name, cell in row.items():
            if name is not None:
                columns.setdefault(name, Column()).add(cell)
    keys = [
        name
        for name, column in columns.items()
        if count and not column.empty and len(column.values) == count
    ]
    return {
        "rows": count,
        "columns": {name: column.describe() for name, column in columns.items()},
        "candidateKeys": keys,
    }
