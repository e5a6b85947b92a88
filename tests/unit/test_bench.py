"""The benchmarks report what they cannot measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.archives import bench_samples
from bench.peers.comparison import OURS, VERDACCIO, Comparison
from bench.peers.generators import Generator
from bench.running import Registry
from bench.stale_reads import Answer, Change, Route, find_age


def test_missing_samples_are_skipped_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench_samples(tmp_path / "archives/samples")
    assert capsys.readouterr().out == "samples | skipped | there is no archives/samples\n"


def test_servers_that_do_not_run_are_reported_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = Registry(tmp_path, "sqlite", {}, "http://127.0.0.1:9")
    load = Generator(tmp_path / "wrk", None, 1, 1)
    bench = Comparison(load, registry, {}, {VERDACCIO: "npm: no space left"})
    targets = bench.build_targets({VERDACCIO: ["/chat"]})
    bench.compare("metadata", targets, connections=2, minimums={(VERDACCIO, OURS): 1})
    assert capsys.readouterr().out.splitlines() == [
        "metadata, 2 connections (sqlite): verdaccio | not measured | npm: no space left",
        "metadata, 2 connections (sqlite): verdaccio / plugport | not measured | npm: no space left",
    ]
    assert bench.unmeasured == 2


# The route shows `a`, then `b` from a change between 10 and 11 s, then `a` again from one between 20 and 21 s.
HISTORY = (Change("a", 0, 1), Change("b", 10, 11), Change("a", 20, 21))


@pytest.mark.parametrize(
    ("value", "started", "ended", "age"),
    [
        ("a", 5, 6, 0),
        # During the change both values are right.
        ("a", 10.9, 11.5, 0),
        ("b", 9, 10.5, 0),
        ("a", 13, 14, 2),
        ("b", 21.3, 22, 0.3),
        ("a", 30, 31, 0),
        # Before the change, and never.
        ("b", 5, 6, None),
        ("c", 5, 6, None),
    ],
)
def test_age_of_an_answer_counts_from_the_change_that_replaced_it(
    value: str, started: float, ended: float, age: float | None
) -> None:
    route = Route("plugin", "chat", "/", lambda _: None, lambda *_: None)
    found = find_age(HISTORY, Answer(route, value, started, ended))
    assert found == (age if age is None else pytest.approx(age))
