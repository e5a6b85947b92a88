"""`bin/install-system` on machines without apt-get: which browsers are enough."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes
SCRIPT = Path(__file__).parents[2] / "bin" / "install-system"


def _run_with(folder: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a PATH that has only `id` and these programs, which do nothing."""
    (folder / "id").symlink_to(str(shutil.which("id")))
    for name in programs:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        [str(shutil.which("sh")), str(SCRIPT)],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("browser", ["chromium-headless-shell", "chromium", "google-chrome"])
def test_any_browser_that_the_tests_find_is_enough(tmp_path: Path, browser: str) -> None:
    result = _run_with(tmp_path, browser, "xmlsec1")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_missing_browser_is_an_error(tmp_path: Path) -> None:
    result = _run_with(tmp_path, "xmlsec1")
    assert result.returncode == 1
    assert result.stderr.startswith("error: missing: chromium-headless-shell\n")


def test_apt_get_installs_the_headless_shell_in_addition_to_chromium(tmp_path: Path) -> None:
    result = _run_with(tmp_path, "chromium", "apt-get", "sudo", "env")
    assert result.returncode == 0
    assert "Installing chromium-headless-shell" in result.stdout
