"""`pip` installs the command line from a running registry, without a public index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugport import __version__
from tests.processes.harness import Registry

pytestmark = pytest.mark.processes


def run(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    environment = {
        **inherited,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "NO_PROXY": "127.0.0.1",
        **variables,
    }
    return subprocess.run(
        [sys.executable, *args],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def install(registry: Registry, folder: Path) -> subprocess.CompletedProcess[str]:
    index = ("--index-url", f"{registry.url}/simple/")
    return run("-m", "pip", "install", *index, "--no-deps", "--target", str(folder), "plugport")


def test_pip_installs_the_program_from_the_registry(registry: Registry, tmp_path: Path) -> None:
    done = install(registry, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    # The folder comes first in the path; the libraries are those of the test run.
    code = "import plugport; print(plugport.__file__)"
    where = run("-c", code, PYTHONPATH=str(tmp_path / "site"))
    assert Path(where.stdout.strip()).is_relative_to(tmp_path / "site"), where.stderr
    program = ("-m", "plugport", "search", "nothing-like-it", "--registry", registry.url)
    searched = run(*program, PYTHONPATH=str(tmp_path / "site"), PLUGPORT_HOME=str(tmp_path))
    assert searched.returncode == 0, searched.stderr
    assert "no plugins found" in searched.stderr
    shown = run("-m", "plugport", "--version", PYTHONPATH=str(tmp_path / "site"))
    assert __version__ in shown.stdout


def test_pip_refuses_a_wheel_with_another_hash(registry: Registry, tmp_path: Path) -> None:
    (wheel,) = (registry.folder / "client").glob("*.whl")
    content = wheel.read_bytes()
    try:
        wheel.write_bytes(content[:-30] + bytes(30))
        done = install(registry, tmp_path / "site")
    finally:
        wheel.write_bytes(content)
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
