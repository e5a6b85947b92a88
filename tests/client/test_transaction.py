"""A run killed at any point leaves the complete old or new plugin, and the matching record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugport.installer.errors import UnsafeFolderError
from plugport.spec.names import PluginName
from tests.client.kill_points import NAME, build_installer, install
from tests.client.support import ROOT


@pytest.mark.processes
@pytest.mark.parametrize(
    ("what", "versions"),
    [
        ("install-first", ["1.0.0", None]),
        ("replace", ["1.0.0", "2.0.0"]),
        ("remove", ["1.0.0", None]),
    ],
)
def test_changes_are_atomic(tmp_path: Path, what: str, versions: list[str | None]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.client.kill_points", what, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == versions


def test_leftovers_are_deleted(tmp_path: Path) -> None:
    install(tmp_path, "1.0.0")
    layout = build_installer(tmp_path).layout
    for name in (NAME, PluginName.parse("@other/one")):
        work = layout.work_of(name)
        work.stage.mkdir(parents=True)
        (work.stage / "half.js").write_text("what a killed run had unpacked")
        work.retired.mkdir()
    install(tmp_path, "2.0.0")
    assert sorted(path.name for path in layout.state.iterdir()) == [
        "installed.json",
        "lock",
        "plugins",
        "work",
    ]
    assert list(layout.work.iterdir()) == []


def test_a_pending_change_cannot_leave_the_project(tmp_path: Path) -> None:
    """`pending.json` may come with a cloned project; it must not move files outside of it."""
    install(tmp_path, "1.0.0")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("mine")
    installer = build_installer(tmp_path)
    layout = installer.layout
    (layout.plugins / "@evil").symlink_to(tmp_path)
    evil = PluginName.parse("@evil/outside")
    layout.work_of(evil).path.mkdir()
    layout.work_of(evil).pending_file.write_text('{"name": "@evil/outside", "record": null}')
    # A link in place of a plugin's work folder is deleted, not followed.
    layout.work_of(PluginName.parse("linked")).path.symlink_to(outside)
    assert list(installer.list_installed()) == [NAME]
    assert (outside / "precious.txt").exists()
    assert isinstance(installer.recover_changes()[evil], UnsafeFolderError)
