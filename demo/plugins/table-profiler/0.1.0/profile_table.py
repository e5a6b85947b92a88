"""Profiles of tables: one pass over the rows, one `Column` for each column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Column:
    """What was seen of one column."""

    def __init__(self) -> None:
        self.empty = 0
        self.values: set[str] = set()
        self.numbers = 0
        self.filled = 0

    def add(self, cell: str | None) -> None:
        """Take one cell."""
        text = (cell or "").strip()
        if not text:
            self.empty += 1
            return
        self.filled += 1
        self.values.add(text)
        self.numbers += is_number(text)

    def describe(self) -> dict[str, object]:
        """JSON-ready description."""
        kind = "empty" if not self.filled else "number" if self.numbers == self.filled else "text"
        return {"type": kind, "empty": self.empty, "distinct": len(self.values)}


def is_number(text: str) -> bool:
    """Whether a cell is a finite decimal number."""
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdecimal()


def profile_rows(rows: Iterable[Mapping[str | None, str | None]]) -> dict[str, object]:
    """Profile rows as `csv.DictReader` gives them."""
    columns: dict[str, Column] = {}
    count = 0
    for row in rows:
        count += 1
        for name, cell in row.items():
            if name is not None:
                columns.setdefault(name, Column()).add(cell)
    return {"rows": count, "columns": {name: each.describe() for name, each in columns.items()}}
