"""Output of the benchmarks: `name | value | unit`, and the target with its verdict."""

from __future__ import annotations


def report(
    name: str,
    value: float,
    unit: str,
    *,
    maximum: float | None = None,
    minimum: float | None = None,
) -> None:
    """Print a figure; `maximum` and `minimum` are its targets."""
    line = f"{name} | {value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f} | {unit}"
    if maximum is not None:
        line += f" | at most {maximum:g}: {'met' if value <= maximum else 'MISSED'}"
    if minimum is not None:
        line += f" | at least {minimum:g}: {'met' if value >= minimum else 'MISSED'}"
    print(line, flush=True)


def skip(name: str, reason: str) -> None:
    """Print the reason for a missing measurement."""
    print(f"{name} | skipped | {reason}", flush=True)


def report_unmeasured(name: str, reason: str) -> None:
    """Print that a figure is missing although it was requested."""
    print(f"{name} | not measured | {reason}", flush=True)
