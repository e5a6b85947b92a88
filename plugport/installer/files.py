"""Writing files so that a crash leaves the old content or the new, never half of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from plugport.spec.archive.model import FileEntry
from plugport.spec.digest import Digest, digest_stream

# Past this many files one flush of everything is quicker than one per file.
_FLUSH_ONE_BY_ONE = 256


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file: a new one beside it, flushed to disk, renamed over it."""
    # In the same folder, for a rename between file systems is a copy.
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            # Without it the rename may last through a power cut, and the content not.
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def write_json(path: Path, document: Any, *, mode: int = 0o644) -> None:
    """Write JSON the same way every time: sorted, indented, newline at the end."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode(), mode=mode)


def flush_folder(folder: Path) -> None:
    """Make renames in a folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(tree: Path) -> None:
    """Make all files of a tree last through a power cut."""
    paths = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    if len(paths) > _FLUSH_ONE_BY_ONE:
        os.sync()
        return
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    flush_folder(tree)


def remove_tree(path: Path) -> None:
    """Remove a folder, a file or a link (not what it points at); nothing if it is not there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def remove_empty(folder: Path) -> None:
    """Remove a folder if nothing is in it."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def digest_entries(entries: Iterable[FileEntry]) -> Digest:
    """One digest over paths, contents and executable bits, in order of path."""
    # NUL cannot be part of a path, so no two sets of files give the same text.
    lines = sorted(f"{e.path}\0{e.sha256.hex}\0{int(e.executable)}\n" for e in entries)
    return Digest("sha256", hashlib.sha256("".join(lines).encode()).hexdigest())


def digest_tree(tree: Path) -> Digest | None:
    """The digest of a folder as it is now; None where it is no folder of plain files."""
    if tree.is_symlink() or not tree.is_dir():
        return None
    entries = []
    for path in tree.rglob("*"):
        # Installed trees hold plain files alone: anything else was put there later.
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            return None
        if path.is_file():
            with path.open("rb") as file:
                seen = digest_stream(file)
            # The bit of the owner is the one that packages carry.
            is_executable = bool(path.stat().st_mode & 0o100)
            relative = path.relative_to(tree).as_posix()
            entries.append(FileEntry(relative, seen.size_bytes, seen.sha256, is_executable))
    return digest_entries(entries)
