"""Format byte counts for people."""

from __future__ import annotations

_UNITS = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000))


def format_size(count: int) -> str:
    """A number of bytes in powers of 1000 (IEC 80000-13): `950 B`, `1.2 kB`, `34 MB`.

    Limits that are powers of two keep one decimal place: 256 MiB is `268.4 MB`.
    """
    for unit, factor in _UNITS:
        if count >= factor:
            return f"{count / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} B"
