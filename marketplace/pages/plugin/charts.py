"""Geometry of the download charts, in units of the SVG view boxes of the templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

SPARKLINE_WEEKS = 12
_SPARK_WIDTH, _SPARK_HEIGHT = 96.0, 20.0
CHART_WIDTH, CHART_HEIGHT = 720, 160


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line of weekly downloads; `description` is its text alternative (WCAG 1.1.1)."""

    points: str
    description: str


def build_sparkline(days: Sequence[tuple[dt.date, int]]) -> Sparkline | None:
    """Return the downloads of the last twelve weeks; None if there were none."""
    counts = [count for _day, count in days[-7 * SPARKLINE_WEEKS :]]
    weeks = [sum(counts[start : start + 7]) for start in range(0, len(counts), 7)]
    peak = max(weeks, default=0)
    if not peak:
        return None
    step = _SPARK_WIDTH / (len(weeks) - 1)
    points = " ".join(
        f"{index * step:.1f},{1 + (_SPARK_HEIGHT - 2) * (1 - count / peak):.1f}"
        for index, count in enumerate(weeks)
    )
    counts_text = ", ".join(str(count) for count in weeks)
    return Sparkline(points, f"Downloads in each of the last {len(weeks)} weeks: {counts_text}.")


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart."""

    day: dt.date
    count: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Daily bars, the labels of both axes, and a text alternative in `description`."""

    bars: Sequence[Bar]
    bar_width: float
    months: Sequence[tuple[float, str]]
    lines: Sequence[tuple[float, int]]
    description: str


def build_chart(days: Sequence[tuple[dt.date, int]]) -> Chart | None:
    """Return the downloads by day; None if there were none."""
    peak = max((count for _day, count in days), default=0)
    if not peak:
        return None
    top = _round_up(peak)
    step = CHART_WIDTH / len(days)

    def compute_y(count: float) -> float:
        return round(CHART_HEIGHT * (1 - count / top), 1)

    bars = [
        Bar(
            day,
            count,
            round(index * step, 1),
            compute_y(count),
            round(CHART_HEIGHT * count / top, 1),
        )
        for index, (day, count) in enumerate(days)
    ]
    months = [(bar.x, bar.day.strftime("%B")) for bar in bars if bar.day.day == 1]
    lines = [(compute_y(value), value) for value in sorted({top, top // 2} - {0})]
    total = sum(count for _day, count in days)
    best = max(bars, key=lambda bar: bar.count)
    description = (
        f"Downloads by day, {days[0][0]} to {days[-1][0]}: {total} in total,"
        f" with a maximum of {best.count} on {best.day}."
    )
    return Chart(bars, round(step * 0.72, 1), months, lines, description)


def _round_up(value: int) -> int:
    """Return the next even or round number, so that half of it is a label too: 2, 3, 4, 6, 8, 10, 20..."""
    size = 1
    while True:
        for factor in (2, 3, 4, 6, 8, 10):
            if value <= factor * size:
                return factor * size
        size *= 10
