"""Texts that Windows tools write in UTF-16, and ignore files of the repository around a plugin."""

from __future__ import annotations

import codecs
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.client.support import Cli, Registry, RemoteRegistry, write_plugin

IGNORED = "secret/\n*.log\n"
MARKED = {
    "utf-8": codecs.BOM_UTF8 + IGNORED.encode(),
    "utf-16-le": codecs.BOM_UTF16_LE + IGNORED.encode("utf-16-le"),
    "utf-16-be": codecs.BOM_UTF16_BE + IGNORED.replace("\n", "\r\n").encode("utf-16-be"),
    "utf-32-le": codecs.BOM_UTF32_LE + IGNORED.encode("utf-32-le"),
}


@pytest.fixture
def registry() -> Registry:
    """An address without a server: these commands work offline."""
    return RemoteRegistry("http://127.0.0.1:9")


def list_packed(cli: Cli, folder: str) -> set[str]:
    document = cli.json("pack", folder, "-o", str(cli.home / "package.tgz"))
    return {row["path"] for row in document["files"]}


def list_findings(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (finding["rule"], finding["severity"], finding["message"])
        for check in document["checks"]
        for finding in check["findings"]
    ]


@pytest.mark.parametrize("name", [".gitignore", ".plugportignore"])
@pytest.mark.parametrize("encoding", MARKED)
def test_ignore_files_are_read_by_their_mark(cli: Cli, name: str, encoding: str) -> None:
    files: dict[str, str | bytes] = {
        name: MARKED[encoding],
        "secret/notes.txt": "x",
        "run.log": "x",
        "kept.txt": "x",
    }
    write_plugin(cli.project / "p", "some-plugin", files=files)
    cli.home.mkdir(exist_ok=True)
    packed = list_packed(cli, "p")
    assert "kept.txt" in packed
    assert not packed & {"secret/notes.txt", "run.log"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (IGNORED.encode("utf-16-le"), "UTF-16 without a byte order mark"),
        (IGNORED.encode("utf-16-be"), "UTF-16 without a byte order mark"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a", "has the mark of UTF-16, but byte"),
    ],
)
def test_ignore_files_in_an_unknown_encoding_are_refused(
    cli: Cli, content: bytes, problem: str
) -> None:
    """They would exclude nothing, and a secret would be published."""
    files: dict[str, str | bytes] = {"docs/.gitignore": content, "docs/secret.txt": "x"}
    write_plugin(cli.project / "p", "some-plugin", files=files)
    error = cli.error(3, "pack", "p")
    assert "`docs/.gitignore`" in error["detail"]
    assert problem in error["detail"]
    assert error["hint"] == "Save it as UTF-8."


def test_a_manifest_in_another_encoding_is_refused_by_name(cli: Cli) -> None:
    folder = write_plugin(cli.project / "p", "some-plugin")
    text = (folder / "plugport.yaml").read_text()
    for encoding, problem in (
        ("utf-16", "is UTF-16; a manifest must be UTF-8"),
        ("utf-16-le", "UTF-16 without a byte order mark"),
        ("utf-32", "is UTF-32; a manifest must be UTF-8"),
    ):
        (folder / "plugport.yaml").write_bytes(text.encode(encoding))
        error = cli.error(3, "validate", "p")
        assert error["code"] == "invalid-manifest"
        assert problem in error["detail"], encoding
    (folder / "plugport.yaml").write_bytes(codecs.BOM_UTF8 + text.encode())
    cli.ok("validate", "p")


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_documents_in_an_unknown_encoding_are_refused_by_name(cli: Cli, name: str) -> None:
    folder = write_plugin(cli.project / "p", "some-plugin")
    text = "# Über the plugin\n\nIt exists so that there is something to read, at last.\n"
    (folder / name).write_bytes(text.encode("utf-16-le"))
    document = cli.run("validate", "p", "--json")
    assert document.exit_code == 3
    (folder / name).write_bytes(text.encode("utf-16"))
    assert [f for f in list_findings(cli.json("validate", "p")) if f[0].startswith("text-")] == []
    (folder / name).write_bytes(text.encode("latin-1"))
    ((rule, severity, message),) = (
        f for f in list_findings(cli.json("validate", "p")) if f[0].startswith("text-")
    )
    assert (rule, severity) == ("text-invalid", "warning")
    assert message == f"`{name}` is not UTF-8: byte 0xdc"


def test_ignore_files_of_the_repository_above_are_honored(cli: Cli, tmp_path: Path) -> None:
    """Exactly what git would commit, with patterns of every folder between the two."""
    root = tmp_path / "mono"
    plugin = root / "packages/pk"
    ignored = ["run.log", "dist/a.js", "cache/x.txt", "only-here.txt"]
    kept = ["src/a.js", "keep.log", "deep/only-here.txt"]
    files: dict[str, str | bytes] = dict.fromkeys([*ignored, *kept], "x")
    write_plugin(plugin, "some-plugin", files={**files, ".gitignore": "!keep.log\n"})
    (root / ".gitignore").write_text("*.log\ndist/\n/packages/pk/only-here.txt\n")
    (root / "packages/.gitignore").write_text("cache\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=plugin,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    cli.home.mkdir(exist_ok=True)
    packed = list_packed(cli, str(plugin))
    assert packed == set(listed) - {".gitignore"}
    assert not packed & set(ignored)
    assert set(kept) <= packed


def test_ignore_files_above_the_repository_are_not_honored(cli: Cli, tmp_path: Path) -> None:
    """A repository of its own has its own rules, also as a submodule, where `.git` is a file."""
    (tmp_path / ".gitignore").write_text("*.txt\n")
    (tmp_path / ".git").mkdir()
    plugin = write_plugin(tmp_path / "own", "some-plugin", files={"kept.txt": "x"})
    (plugin / ".git").write_text("gitdir: ../elsewhere\n")
    cli.home.mkdir(exist_ok=True)
    assert "kept.txt" in list_packed(cli, str(plugin))
    (plugin / ".git").unlink()
    assert "kept.txt" not in list_packed(cli, str(plugin))


def test_a_folder_that_the_repository_ignores_can_be_packed(cli: Cli, tmp_path: Path) -> None:
    """Build folders are ignored, and named on purpose."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("build/\n*.txt\n")
    plugin = write_plugin(tmp_path / "build/plugin", "some-plugin", files={"kept.txt": "x"})
    cli.home.mkdir(exist_ok=True)
    assert "kept.txt" in list_packed(cli, str(plugin))


def test_ignore_files_of_the_repository_in_another_encoding(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_bytes(MARKED["utf-16-le"])
    plugin = write_plugin(tmp_path / "p", "some-plugin", files={"run.log": "x"})
    cli.home.mkdir(exist_ok=True)
    assert "run.log" not in list_packed(cli, str(plugin))
    (tmp_path / ".gitignore").write_bytes(IGNORED.encode("utf-16-le"))
    assert "`../.gitignore` has NUL bytes" in cli.error(3, "pack", str(plugin))["detail"]
