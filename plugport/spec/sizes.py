"""Numbers of bytes as people read them."""

from __future__ import annotations


def show_size(count: int) -> str:
    """Bytes in units of 1024: `950 B`, `1.2 KiB`, `34 MiB`."""
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
