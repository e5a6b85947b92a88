"""Finding the files of a folder that go into its package."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plugport.spec.archive.errors import (
    PackError,
    PackLinkError,
    PackSecretError,
    make_path_error,
)
from plugport.spec.archive.ignore import IGNORE_FILES, IgnoreRules
from plugport.spec.archive.paths import decode_path
from plugport.spec.archive.secret_files import READ_BYTES, find_secret_files
from plugport.spec.errors import FieldError
from plugport.spec.text import show

_IGNORE_FILE_BYTES = 1 << 20
_SHOWN_CHARS = 600
# What was a file when it was listed may be a link or a pipe by the time it is opened.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to pack: its path in the package and what it was when the folder was walked."""

    path: str
    size_bytes: int
    executable: bool


def walk_tree(folder: Path, max_depth: int) -> Iterator[SourceFile]:
    """Yield the files of `folder` that no rule leaves out, in no certain order.

    Folders deeper than `max_depth` are yielded as far as one file below it, for the caller to
    refuse. Raises `PackError` for what cannot be read and, at the end, `PackLinkError` that lists
    every link and special file.
    """
    odd: list[FieldError] = []
    # A list instead of recursion: trees may be deeper than the stack.
    pending = [("", IgnoreRules.make_default())]
    while pending:
        prefix, above = pending.pop()
        entries = _list_folder(folder, prefix)
        rules = above.extend(prefix, _read_ignore_files(folder, prefix, entries))
        for name, status in entries.items():
            path = prefix + name
            is_folder = stat.S_ISDIR(status.st_mode)
            if rules.is_left_out(path, is_folder=is_folder):
                continue
            if is_folder and path.count("/") < max_depth:
                # Nothing below a folder that is left out comes back, so it is not entered.
                pending.append((f"{path}/", rules))
            elif is_folder or stat.S_ISREG(status.st_mode):
                yield SourceFile(_decode(path), status.st_size, bool(status.st_mode & 0o100))
            else:
                odd.append(_describe_odd(path, status))
    if odd:
        raise PackLinkError(
            f"The folder holds {len(odd)} links or special files, which no package may hold: "
            + ", ".join(show(fault.field) for fault in odd[:5]),
            hint="Replace links by what they point to, or leave them out (`.plugportignore`).",
            fields=odd,
        )


def refuse_secrets(folder: Path, paths: list[str]) -> None:
    """Raise `PackSecretError`, which lists them all, if some of the files are secrets."""
    found = find_secret_files(paths, lambda path: read_start(folder, path, READ_BYTES))
    if found:
        raise PackSecretError(
            f"The folder holds {len(found)} files that look like secrets: "
            + ", ".join(show(path) for path in found[:5]),
            hint="Leave them out: name them in `.plugportignore` or `.gitignore`.",
            fields=[
                FieldError(path, "looks like a secret by its name", code="secret-file", file=path)
                for path in found
            ],
        )


def open_source(folder: Path, path: str) -> int:
    """Open a file below `folder` and return its descriptor; a link is not followed.

    Raises `PackError`.
    """
    try:
        return os.open(folder / path, _OPEN_FLAGS)
    except OSError as error:
        raise make_read_error(path, error) from None


def read_start(folder: Path, path: str, size: int) -> bytes:
    """Read at most the first `size` bytes of a file. Raises `PackError`."""
    with os.fdopen(open_source(folder, path), "rb") as file:
        try:
            return file.read(size)
        except OSError as error:
            raise make_read_error(path, error) from None


def make_read_error(path: str, error: OSError) -> PackError:
    """Make the error for a file or folder that the system does not let be read."""
    return make_path_error(
        PackError,
        path or ".",
        f"cannot be read: {error.strerror or 'unknown error'}",
        hint="Make it readable, or leave it out (`.plugportignore`).",
    )


def _list_folder(folder: Path, prefix: str) -> dict[str, os.stat_result]:
    try:
        with os.scandir(folder / prefix) as entries:
            found = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    except OSError as error:
        raise make_read_error(prefix, error) from None
    # The same folder is refused for the same reason, whatever order the system lists it in.
    return dict(sorted(found.items()))


def _read_ignore_files(
    folder: Path, prefix: str, entries: dict[str, os.stat_result]
) -> list[bytes]:
    found = []
    for name in IGNORE_FILES:
        # Like git, an ignore file that is a link is not followed.
        if name in entries and stat.S_ISREG(entries[name].st_mode):
            content = read_start(folder, prefix + name, _IGNORE_FILE_BYTES + 1)
            if len(content) > _IGNORE_FILE_BYTES:
                fault = f"is larger than {_IGNORE_FILE_BYTES} bytes"
                raise make_path_error(PackError, prefix + name, fault, allowed=_IGNORE_FILE_BYTES)
            found.append(content)
    return found


def _decode(path: str) -> str:
    return path if path.isascii() else decode_path(os.fsencode(path))


def _describe_odd(path: str, status: os.stat_result) -> FieldError:
    is_link = stat.S_ISLNK(status.st_mode)
    detail = "is a symbolic link" if is_link else "is neither a file nor a folder"
    code = "link" if is_link else "special-file"
    # No rule on paths has been applied to it yet, so it may hold anything.
    shown = show(path, _SHOWN_CHARS)[1:-1]
    return FieldError(shown, detail, code=code, file=shown)
