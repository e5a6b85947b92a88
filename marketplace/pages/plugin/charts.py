"""Downloads as drawings: everything a template needs to write the SVG, in its own units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

WEEKS = 12
_SPARK_WIDTH, _SPARK_HEIGHT = 96.0, 20.0
CHART_WIDTH, CHART_HEIGHT = 720, 160


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line of weeks; `words` say the same to those who do not see it."""

    points: str
    words: str


def build_sparkline(days: Sequence[tuple[dt.date, int]]) -> Sparkline | None:
    """The downloads of the last twelve whole weeks; None if there were none."""
    counts = [count for _day, count in days[-7 * WEEKS :]]
    weeks = [sum(counts[start : start + 7]) for start in range(0, len(counts), 7)]
    most = max(weeks, default=0)
    if not most:
        return None
    step = _SPARK_WIDTH / (len(weeks) - 1)
    points = " ".join(
        f"{index * step:.1f},{1 + (_SPARK_HEIGHT - 2) * (1 - count / most):.1f}"
        for index, count in enumerate(weeks)
    )
    told = ", ".join(str(count) for count in weeks)
    return Sparkline(points, f"Downloads of each of the last {len(weeks)} weeks: {told}.")


@dataclass(frozen=True, slots=True)
class Bar:
    """A day in the chart."""

    day: dt.date
    count: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of days, the marks of the two axes, and what it shows in words."""

    bars: Sequence[Bar]
    bar_width: float
    months: Sequence[tuple[float, str]]
    lines: Sequence[tuple[float, int]]
    words: str


def build_chart(days: Sequence[tuple[dt.date, int]]) -> Chart | None:
    """The downloads by day; None if there were none."""
    most = max((count for _day, count in days), default=0)
    if not most:
        return None
    top = _round_up(most)
    step = CHART_WIDTH / len(days)

    def find_y(count: float) -> float:
        return round(CHART_HEIGHT * (1 - count / top), 1)

    bars = [
        Bar(day, count, round(index * step, 1), find_y(count), round(CHART_HEIGHT * count / top, 1))
        for index, (day, count) in enumerate(days)
    ]
    months = [(bar.x, bar.day.strftime("%B")) for bar in bars if bar.day.day == 1]
    lines = [(find_y(value), value) for value in sorted({top, top // 2} - {0})]
    total = sum(count for _day, count in days)
    best = max(bars, key=lambda bar: bar.count)
    words = (
        f"Downloads by day, {days[0][0]} to {days[-1][0]}: {total} in all,"
        f" most on {best.day} with {best.count}."
    )
    return Chart(bars, round(step * 0.72, 1), months, lines, words)


def _round_up(value: int) -> int:
    """The next round number: 2, 3, 4, 6, 8, 10, 20, 30, 40, ..."""
    size = 1
    while True:
        for factor in (2, 3, 4, 6, 8, 10):
            if value <= factor * size:
                return factor * size
        size *= 10
