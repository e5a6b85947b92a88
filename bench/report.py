"""The lines that the benchmarks print: `name | value | unit`, and the promise with its verdict."""

from __future__ import annotations


def report(
    name: str, value: float, unit: str, *, most: float | None = None, least: float | None = None
) -> None:
    """Print a figure; `most` and `least` are what is promised of it."""
    line = f"{name} | {value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f} | {unit}"
    if most is not None:
        line += f" | at most {most:g}: {'met' if value <= most else 'MISSED'}"
    if least is not None:
        line += f" | at least {least:g}: {'met' if value >= least else 'MISSED'}"
    print(line, flush=True)


def skip(name: str, reason: str) -> None:
    """Print why something was not measured."""
    print(f"{name} | skipped | {reason}", flush=True)
