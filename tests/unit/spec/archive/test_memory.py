"""The reader needs at most 64 MiB for the whole process, for any package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.archives import (
    END,
    PackageBuilder,
    build_extended_header,
    build_tar_header,
    pad_block,
)
from tests.support.data import ROOT, shared_data

PEAK_BYTES = 64 << 20
SCRIPT = Path(__file__).with_name("measure_reads.py")

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(), reason="memory is measured through /proc"
    ),
]


def _measure_read(archives: list[Path], how: str = "unpack") -> list[str]:
    command = [sys.executable, str(SCRIPT), how, *map(str, archives)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    report = json.loads(done.stdout)
    assert report["peak_bytes"] < PEAK_BYTES
    return list(report["outcomes"].values())


def _write(path: Path, blocks: Iterable[bytes], level: int = 1) -> Path:
    """A package written piece by piece, so that this process does not hold it either."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    with path.open("wb") as out:
        for block in blocks:
            out.write(deflater.compress(block))
        out.write(deflater.flush())
    return path


def test_all_samples() -> None:
    samples = sorted(shared_data("archives", "samples").glob("*.tar.gz"))
    assert len(samples) >= 65
    assert "ok" in _measure_read(samples)


def test_a_good_package_that_is_larger_than_the_ceiling(tmp_path: Path) -> None:
    noise = os.urandom(1 << 20)
    blocks = [build_tar_header(b"model.bin", size=96 << 20), *[noise] * 96, END]
    archive = _write(tmp_path / "large.tar.gz", blocks, level=0)
    assert _measure_read([archive]) == ["ok"]


def test_a_bomb_of_many_files(tmp_path: Path) -> None:
    zeros = bytes(8 << 20)
    files = (build_tar_header(b"%d" % n, size=len(zeros)) + zeros for n in range(12))
    archive = _write(tmp_path / "bomb.tar.gz", files, level=9)
    assert _measure_read([archive]) == ["archive-bomb"]


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_an_extended_header_of_four_gib(tmp_path: Path, kind: bytes) -> None:
    header = build_tar_header(b"pax", kind=kind, size=4 << 30)
    blocks = [header, *[bytes(1 << 20)] * 100]
    archive = _write(tmp_path / "header.tar.gz", blocks)
    assert _measure_read([archive]) == ["archive-header-too-large"]


def test_many_extended_headers(tmp_path: Path) -> None:
    body = b"12 comment=\n" * 5000
    headers = (
        build_extended_header(b"x", body) + build_tar_header(b"%d" % number)
        for number in range(400)
    )
    archive = _write(tmp_path / "headers.tar.gz", headers)
    assert _measure_read([archive]) == ["archive-header-too-large"]


def test_as_many_and_as_wide_paths_as_allowed(tmp_path: Path) -> None:
    # One character beyond the BMP makes Python store four bytes for every character.
    builder = PackageBuilder()
    for number in range(19_000):
        builder.pax({"path": f"😀{number:05}" + "n" * 90}).file("x")
    nested = PackageBuilder().manifest("top/")
    for number in range(10_000):
        nested.pax({"path": f"top/\ufdfa{number:05}" + "n" * 180}).file("x")
    archives = [_write(tmp_path / "wide.tar.gz", [builder.tar()])]
    archives.append(_write(tmp_path / "nested.tar.gz", [nested.tar()]))
    assert _measure_read(archives, "read") == ["ok", "ok"]


def test_deep_paths_that_share_nothing(tmp_path: Path) -> None:
    builder = PackageBuilder()
    for number in range(5000):
        builder.pax({"path": f"{number}/" + "/".join(["d" * 12] * 31)}).file("x")
    archive = _write(tmp_path / "deep.tar.gz", [builder.tar()])
    assert _measure_read([archive], "read") == ["archive-too-many-entries"]


def test_as_many_texts_as_fit(tmp_path: Path) -> None:
    text = pad_block(b"x" * 1_000_000)
    blocks = [build_tar_header(b"README.%d" % n, size=1_000_000) + text for n in range(60)]
    archive = _write(tmp_path / "texts.tar.gz", [*blocks, END], level=0)
    assert _measure_read([archive]) == ["ok"]
