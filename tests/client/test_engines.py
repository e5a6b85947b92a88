"""Plugins for other versions of the runtimes on this machine are refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.registry import LocalRegistry
from tests.client.support import Cli, write_plugin

OLD = "engine:\n  node: '>=22'\n"
FITTING = "engine:\n  node: '>=18 <21'\n"
UNKNOWN = "engine:\n  cortex: '>=1.3.0'\n  node: latest\n"
NEEDS_OLD = "dependencies:\n  plugins:\n    engine-new: '*'\n"


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., Any]) -> None:
    publish("engine-new", manifest=OLD)
    publish("engine-fits", manifest=FITTING)
    publish("engine-unknown", manifest=UNKNOWN)
    publish("engine-needs", manifest=NEEDS_OLD)


@pytest.fixture
def runtimes(cli: Cli, tmp_path: Path) -> Path:
    """A folder of runtimes that is the only one in PATH, with Node.js 20.11.1."""
    folder = tmp_path / "bin"
    folder.mkdir()
    write_runtime(folder, "node", "echo v20.11.1")
    cli.env["PATH"] = str(folder)
    return folder


def write_runtime(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_runtime_that_does_not_fit_is_refused(
    cli: Cli, runtimes: Path, registry: LocalRegistry
) -> None:
    error = cli.error(6, "install", "engine-new", "--yes")
    assert error["code"] == "engine-mismatch"
    assert error["detail"] == "`engine-new@1.0.0` needs `node >=22`, not `20.11.1`"
    assert error["hint"].startswith("Install a runtime that fits, or run `plugport install ")
    assert error["hint"].endswith(" --ignore-engines`.")
    assert not cli.folder_of("engine-new").exists()
    # Before the download, which would be useless.
    assert not [each for each in registry.requests if each.path.endswith("/download")]


def test_ignoring_engines_warns(cli: Cli, runtimes: Path) -> None:
    result = cli.ok("install", "engine-new", "--yes", "--ignore-engines")
    assert "warning: `engine-new@1.0.0` needs `node >=22`, not `20.11.1`" in result.stderr
    assert result.stderr.count("needs `node") == 1
    assert cli.folder_of("engine-new").is_dir()


def test_a_runtime_that_fits_is_not_mentioned(cli: Cli, runtimes: Path) -> None:
    assert "node" not in cli.ok("install", "engine-fits", "--yes").stderr
    document = cli.json("install", "engine-fits", "--yes")
    assert document["engines"] == [
        {"name": "node", "range": ">=18 <21", "version": "20.11.1", "fits": True}
    ]


def test_what_cannot_be_checked_is_said(cli: Cli, runtimes: Path) -> None:
    """Hosts have no program that is known, and `latest` is no range."""
    result = cli.ok("install", "engine-unknown", "--yes")
    note = "`engine-unknown@1.0.0` needs `cortex >=1.3.0`, `node latest`; Plugport cannot check"
    assert f"note: {note} that here" in result.stderr
    (runtimes / "node").unlink()
    assert "needs `node >=22`; Plugport cannot" in cli.ok("install", "engine-new", "--yes").stderr


def test_the_framework_is_said_too(cli: Cli, runtimes: Path) -> None:
    write_plugin(cli.project / "p", "some-plugin", manifest="framework: ^2.0.0\n")
    result = cli.ok("install", "./p")
    assert "`some-plugin@1.0.0` needs `framework ^2.0.0`; Plugport cannot check" in result.stderr


def test_dependencies_are_checked_too(cli: Cli, runtimes: Path) -> None:
    error = cli.error(6, "install", "engine-needs", "--yes")
    assert "`engine-new@1.0.0` needs `node >=22`" in error["detail"]
    assert not cli.folder_of("engine-needs").exists()
    cli.ok("install", "engine-needs", "--yes", "--ignore-engines")
    assert cli.folder_of("engine-new").is_dir()


def test_packages_from_a_path_are_checked_too(cli: Cli, runtimes: Path) -> None:
    write_plugin(cli.project / "p", "some-plugin", manifest=OLD)
    assert cli.error(6, "install", "./p")["code"] == "engine-mismatch"
    assert not cli.folder_of("some-plugin").exists()
    cli.ok("install", "./p", "--ignore-engines")


def test_the_manifest_decides_and_not_the_registry(
    cli: Cli, runtimes: Path, registry: LocalRegistry
) -> None:
    registry.faults.release_members = {"engine": {}}
    assert cli.error(6, "install", "engine-new", "--yes")["code"] == "engine-mismatch"
    assert not cli.folder_of("engine-new").exists()


@pytest.mark.parametrize("script", ["exit 1", "echo none", "kill -9 $$", "exec >&-"])
def test_a_runtime_that_prints_no_version_is_unknown(cli: Cli, runtimes: Path, script: str) -> None:
    write_runtime(runtimes, "node", script)
    assert "Plugport cannot check that here" in cli.ok("install", "engine-new", "--yes").stderr


def test_runtimes_get_neither_the_token_nor_options(cli: Cli, runtimes: Path) -> None:
    """Options in the environment could make a runtime load a file of the project."""
    write_runtime(runtimes, "node", f"/usr/bin/env > {cli.project}/seen; echo v22.0.0")
    cli.env["NODE_OPTIONS"] = "--require ./setup.js"
    cli.ok("install", "engine-new", "--yes")
    seen = (cli.project / "seen").read_text()
    assert "PATH=" in seen
    assert "NODE_OPTIONS" not in seen
    assert cli.registry.token not in seen


def test_programs_of_the_project_are_not_run(cli: Cli, runtimes: Path) -> None:
    """A cloned project could contain a `node`, and PATH a relative folder."""
    write_runtime(cli.project, "node", f"echo v22.0.0; touch {cli.project}/ran")
    cli.env["PATH"] = f".{os.pathsep}:{cli.project.name}"
    cli.ok("install", "engine-new", "--yes")
    assert not (cli.project / "ran").exists()


def test_other_runtimes_print_their_versions_in_other_forms(cli: Cli, runtimes: Path) -> None:
    write_runtime(runtimes, "python3", "echo Python 3.11.7")
    write_runtime(runtimes, "deno", "echo 'deno 2.0.1 (stable, release)'; echo v8 12.9.1")
    write_runtime(runtimes, "bun", "echo 1.1.30")
    engines = "engine:\n  python: '>=3.11'\n  deno: ^2.0.0\n  bun: '>=1.1'\n"
    write_plugin(cli.project / "p", "some-plugin", manifest=engines)
    document = cli.json("install", "./p")
    assert {row["name"]: (row["version"], row["fits"]) for row in document["engines"]} == {
        "python": ("3.11.7", True),
        "deno": ("2.0.1", True),
        "bun": ("1.1.30", True),
    }
