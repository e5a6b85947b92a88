"""The file of the authorization table: one row for each method of each route."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

Cells = tuple[str, ...]

TABLE = Path(__file__).with_name("table.txt")
# Titles contain single spaces.
_GAP = re.compile(r" {2,}")


def read_table() -> dict[str, Cells]:
    """Return the cells of each row by its title, such as `GET /account`."""
    columns, rows = _parse()
    short = [title for title, cells in rows.items() if len(cells) != columns]
    assert not short, f"{TABLE.name} has no {columns} cells for {short}"
    return rows


def record_rows(
    columns: Sequence[str],
    titles: Sequence[str],
    *,
    asked: Collection[str],
    found: Mapping[str, Cells],
) -> None:
    """Replace the asked rows by those found, and drop the rows of no title.

    The order of the rows is that of `titles`, so the file does not depend on the part that records
    first. The workers of pytest-xdist take turns.
    """
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Rows with other columns, and the marks of a merge conflict, go: their part asks again.
        kept = {
            title: cells
            for title, cells in _parse()[1].items()
            if title not in asked and len(cells) == len(columns)
        }
        rows = kept | dict(found)
        lines = [("", *columns), *((title, *rows[title]) for title in titles if title in rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = "".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            + "\n"
            for line in lines
        )
        # Another part may read the file now, without the lock.
        new = TABLE.with_suffix(".new")
        new.write_text(text)
        new.replace(TABLE)


def _parse() -> tuple[int, dict[str, Cells]]:
    """Return the number of columns, and the cells of each row."""
    header, *lines = TABLE.read_text().splitlines()
    rows = [_GAP.split(line) for line in lines]
    return len(header.split()), {title: tuple(cells) for title, *cells in rows}
