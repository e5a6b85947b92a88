"""`plugport pack`: what is packed, and what its output may replace."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from tests.client.support import ROOT, Cli, write_plugin

NAMES = ["CHANGELOG.md", "README.md", "index.js", "plugport.yaml"]


def list_names(package: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        return archive.getnames()


@pytest.mark.parametrize(
    "output",
    [(), ("-o", "package.bin"), ("-o", "dist/package.tgz"), ("-o", "../project/dist/a/b.tgz")],
)
def test_packing_inside_the_plugin_folder_does_not_pack_the_package(
    cli: Cli, output: tuple[str, ...]
) -> None:
    write_plugin(cli.project, "some-plugin")
    first = cli.json("pack", *output)
    assert list_names(Path(first["file"]).read_bytes()) == NAMES
    assert cli.json("pack", *output) == first


def test_packing_from_a_folder_inside_the_plugin_does_not_pack_the_package(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin(cli.project, "some-plugin")
    (cli.project / "dist").mkdir()
    monkeypatch.chdir(cli.project / "dist")
    first = cli.json("pack", "..")
    assert cli.json("pack", "..") == first
    assert [file["path"] for file in first["files"]] == NAMES


@pytest.mark.parametrize("command", ["pack", "validate", "install"])
def test_temporary_files_inside_the_plugin_folder_are_not_packed(cli: Cli, command: str) -> None:
    write_plugin(cli.project, "some-plugin")
    (cli.project / "scratch").mkdir()
    cli.env["TMPDIR"] = str(cli.project / "scratch")
    code, stdout, stderr = cli.run_program(command, ".", "--json")
    assert code == 0, stderr
    assert ".tmp" not in stdout
    assert "scratch" not in stdout
    if command == "install":
        installed = cli.folder_of("some-plugin")
        assert sorted(path.name for path in installed.iterdir()) == NAMES


def test_the_leftover_of_a_killed_run_is_not_packed(cli: Cli) -> None:
    write_plugin(cli.project, "some-plugin", files={".plugport-pack-x1y2.tmp": "half"})
    assert [file["path"] for file in cli.json("pack")["files"]] == NAMES


def test_replaces_a_regular_file_and_keeps_it_after_an_error(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    (cli.project / "out.tgz").write_text("old")
    cli.ok("pack", "p", "-o", "out.tgz")
    package = Path("out.tgz").read_bytes()
    assert list_names(package) == NAMES
    assert Path("out.tgz").stat().st_mode & 0o777 == 0o644
    (cli.project / "p" / "plugport.yaml").write_text("name: [")
    cli.error(3, "pack", "p", "-o", "out.tgz")
    assert Path("out.tgz").read_bytes() == package
    assert sorted(path.name for path in cli.project.iterdir()) == ["out.tgz", "p"]


def check_refused(cli: Cli, target: str, found: str) -> None:
    before = Path(target).lstat()
    error = cli.error(6, "pack", "p", "-o", target)
    assert error["code"] == "unsafe-output"
    assert target in error["detail"]
    assert found in error["detail"]
    assert "-o -" in error["hint"]
    assert os.path.samestat(Path(target).lstat(), before)


def test_links_are_refused(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    (cli.project / "real.tgz").write_text("precious")
    (cli.project / "link.tgz").symlink_to("real.tgz")
    (cli.project / "dangling.tgz").symlink_to("nowhere.tgz")
    check_refused(cli, "link.tgz", "symbolic link")
    check_refused(cli, "dangling.tgz", "symbolic link")
    assert Path("real.tgz").read_text() == "precious"
    assert not Path("nowhere.tgz").exists()


def test_folders_and_sockets_are_refused(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    (cli.project / "folder.tgz").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.tgz")
        check_refused(cli, "folder.tgz", "folder")
        check_refused(cli, "socket.tgz", "socket")


def test_a_name_with_a_slash_at_its_end_is_a_folder(cli: Cli) -> None:
    """Also if there is none: a file of that name is not what was asked for."""
    write_plugin(cli.project / "p", "some-plugin")
    assert cli.error(6, "pack", "p", "-o", "dist/")["code"] == "unsafe-output"
    assert sorted(path.name for path in cli.project.iterdir()) == ["p"]


def test_files_of_the_plugin_are_not_replaced(cli: Cli) -> None:
    """A package that replaces the source it is made of destroys it; an older package may go."""
    write_plugin(cli.project, "some-plugin", files={"empty.tgz": ""})
    for name in NAMES:
        before = Path(name).read_bytes()
        error = cli.error(6, "pack", "-o", name)
        assert (error["code"], Path(name).read_bytes()) == ("unsafe-output", before)
        assert f"`{name}` is a file of the plugin" in error["detail"]
    for _ in range(2):
        cli.ok("pack", "-o", "empty.tgz")
    assert list_names(Path("empty.tgz").read_bytes()) == NAMES


def test_devices_are_refused(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    controller, terminal = os.openpty()
    try:
        # A terminal, whose file system allows no rename: a failure of this test harms nothing.
        check_refused(cli, os.ttyname(terminal), "device")
    finally:
        os.close(controller)
        os.close(terminal)


def test_a_refused_output_is_reported_before_packing(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin", files={".env": "PASSWORD=sesame"})
    (cli.project / "link.tgz").symlink_to("real.tgz")
    assert cli.error(6, "pack", "p", "-o", "link.tgz")["code"] == "unsafe-output"


def test_a_dash_writes_the_package_to_stdout(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    expected = Path(cli.json("pack", "p", "-o", "out.tgz")["file"]).read_bytes()
    run = subprocess.run(
        [sys.executable, "-m", "plugport", "pack", "p", "-o", "-"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    assert run.stdout == expected
    assert b"packed 4 files into stdout" in run.stderr
    assert sorted(path.name for path in cli.project.iterdir()) == ["out.tgz", "p"]


def test_a_dash_and_json_exclude_each_other(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    assert "--json" in cli.error(2, "pack", "p", "-o", "-")["detail"]


def test_a_pipe_is_written_through(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    expected = Path(cli.json("pack", "p", "-o", "out.tgz")["file"]).read_bytes()
    os.mkfifo("pipe.tgz")
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(Path("pipe.tgz").read_bytes()))
    reader.start()
    cli.ok("pack", "p", "-o", "pipe.tgz")
    reader.join(30)
    assert received == [expected]
    assert Path("pipe.tgz").is_fifo()


def test_a_process_substitution_is_written_through(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    expected = Path(cli.json("pack", "p", "-o", "out.tgz")["file"]).read_bytes()
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader:
        subprocess.run(
            [sys.executable, "-m", "plugport", "pack", "p", "-o", f"/dev/fd/{write_end}"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            pass_fds=[write_end],
            capture_output=True,
            check=True,
        )
        os.close(write_end)
        assert reader.read() == expected


@pytest.mark.parametrize("size", [10, 1 << 20])
def test_a_reader_that_stops_is_an_error(cli: Cli, size: int) -> None:
    """An incomplete package must not look like a complete one."""
    write_plugin(cli.project / "p", "some-plugin", files={"data.bin": os.urandom(size)})
    with cli.start("pack", "p", "-o", "-", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        message = "error: the reader of stdout stopped before the package was complete\n"
        assert process.stderr.read() == message
    assert process.returncode == 8
