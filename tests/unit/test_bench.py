"""The benchmarks report what they cannot measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.archives import bench_samples


def test_missing_samples_are_skipped_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench_samples(tmp_path / "archives/samples")
    assert capsys.readouterr().out == "samples | skipped | there is no archives/samples\n"
