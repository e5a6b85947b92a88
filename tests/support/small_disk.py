"""A real file system of a few megabytes, which a test can fill."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted file system; `path` is its root."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Use all free space. Repeat it while other processes free some."""
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Free all space that `fill` used."""
        self._ballast.unlink()


@contextlib.contextmanager
def mount_small_disk(path: Path, *, mb: int) -> Iterator[SmallDisk]:
    """Mount an empty tmpfs at the folder. Skips the test where that is not allowed: not as root."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mb}m", "tmpfs", str(path)]
    subprocess.run(mount, check=True)
    try:
        yield SmallDisk(path)
    finally:
        # Lazily: a process that was killed a moment ago may still hold a file.
        subprocess.run(["umount", "--lazy", str(path)], check=True)
