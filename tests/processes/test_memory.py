"""Large packages are published and downloaded without being held in memory."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
from pathlib import Path

import psutil
import pytest
import yaml

from tests.processes.harness import Registry, wait_until
from tests.support.publishing import build_manifest
from tests.support.server import RECORDED

pytestmark = pytest.mark.processes

MIB = 1 << 20
FILES, FILE_BYTES = 2, 50 * MIB
# Nearly all of it are the modules that a web process loads when it starts.
WEB_BYTES = 180 * MIB
# How much a package of 100 MB may add: nothing of it is held in memory.
GROWTH_BYTES = 32 * MIB


@pytest.fixture(scope="module")
def large_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 MB that do not compress: one copy in memory would exceed the limit of a web process."""
    path = tmp_path_factory.mktemp("large") / "large.tar.gz"
    manifest = yaml.safe_dump(build_manifest("@acme/large", "1.0.0")).encode()
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
            tar.addfile(build_entry(name, len(content)), io.BytesIO(content))
        for number in range(FILES):
            data = os.urandom(MIB) * (FILE_BYTES // MIB)
            tar.addfile(build_entry(f"data/{number}.bin", len(data)), io.BytesIO(data))
    assert path.stat().st_size > FILES * FILE_BYTES
    return path


def build_entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry


def get_peak_bytes(process: psutil.Process) -> int:
    """Return the peak resident memory of the process."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def get_data_limit(pid: int) -> str:
    """Return the limit of writable memory of the process."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in limits if line.startswith("Max data size")).split()[3]


def test_publishing_and_downloading_100_mb_takes_little_memory(
    registry: Registry, large_package: Path
) -> None:
    # Processes without the peaks of earlier tests.
    registry.kill_everything()
    registry.start()
    peaks_before = [get_peak_bytes(process) for process in registry.find_processes("granian")]
    with large_package.open("rb") as file:
        response = registry.http.post("/api/v1/plugins", files={"package": file}, timeout=120)
    assert response.status_code in RECORDED, response.text
    registry.wait_until_published(response.json()["statusUrl"])
    received = 0
    with registry.http.stream("GET", "/api/v1/plugins/@acme/large/1.0.0/download") as download:
        for chunk in download.iter_raw():
            received += len(chunk)
    assert received == large_package.stat().st_size
    peaks = [get_peak_bytes(process) for process in registry.find_processes("granian")]
    # The servers of the gateway and of Django, and one process of each.
    assert len(peaks) == 4
    assert max(peaks) < WEB_BYTES, [peak // MIB for peak in peaks]
    growth = max(peaks) - max(peaks_before)
    assert growth < GROWTH_BYTES, (growth // MIB, [peak // MIB for peak in peaks_before])
    registry.wait_until_clean()


def test_the_memory_of_a_worker_process_is_limited(registry: Registry) -> None:
    def are_limits_set() -> bool:
        # A process that an earlier test killed may still be replaced: it ends, another starts.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            limits = [get_data_limit(each.pid) for each in registry.find_processes("celery")]
            return limits == [str(1024 * 1_000_000)]
        return False

    wait_until(are_limits_set, "a worker, which is limited")
