"""Large packages pass through without being held in memory."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import psutil
import pytest
import yaml

from tests.processes.harness import Registry, wait_until
from tests.support.publishing import make_manifest

pytestmark = pytest.mark.processes

MIB = 1 << 20
FILES, FILE_BYTES = 4, 50 * MIB
WEB_BYTES = 150 * MIB


@pytest.fixture(scope="module")
def large_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 MB that do not compress."""
    path = tmp_path_factory.mktemp("large") / "large.tar.gz"
    manifest = yaml.safe_dump(make_manifest("@acme/large", "1.0.0")).encode()
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=0, fileobj=raw, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed) as tar,
    ):
        for name, content in (
            ("plugport.yaml", manifest),
            ("README.md", b"# Large\n"),
            ("LICENSE", b"Permission is granted to do anything with this test file.\n"),
        ):
            tar.addfile(make_entry(name, len(content)), io.BytesIO(content))
        for number in range(FILES):
            data = os.urandom(MIB) * (FILE_BYTES // MIB)
            tar.addfile(make_entry(f"data/{number}.bin", len(data)), io.BytesIO(data))
    assert path.stat().st_size > FILES * FILE_BYTES
    return path


def make_entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry


def read_peak_bytes(process: psutil.Process) -> int:
    """The most memory the process ever had resident."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def read_data_limit(pid: int) -> str:
    """How much writable memory the process may have."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in limits if line.startswith("Max data size")).split()[3]


def test_publishing_and_downloading_200_mb_takes_little_memory(
    registry: Registry, large_package: Path
) -> None:
    with large_package.open("rb") as file:
        answer = registry.http.post("/api/v1/plugins", files={"package": file}, timeout=120)
    assert answer.status_code == 202, answer.text
    registry.wait_until_published(answer.json()["statusUrl"])
    received = 0
    with registry.http.stream("GET", "/api/v1/plugins/@acme/large/1.0.0/download") as download:
        for chunk in download.iter_raw():
            received += len(chunk)
    assert received == large_package.stat().st_size
    peaks = [read_peak_bytes(process) for process in registry.find_processes("granian")]
    assert len(peaks) == 2
    assert max(peaks) < WEB_BYTES, [peak // MIB for peak in peaks]
    registry.wait_until_clean()


def test_a_worker_process_may_not_take_the_machine(registry: Registry) -> None:
    def read_limits() -> list[str]:
        pids = [process.pid for process in registry.find_processes("celery")]
        assert len(pids) <= 2
        return [read_data_limit(pid) for pid in pids]

    wait_until(lambda: read_limits() == ["unlimited", str(1024 * MIB)], "the limit of the child")
