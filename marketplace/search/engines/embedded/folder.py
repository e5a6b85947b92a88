"""Where the index lies: one folder a generation, and a file that names the one in use.

A rebuild writes a folder of its own and then replaces the file, which is one atomic step. Files
of an index never change once written; a note of their sizes and times is kept beside them, so
that damage is seen before such a file is read: reading a mapped file that was cut short would
end the process.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from marketplace.search.engines.embedded.fields import VERSION
from marketplace.search.errors import IndexDamagedError, IndexMissingError

_POINTER = "current"
_NOTE = "files.json"
# A folder nobody points at may still be read by a process that is about to look again.
_KEPT_SECONDS = 60.0

Stamps: TypeAlias = Mapping[str, tuple[int, int]]


class IndexFolder:
    """The folder of all generations."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find_current(self) -> Path:
        """The generation in use. Raises `IndexMissingError`."""
        try:
            name = (self.root / _POINTER).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            raise IndexMissingError("There is no search index yet.") from None
        is_ours = name.startswith(f"v{VERSION}-") and "/" not in name
        if not is_ours or not (self.root / name / "meta.json").is_file():
            raise IndexMissingError("The search index was made for another version, or is gone.")
        return self.root / name

    def make_generation(self) -> Path:
        """A new, empty folder that is not yet in use."""
        folder = self.root / f"v{VERSION}-{time.time_ns():x}-{secrets.token_hex(3)}"
        folder.mkdir(parents=True)
        return folder

    def point_to(self, folder: Path) -> None:
        """Put the generation in use, at one moment, and remove those that went out of use."""
        scratch = self.root / f"{_POINTER}.{os.getpid()}"
        with scratch.open("w", encoding="ascii") as file:
            file.write(folder.name)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self.root / _POINTER)
        self._remove_old(folder)

    def _remove_old(self, current: Path) -> None:
        """Delete other generations, but not what was in use a moment ago or is being made."""
        before = time.time() - _KEPT_SECONDS
        for path in self.root.iterdir():
            if path.is_dir() and path != current and path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)


def read_stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the files of the last commit. Raises `IndexDamagedError`.

    Files that are just being written belong to no commit yet and are left out.
    """
    try:
        meta = orjson.loads((folder / "meta.json").read_bytes())
        parts = {part["segment_id"].replace("-", ""): part["deletes"] for part in meta["segments"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamagedError(f"The search index has lost its list of parts: {error}") from None
    names = (name for name in _list(folder) if name.partition(".")[0] in parts)
    return stat_files(folder, (name for name in names if _is_in_force(name, parts)))


def _list(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 -- names are all that is needed
    except OSError as error:
        raise IndexMissingError(f"The search index is gone: {error.strerror}.") from None


def _is_in_force(name: str, parts: Mapping[str, Any]) -> bool:
    """Every file of a part, and of its lists of deleted documents the one that counts."""
    part, _, rest = name.partition(".")
    if not rest.endswith("del"):
        return True
    deletes = parts[part] or {}
    return rest == f"{deletes.get('opstamp')}.del"


def stat_files(folder: Path, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Size and time of each of the files that is there."""
    stamps = {}
    for name in names:
        try:
            status = os.stat(folder / name)  # noqa: PTH116 -- on the path of every search
        except OSError:
            continue
        stamps[name] = (status.st_size, status.st_mtime_ns)
    return stamps


def note_files(folder: Path) -> None:
    """Write down how the files of the index are now."""
    scratch = folder / f"{_NOTE}.{os.getpid()}"
    scratch.write_bytes(orjson.dumps(read_stamps(folder)))
    scratch.replace(folder / _NOTE)


def check_files(folder: Path, known: Stamps | None = None) -> None:
    """Compare the files with `known`, or with the note. Raises `IndexDamagedError`.

    Files that are gone after a merge are as they should be.
    """
    noted = _read_note(folder) if known is None else known
    for name, stamp in noted.items():
        try:
            status = os.stat(f"{folder}/{name}")  # noqa: PTH116 -- on the path of every search
        except OSError:
            continue
        if (status.st_size, status.st_mtime_ns) != stamp:
            raise IndexDamagedError(f"`{name}` of the search index is not as it was written.")


def _read_note(folder: Path) -> Stamps:
    try:
        noted = orjson.loads((folder / _NOTE).read_bytes())
        return {str(name): (int(stamp[0]), int(stamp[1])) for name, stamp in noted.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError, IndexError):
        raise IndexDamagedError("The note of the search index's files cannot be read.") from None
