"""Downloads that are cut go on from where they stopped, and a changed package starts over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.client.contract.app import make_problem
from tests.client.contract.server import ContractServer
from tests.client.contract.store import StoredRelease
from tests.client.support import Cli, press_ctrl_c, wait_until

SIZE = 200_000


@pytest.fixture
def release(cli: Cli, contract: ContractServer) -> StoredRelease:
    """A release of some size that does not compress."""
    cli.publish("large-one", files={"data.bin": os.urandom(SIZE)})
    return contract.store.releases["large-one"]["1.0.0"]


def list_ranges(contract: ContractServer) -> list[str | None]:
    return [request.headers.get("range") for request in contract.list_requests("/download")]


def list_partial(cli: Cli) -> list[Path]:
    folder = cli.home / "cache" / "partial"
    return sorted(folder.glob("*.part")) if folder.exists() else []


def stop_serving(contract: ContractServer) -> None:
    """From the next download on the registry is closed, in the words of its problem document."""
    contract.faults.closed_for_downloads = make_problem(503, "maintenance", "back soon")


def test_a_cut_download_goes_on_in_the_same_run(
    cli: Cli, contract: ContractServer, release: StoredRelease
) -> None:
    contract.faults.cut_downloads_after = [50_000, 30_000]
    cli.ok("install", "large-one")
    assert list_ranges(contract) == [None, "bytes=50000-", "bytes=80000-"]
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE
    assert list_partial(cli) == []


def test_a_second_run_resumes(cli: Cli, contract: ContractServer, release: StoredRelease) -> None:
    contract.faults.cut_downloads_after = [70_000]
    stop_serving(contract)
    assert cli.error(8, "install", "large-one")["code"] == "maintenance"
    assert [part.stat().st_size for part in list_partial(cli)] == [70_000]
    assert not cli.folder_of("large-one").exists()
    contract.faults.closed_for_downloads = None
    cli.ok("install", "large-one")
    last = contract.list_requests("/download")[-1]
    assert last.headers["range"] == "bytes=70000-"
    assert last.headers["if-range"] == release.etag
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


def test_a_package_with_another_etag_starts_over(
    cli: Cli, contract: ContractServer, release: StoredRelease
) -> None:
    contract.faults.cut_downloads_after = [70_000]
    stop_serving(contract)
    cli.error(8, "install", "large-one")
    contract.faults.closed_for_downloads = None
    release.etag = '"another"'
    cli.ok("install", "large-one")
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


@pytest.mark.parametrize("etag", ["", 'W/"weak"', "unquoted"])
def test_without_a_strong_etag_nothing_is_glued_together(
    cli: Cli, contract: ContractServer, release: StoredRelease, etag: str
) -> None:
    release.etag = etag
    contract.faults.cut_downloads_after = [50_000]
    cli.ok("install", "large-one")
    assert list_ranges(contract) == [None, None]


def test_a_partial_file_that_is_too_long_starts_over(
    cli: Cli, contract: ContractServer, release: StoredRelease
) -> None:
    contract.faults.cut_downloads_after = [70_000]
    stop_serving(contract)
    cli.error(8, "install", "large-one")
    with list_partial(cli)[0].open("ab") as file:
        file.write(b"\0" * (2 * SIZE))
    contract.faults.closed_for_downloads = None
    cli.ok("install", "large-one")
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE


def test_a_partial_file_that_was_damaged_is_not_installed(
    cli: Cli, contract: ContractServer, release: StoredRelease
) -> None:
    contract.faults.cut_downloads_after = [70_000]
    stop_serving(contract)
    cli.error(8, "install", "large-one")
    with list_partial(cli)[0].open("r+b") as file:
        file.write(b"garbage")
    contract.faults.closed_for_downloads = None
    assert cli.error(9, "install", "large-one")["code"] == "integrity-mismatch"
    cli.ok("install", "large-one")


def test_gives_up_where_nothing_arrives(
    cli: Cli, contract: ContractServer, release: StoredRelease
) -> None:
    contract.faults.cut_downloads_after = [0] * 20
    error = cli.error(8, "install", "large-one")
    assert error["code"] == "transfer-cut"
    assert len(contract.list_requests("/download")) < 10


def test_a_package_longer_than_promised_is_cut_off(
    cli: Cli, contract: ContractServer, release: StoredRelease
) -> None:
    promised = dict(release.as_dict(contract.url))
    release.integrity_override = promised["integrity"]
    release.package += b"\0" * 1_000_000
    release.size_override = promised["size"]
    assert cli.error(7, "install", "large-one")["code"] == "limited"
    assert all(part.stat().st_size == 0 for part in list_partial(cli))


def test_ctrl_c_leaves_nothing_half_done_and_the_next_run_resumes(
    cli: Cli, contract: ContractServer, release: StoredRelease
) -> None:
    contract.faults.stall_downloads_after = 60_000
    with cli.start("install", "large-one") as process:
        assert contract.faults.stalled.wait(60)
        wait_until(lambda: [part.stat().st_size for part in list_partial(cli)] == [60_000])
        press_ctrl_c(process)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == ""
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert not cli.folder_of("large-one").exists()
    contract.faults.stall_downloads_after = None
    cli.ok("install", "large-one")
    assert list_ranges(contract)[-1] == "bytes=60000-"
    assert (cli.folder_of("large-one") / "data.bin").stat().st_size == SIZE
