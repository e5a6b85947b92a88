"""Measure parsing, sorting and matching of versions and ranges. Run: `python -m bench.versions`.

Prints `name | value | unit`, each value the median of three runs over 100,000 items. Nothing is
memoized: the module under test has no cache, so "warm" and "cold" are the same, and every item is
parsed again even if the texts repeat. Real ranges are cycled; synthetic ones are all different.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from bench.report import report, skip
from plugport.spec.ranges import Range, max_satisfying
from plugport.spec.versions import Version

COUNT = 100_000
RUNS = 3
ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("PLUGPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
RANGE_TEMPLATES = (
    "^{a}.{b}.{n}",
    "~{a}.{n}",
    ">={a}.{b}.0 <{n}.{b}.0",
    "{n}.x || ^{a}.{b}.0-beta.{n}",
    "1.{b}.0 - 2.{n}",
    ">= {a}.{b} <= {n}",
)


def build_versions() -> list[str]:
    tails = ("", "", "", "-beta.{n}", "+build.{n}")
    return [f"{n % 9}.{n // 9 % 100}.{n}" + tails[n % len(tails)].format(n=n) for n in range(COUNT)]


def build_ranges() -> list[str]:
    return [
        RANGE_TEMPLATES[n % len(RANGE_TEMPLATES)].format(a=n % 9, b=n % 100, n=n)
        for n in range(COUNT)
    ]


def load_real_ranges() -> list[str]:
    path = DATA / "semver" / "real-ranges.json"
    if not path.exists():
        return []
    return [case["range"] for case in json.loads(path.read_text())["cases"]]


def measure(name: str, work: Callable[[], object], maximum: float | None = None) -> None:
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    report(name, statistics.median(seconds), "s", maximum=maximum)


def main() -> None:
    texts, different, real = build_versions(), build_ranges(), load_real_ranges()
    measure(
        "parse 100,000 different versions", lambda: [Version.parse(text) for text in texts], 0.5
    )
    measure(
        "parse 100,000 different ranges", lambda: [Range.parse(text) for text in different], 2.5
    )
    if real:
        cycled = list(islice(cycle(real), COUNT))
        mixed = [text for pair in zip(cycled, different, strict=True) for text in pair][:COUNT]
        measure("parse 100,000 real ranges", lambda: [Range.parse(text) for text in cycled], 2.5)
        measure("parse 100,000 real and different ranges", lambda: list(map(Range.parse, mixed)))
    else:
        skip("real ranges", f"no data at {DATA.name}/semver")
    measure(
        "parse 100,000 different ranges and write each canonically",
        lambda: [Range.parse(text).canonical for text in different],
    )
    versions = [Version.parse(text) for text in texts]
    measure("sort 100,000 versions", lambda: sorted(versions))
    measure("write 100,000 sort keys", lambda: [version.sort_key for version in versions])
    version_range = Range.parse("^1.2 || ~3.4.5 || >=5.6.7-beta.2 <6")
    measure(
        "match 100,000 versions", lambda: [version_range.contains(version) for version in versions]
    )
    measure(
        "choose the highest of 100,000 versions", lambda: max_satisfying(versions, version_range)
    )


if __name__ == "__main__":
    main()
