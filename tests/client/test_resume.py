"""An interrupted download resumes where it stopped, and a changed package starts over."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from plugport.client.errors import TransferInterruptedError
from plugport.client.progress import NoProgress
from plugport.installer.downloader import Downloader, DownloadRequest
from plugport.spec.archive.model import ArchiveLimits
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import Cli, press_ctrl_c, wait_until

SIZE = 200_000


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    """A release of some size that does not compress."""
    publish("large-one", files={"data.bin": os.urandom(SIZE)})


def list_ranges(registry: LocalRegistry) -> list[str | None]:
    return [request.headers.get("range") for request in registry.list_requests("/download")]


def list_partial(cli: Cli) -> list[Path]:
    folder = cli.home / "cache" / "partial"
    return sorted(folder.glob("*.part")) if folder.exists() else []


def stop_serving(registry: LocalRegistry) -> None:
    """Answer downloads with 503 once the prescribed cuts are used up."""
    registry.faults.download_response = CannedResponse.from_problem(503, "maintenance", "back soon")


def test_a_cut_download_resumes_in_the_same_run(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.cut_downloads_after = [50_000, 30_000]
    cli.ok("install", "large-one")
    assert list_ranges(registry) == [None, "bytes=50000-", "bytes=80000-"]
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE
    assert list_partial(cli) == []


def test_a_second_run_resumes(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.cut_downloads_after = [70_000]
    stop_serving(registry)
    assert cli.error(8, "install", "large-one")["code"] == "maintenance"
    assert [part.stat().st_size for part in list_partial(cli)] == [70_000]
    assert not cli.folder_of("large-one").exists()
    registry.faults.download_response = None
    cli.ok("install", "large-one")
    first, *_, last = registry.list_requests("/download")
    assert last.headers["range"] == "bytes=70000-"
    sha256 = cli.json("info", "large-one")["release"]["checksum"]
    assert "if-range" not in first.headers
    assert last.headers["if-range"] == f'"{sha256}"'
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


def test_a_package_with_another_etag_starts_over(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.cut_downloads_after = [70_000]
    stop_serving(registry)
    cli.error(8, "install", "large-one")
    registry.faults.download_response = None
    # The record of an earlier run: the registry has another package now.
    record = list_partial(cli)[0].with_suffix(".json")
    sha256 = cli.json("info", "large-one")["release"]["checksum"]
    record.write_text(record.read_text().replace(sha256, "another"))
    cli.ok("install", "large-one")
    assert list_ranges(registry)[-1] == "bytes=70000-"
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


def test_a_record_that_was_lost_starts_over(cli: Cli, registry: LocalRegistry) -> None:
    """As after a power failure, because it is not flushed."""
    registry.faults.cut_downloads_after = [70_000]
    stop_serving(registry)
    cli.error(8, "install", "large-one")
    registry.faults.download_response = None
    list_partial(cli)[0].with_suffix(".json").write_bytes(b"")
    cli.ok("install", "large-one")
    assert list_ranges(registry)[-1] is None
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


@pytest.mark.parametrize("etag", ["", 'W/"weak"', "unquoted"])
def test_without_a_strong_etag_the_download_starts_over(
    cli: Cli, registry: LocalRegistry, etag: str
) -> None:
    registry.faults.download_headers = {"ETag": etag}
    registry.faults.cut_downloads_after = [50_000]
    cli.ok("install", "large-one")
    assert list_ranges(registry) == [None, None]


def test_a_partial_file_that_is_too_large_starts_over(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.cut_downloads_after = [70_000]
    stop_serving(registry)
    cli.error(8, "install", "large-one")
    with list_partial(cli)[0].open("ab") as file:
        file.write(b"\0" * (2 * SIZE))
    registry.faults.download_response = None
    cli.ok("install", "large-one")
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


def test_a_damaged_partial_file_is_not_installed(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.cut_downloads_after = [70_000]
    stop_serving(registry)
    cli.error(8, "install", "large-one")
    with list_partial(cli)[0].open("r+b") as file:
        file.write(b"garbage")
    registry.faults.download_response = None
    assert cli.error(9, "install", "large-one")["code"] == "integrity-mismatch"
    cli.ok("install", "large-one")


@pytest.mark.usefixtures("served")
def test_gives_up_if_nothing_arrives(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.cut_downloads_after = [0] * 20
    error = cli.error(8, "install", "large-one")
    assert error["code"] == "transfer-cut"
    assert len(registry.list_requests("/download")) < 10


def test_a_package_larger_than_its_release_is_rejected(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.download_body = os.urandom(SIZE + 1_000_000)
    assert cli.error(7, "install", "large-one")["code"] == "limited"
    assert all(part.stat().st_size == 0 for part in list_partial(cli))


@pytest.mark.usefixtures("served")
def test_ctrl_c_changes_nothing_and_the_next_run_resumes(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.stall_downloads_after = 60_000
    with cli.start("install", "large-one") as process:
        assert registry.faults.stalled.wait(60)
        wait_until(lambda: [part.stat().st_size for part in list_partial(cli)] == [60_000])
        press_ctrl_c(process)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == ""
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert not cli.folder_of("large-one").exists()
    registry.faults.stall_downloads_after = None
    registry.faults.stall_ended.set()
    cli.ok("install", "large-one")
    assert list_ranges(registry)[-1] == "bytes=60000-"
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


class SlowServer:
    """Sends a byte a minute, and ends each connection after some of them; time is simulated."""

    def __init__(self, size_bytes: int, per_connection: int) -> None:
        self.now = 0.0
        self.size_bytes = size_bytes
        self.per_connection = per_connection

    def get_time(self) -> float:
        return self.now

    @contextlib.contextmanager
    def open(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        start = int(headers.get("Range", "bytes=0-")[6:-1])
        end = min(start + self.per_connection, self.size_bytes)

        def send() -> Iterator[bytes]:
            for _ in range(start, end):
                self.now += 60
                yield b"x"
            raise TransferInterruptedError("cut")

        sent = {
            "ETag": '"one"',
            "Content-Length": str(self.size_bytes),
            "Content-Range": f"bytes {start}-{self.size_bytes - 1}/{self.size_bytes}",
        }
        yield httpx.Response(206 if start else 200, headers=sent, content=send())


@pytest.mark.parametrize("size_known", [True, False])
@pytest.mark.parametrize("per_connection", [1, 10_000_000])
def test_a_download_has_a_deadline_by_its_size(
    tmp_path: Path, size_known: bool, per_connection: int
) -> None:
    size_bytes = 1_600_000
    server = SlowServer(size_bytes, per_connection)
    downloader = Downloader(
        server.open,
        tmp_path,
        NoProgress(),
        limits=ArchiveLimits(archive_bytes=size_bytes),
        sleep=lambda seconds: None,
        clock=server.get_time,
    )
    request = DownloadRequest("http://x", "key", "slow-one", size_bytes if size_known else None)
    with (
        pytest.raises(TransferInterruptedError, match="`slow-one` did not end in 220 s"),
        downloader.open_package(request),
    ):
        pass
    # 120 s, and 100 s for the size at 16 kB/s.
    assert server.now == 240
    (part,) = tmp_path.glob("*.part")
    assert part.stat().st_size == 4
