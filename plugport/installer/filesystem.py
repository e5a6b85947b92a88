"""File operations that survive a crash: afterwards a file has its old or its new content."""

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

# For more files, one `sync` of the whole system is faster than one `fsync` per file.
_MAX_SINGLE_FLUSHES = 256


def write_atomically(
    path: Path, content: bytes, *, mode: int = 0o644, is_flushed: bool = True
) -> None:
    """Replace a file: write a new one, flush it to disk and rename it to `path`.

    Without `is_flushed` a power failure, but no kill, can leave an empty file.
    """
    # In the same folder: a rename between file systems is a copy, which is not atomic.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            # Without it a power failure can keep the rename and lose the content.
            if is_flushed:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if is_flushed:
        flush_folder(path.parent)


def write_json(path: Path, document: Any, *, mode: int = 0o644, is_flushed: bool = True) -> None:
    """Write JSON as `write_atomically` does: keys sorted, indented, with a newline at the end."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode(), mode=mode, is_flushed=is_flushed)


def flush_folder(folder: Path) -> None:
    """Flush a folder to disk, so that renames in it survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(tree: Path) -> None:
    """Flush all files of a tree to disk."""
    paths = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    if len(paths) > _MAX_SINGLE_FLUSHES:
        os.sync()
        return
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    flush_folder(tree)


def remove_tree(path: Path) -> None:
    """Delete a folder, a file or a link (not its target), if it exists."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def remove_empty_folder(folder: Path) -> None:
    """Delete a folder if it is empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def digest_entries(entries: Iterable[FileEntry]) -> Digest:
    """One digest of paths, contents and executable bits, in the order of paths."""
    # A path cannot contain NUL, so two different sets of files never give the same text.
    lines = sorted(f"{e.path}\0{e.sha256.hex}\0{int(e.executable)}\n" for e in entries)
    return Digest("sha256", hashlib.sha256("".join(lines).encode()).hexdigest())


def digest_tree(tree: Path) -> Digest | None:
    """The digest of a folder's current content; None if it is not a folder of plain files."""
    if tree.is_symlink() or not tree.is_dir():
        return None
    entries = []
    for path in tree.rglob("*"):
        # An installation creates plain files only, so anything else was added later.
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            return None
        if path.is_file():
            with path.open("rb") as file:
                digests = digest_stream(file)
            # Packages store the owner's executable bit only.
            is_executable = bool(path.stat().st_mode & 0o100)
            relative = path.relative_to(tree).as_posix()
            entries.append(FileEntry(relative, digests.size_bytes, digests.sha256, is_executable))
    return digest_entries(entries)
