"""The benchmarks report what they cannot measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.archives import bench_samples
from bench.peers.comparison import OURS, VERDACCIO, Comparison
from bench.peers.generators import Generator
from bench.running import Registry


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
        "metadata, 2 connections: verdaccio | not measured | npm: no space left",
        "metadata, 2 connections: verdaccio / plugport | not measured | npm: no space left",
    ]
    assert bench.unmeasured == 2
