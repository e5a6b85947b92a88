"""A run killed at any point leaves the old plugin or the new one, whole, and a true record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugport.installer.errors import BrokenStateError, UnsafeFolderError
from tests.client.kill_points import NAME, install, make_installer
from tests.client.support import ROOT


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("install-first", ["1.0.0", None]),
        ("replace", ["1.0.0", "2.0.0"]),
        ("remove", ["1.0.0", None]),
    ],
)
def test_every_change_is_all_or_nothing(tmp_path: Path, what: str, found: list[str | None]) -> None:
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
    assert json.loads(result.stdout) == found


def test_nothing_is_left_over(tmp_path: Path) -> None:
    install(tmp_path, "1.0.0")
    site = make_installer(tmp_path).site
    site.stage.mkdir()
    (site.stage / "half.js").write_text("what a killed run had unpacked")
    site.retired.mkdir()
    install(tmp_path, "2.0.0")
    assert sorted(path.name for path in site.state.iterdir()) == [
        "installed.json",
        "lock",
        "plugins",
        "work",
    ]
    assert list(site.stage.parent.iterdir()) == []


@pytest.mark.parametrize(
    "note", ["{}", "[]", '{"name": "../x", "record": null}', '{"name": "a", "record": {}}', "x"]
)
def test_an_unreadable_note_is_a_clear_error(tmp_path: Path, note: str) -> None:
    install(tmp_path, "1.0.0")
    installer = make_installer(tmp_path)
    installer.site.pending_file.write_text(note)
    with pytest.raises(BrokenStateError):
        installer.list_installed()
    assert (installer.site.folder_of(NAME) / "index.js").exists()


def test_a_note_cannot_name_a_folder_outside(tmp_path: Path) -> None:
    """A cloned project may bring a note of its own; it moves nothing but that project's files."""
    install(tmp_path, "1.0.0")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("mine")
    installer = make_installer(tmp_path)
    scope = installer.site.plugins / "@evil"
    scope.symlink_to(tmp_path)
    installer.site.pending_file.write_text('{"name": "@evil/outside", "record": null}')
    with pytest.raises(UnsafeFolderError):
        installer.list_installed()
    assert (outside / "precious.txt").exists()
