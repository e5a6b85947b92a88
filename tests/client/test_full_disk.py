"""A full disk: exit code 7 wherever it is met, nothing half done, and the next run succeeds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.registry import LocalRegistry
from tests.client.support import Cli, write_plugin
from tests.support.small_disk import SmallDisk, mount_small_disk

pytestmark = pytest.mark.processes
NAME = "filling-one"


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    """Two releases of some size that does not compress."""
    for version in ("1.0.0", "1.1.0"):
        publish(NAME, version, files={"data.bin": os.urandom(300_000)})


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mount_small_disk(tmp_path / "disk", mb=1) as mounted:
        yield mounted


def fail(cli: Cli, *args: str, input: str = "") -> dict[str, str]:  # noqa: A002
    code, stdout, stderr = cli.run_program(*args, "--json", input=input)
    assert (code, stdout) == (7, ""), stderr
    error: dict[str, str] = json.loads(stderr)["error"]
    assert "No space left on device" in error["detail"]
    assert error["kind"] == "limited"
    assert "space" in error["hint"]
    return error


def leave_room(disk: SmallDisk, size_bytes: int) -> None:
    """Fill the disk except for some bytes."""
    disk.fill()
    ballast = disk.path / "ballast"
    os.truncate(ballast, ballast.stat().st_size - size_bytes)


def list_tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.usefixtures("served")
def test_installing_into_a_full_folder(cli: Cli, disk: SmallDisk) -> None:
    target = ("--target", str(disk.path / "plugins"))
    assert cli.run_program("install", f"{NAME}@1.0.0", *target)[0] == 0
    before = list_tree(disk.path)
    for room in (0, 100_000, 305_000):
        leave_room(disk, room)
        fail(cli, "install", f"{NAME}@1.1.0", *target)
        disk.free()
        assert list_tree(disk.path) == before
        (row,) = cli.json("list", "--installed", *target)["plugins"]
        assert (row["version"], row["status"]) == ("1.0.0", "ok")
    assert cli.run_program("install", f"{NAME}@1.1.0", *target)[0] == 0


@pytest.mark.usefixtures("served")
def test_downloading_to_a_full_home(cli: Cli, registry: LocalRegistry, disk: SmallDisk) -> None:
    cli.env["PLUGPORT_HOME"] = str(disk.path / "home")
    (disk.path / "home").mkdir()
    leave_room(disk, 100_000)
    fail(cli, "install", NAME)
    assert not cli.folder_of(NAME).exists()
    disk.free()
    assert cli.run_program("install", NAME)[0] == 0
    assert any(request.headers.get("range") for request in registry.list_requests("/download"))


@pytest.mark.usefixtures("served")
def test_a_token_on_a_full_home(cli: Cli, disk: SmallDisk) -> None:
    cli.env["PLUGPORT_HOME"] = str(disk.path)
    token, cli.env["PLUGPORT_TOKEN"] = str(cli.env["PLUGPORT_TOKEN"]), None
    disk.fill()
    assert fail(cli, "login", "--token-stdin", input=token)["code"] == "home-not-writable"
    assert list_tree(disk.path) == ["ballast"]


def test_packing_and_creating_on_a_full_disk(cli: Cli, disk: SmallDisk) -> None:
    source = write_plugin(cli.project / "p", "some-plugin", files={"data.bin": os.urandom(100_000)})
    disk.fill()
    fail(cli, "pack", str(source), "-o", str(disk.path / "out.tgz"))
    fail(cli, "init", str(disk.path / "created"))
    # With some room, else Python uses another folder for temporary files.
    leave_room(disk, 50_000)
    cli.env["TMPDIR"] = str(disk.path)
    for command in ("validate", "publish", "install"):
        fail(cli, command, str(source))
    assert list_tree(disk.path) == ["ballast", "created"]
    disk.free()
    cli.ok("init", str(disk.path / "created"))
