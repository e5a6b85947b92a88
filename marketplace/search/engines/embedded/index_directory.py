"""The directory of the index: one folder for each generation, and a file that names the current one.

A rebuild writes a folder of its own and then replaces the pointer file, which is one atomic step.
tantivy never changes a file once it is written. It maps files into memory, and reading a mapped
file that was truncated kills the process with SIGBUS. So the sizes and times of the files are
stored next to them and compared before every search. The same file has the position in the journal, so
that a folder that is restored from a backup still says what it contains.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from marketplace.search.engines.embedded.schema import VERSION
from marketplace.search.errors import IndexDamagedError, IndexMissingError
from marketplace.search.position import IndexPosition

_POINTER = "current"
STAMPS_FILE = "files.json"
# A process may still read an old generation until its next search loads the new one.
_RETENTION_SECONDS = 60.0

# File name → (size in bytes, time of the last change in nanoseconds).
Stamps: TypeAlias = Mapping[str, tuple[int, int]]


class IndexDirectory:
    """The directory of all generations."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get_current(self) -> Path:
        """The current generation. Raises `IndexMissingError`."""
        try:
            name = (self.root / _POINTER).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            raise IndexMissingError("There is no search index yet.") from None
        # The pointer may be restored from elsewhere: it must not lead out of the directory.
        is_valid = name.startswith(f"v{VERSION}-") and "/" not in name
        if not is_valid or not (self.root / name / "meta.json").is_file():
            raise IndexMissingError(
                "The search index has another version, or its files are missing."
            )
        return self.root / name

    def create_generation(self) -> Path:
        """Create a new, empty folder that is not current yet."""
        folder = self.root / f"v{VERSION}-{time.time_ns():x}-{secrets.token_hex(3)}"
        folder.mkdir(parents=True)
        return folder

    def activate(self, folder: Path) -> None:
        """Make the folder the current generation and delete old ones."""
        scratch = self.root / f"{_POINTER}.{os.getpid()}"
        with scratch.open("w", encoding="ascii") as file:
            file.write(folder.name)
            file.flush()
            # Without this a power cut after the rename can leave an empty pointer.
            os.fsync(file.fileno())
        scratch.replace(self.root / _POINTER)
        self._remove_old(folder)

    def _remove_old(self, current: Path) -> None:
        """Delete other generations, except those that were in use or written to a moment ago."""
        before = time.time() - _RETENTION_SECONDS
        for path in self.root.iterdir():
            if path.is_dir() and path != current and path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)


def load_stamps(folder: Path) -> Stamps:
    """Size and time of each file of the last commit.

    Files of a commit that is being written are omitted. Raises `IndexDamagedError` if the list of
    segments cannot be read, `IndexMissingError` if the folder does not exist.
    """
    try:
        meta = orjson.loads((folder / "meta.json").read_bytes())
        segments = {
            item["segment_id"].replace("-", ""): item["deletes"] for item in meta["segments"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamagedError(f"The segment list of the index cannot be read: {error}") from None
    try:
        names = os.listdir(folder)  # noqa: PTH208 -- on the path of every search after a commit
    except OSError as error:
        raise IndexMissingError(f"The search index is missing: {error.strerror}.") from None
    stamps = {}
    for name in names:
        if _is_current_file(name, segments):
            try:
                status = os.stat(folder / name)  # noqa: PTH116 -- as above
            except OSError:
                continue
            stamps[name] = (status.st_size, status.st_mtime_ns)
    return stamps


def _is_current_file(name: str, segments: Mapping[str, Any]) -> bool:
    """Whether it is a file of a segment; of its lists of deleted documents, the current one."""
    segment, _, suffix = name.partition(".")
    if segment not in segments:
        return False
    deletes = segments[segment] or {}
    return not suffix.endswith("del") or suffix == f"{deletes.get('opstamp')}.del"


def write_stamps(folder: Path, position: IndexPosition | None = None) -> None:
    """Store the current stamps in the folder, with the position or the one that it has."""
    position = position or load_position(folder)
    stored = {
        "files": load_stamps(folder),
        "position": [position.serial, position.mark] if position else None,
    }
    # Write and rename, because a reader may load the stamps at any moment.
    scratch = folder / f"{STAMPS_FILE}.{os.getpid()}"
    scratch.write_bytes(orjson.dumps(stored))
    scratch.replace(folder / STAMPS_FILE)


def check_files(folder: Path, stamps: Stamps | None = None) -> None:
    """Compare the files with `stamps`, or with the stored ones. Raises `IndexDamagedError`.

    A missing file is no error: tantivy deletes the files of merged segments.
    """
    expected = _load_stored_stamps(folder) if stamps is None else stamps
    for name, stamp in expected.items():
        try:
            status = os.stat(f"{folder}/{name}")  # noqa: PTH116 -- on the path of every search
        except OSError:
            continue
        if (status.st_size, status.st_mtime_ns) != stamp:
            raise IndexDamagedError(f"The file `{name}` of the search index has changed.")


def load_position(folder: Path) -> IndexPosition | None:
    """The stored position; None if there is none. Raises `IndexDamagedError`."""
    try:
        position = _load_stored(folder).get("position")
        return IndexPosition(int(position[0]), int(position[1])) if position else None
    except (TypeError, ValueError, IndexError, AttributeError):
        raise IndexDamagedError("The position of the search index cannot be read.") from None


def _load_stored_stamps(folder: Path) -> Stamps:
    try:
        stored = _load_stored(folder).get("files", {})
        return {str(name): (int(stamp[0]), int(stamp[1])) for name, stamp in stored.items()}
    except (ValueError, AttributeError, TypeError, IndexError):
        raise IndexDamagedError("The stamps of the search index cannot be read.") from None


def _load_stored(folder: Path) -> Any:
    try:
        return orjson.loads((folder / STAMPS_FILE).read_bytes())
    except FileNotFoundError:
        # Without stamps there is nothing to compare; tantivy reports missing files on opening.
        return {}
    except (OSError, ValueError):
        raise IndexDamagedError("The stamps of the search index cannot be read.") from None
