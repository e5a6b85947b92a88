"""Find the files of a folder to pack."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

from plugport.spec.archive.errors import (
    PackError,
    PackLinkError,
    PackSecretError,
    build_path_error,
)
from plugport.spec.archive.ignore import IGNORE_FILES, IgnoreRules
from plugport.spec.archive.paths import decode_path
from plugport.spec.archive.secret_files import SECRET_PROBE_BYTES, list_secret_files
from plugport.spec.encoding import find_encoding_problem
from plugport.spec.errors import FieldError
from plugport.spec.text import quote_text

_IGNORE_FILE_BYTES = 1 << 20
_SHOWN_CHARS = 600
_SHOWN_PATHS = 5
# A file can be replaced by a link or a pipe after it was listed (CWE-367).
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SourceFile(Struct, frozen=True):
    """A file to pack: its path in the package, and its status when the folder was listed."""

    path: str
    size_bytes: int
    executable: bool


def iter_source_files(
    folder: Path,
    max_depth: int,
    excluded: Collection[str] = (),
    *,
    include_ignored: bool = False,
) -> Iterator[SourceFile]:
    """Yield the files of `folder` that no ignore rule excludes, in no particular order.

    `excluded` are paths relative to `folder` that are left out too. With `include_ignored`, only
    these and the names of `ALWAYS_EXCLUDED` are left out.
    A folder deeper than `max_depth` is yielded as one entry, for the caller to refuse. Raises
    `PackError` for unreadable files and, at the end, `PackLinkError` with all links and special files.
    """
    special_files: list[FieldError] = []
    # A list instead of recursion, because a tree can be deeper than the stack.
    pending = [("", IgnoreRules() if include_ignored else _build_root_rules(folder))]
    while pending:
        prefix, above = pending.pop()
        entries = _list_folder(folder, prefix)
        rules = above
        if not include_ignored:
            rules = above.extend(prefix, _load_ignore_files(folder, prefix, entries))
        for name, status in entries.items():
            path = prefix + name
            is_folder = stat.S_ISDIR(status.st_mode)
            if path in excluded or rules.is_excluded(path, is_folder=is_folder):
                continue
            if is_folder and path.count("/") < max_depth:
                # Ignore rules cannot include files below an excluded folder, so it is not entered.
                pending.append((f"{path}/", rules))
            elif is_folder or stat.S_ISREG(status.st_mode):
                yield SourceFile(_decode(path), status.st_size, bool(status.st_mode & 0o100))
            else:
                special_files.append(_build_special_file_error(path, status))
    if special_files:
        raise PackLinkError(
            "The folder contains links or special files, which are not allowed in a package: "
            + _render_paths([error.file or "" for error in special_files]),
            hint="Replace links with their targets, or exclude them with `.plugportignore`.",
            fields=special_files,
        )


def check_secret_files(folder: Path, paths: list[str]) -> None:
    """Raise `PackSecretError` with all files that are secrets by name or content."""
    secret_paths = list_secret_files(
        paths, lambda path: load_file_head(folder, path, SECRET_PROBE_BYTES)
    )
    if secret_paths:
        raise PackSecretError(
            f"The folder contains files that look like secrets: {_render_paths(secret_paths)}",
            hint="Exclude them with `.plugportignore` or `.gitignore`.",
            fields=[
                FieldError("", "has the name of a secret file", code="secret-file", file=path)
                for path in secret_paths
            ],
        )


def _render_paths(paths: list[str]) -> str:
    shown = [quote_text(path) for path in paths[:_SHOWN_PATHS]]
    if len(paths) > len(shown):
        shown.append(f"and {len(paths) - len(shown)} more")
    return ", ".join(shown)


def open_source(folder: Path, path: str) -> int:
    """Open a file below `folder` without following links, and return its descriptor.

    Raises `PackError`.
    """
    try:
        return os.open(folder / path, _OPEN_FLAGS)
    except OSError as error:
        raise build_read_error(path, error) from None


def load_file_head(folder: Path, path: str, size: int) -> bytes:
    """The first bytes of a file, at most `size`. Raises `PackError`."""
    with os.fdopen(open_source(folder, path), "rb") as file:
        try:
            return file.read(size)
        except OSError as error:
            raise build_read_error(path, error) from None


def build_read_error(path: str, error: OSError) -> PackError:
    """The error for a file or folder that cannot be read."""
    return build_path_error(
        PackError,
        path or ".",
        f"cannot be read: {error.strerror or 'unknown error'}",
        hint="Make it readable, or exclude it with `.plugportignore`.",
    )


def _list_folder(folder: Path, prefix: str) -> dict[str, os.stat_result]:
    try:
        with os.scandir(folder / prefix) as entries:
            statuses = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    except OSError as error:
        raise build_read_error(prefix, error) from None
    # Sorted, so that errors do not depend on the order of the file system.
    return dict(sorted(statuses.items()))


def _build_root_rules(folder: Path) -> IgnoreRules:
    """The rules of a tree, with those of the folders above it in its git repository.

    A tree that these exclude is packed without them: it was selected for that, such as a build folder.
    """
    folder = folder.resolve()
    repository = next(
        (each for each in (folder, *folder.parents) if os.path.lexists(each / ".git")), folder
    )
    above, base = IgnoreRules(), ""
    parts = folder.relative_to(repository).parts
    for depth, part in enumerate(parts):
        entries = {}
        for name in IGNORE_FILES:
            with contextlib.suppress(FileNotFoundError):
                entries[name] = (repository / base / name).lstat()
        shown = "../" * (len(parts) - depth)
        above = above.extend(base, _load_ignore_files(repository, base, entries, shown))
        if above.matches(base + part, is_folder=True):
            return IgnoreRules.build_default()
        base += f"{part}/"
    return above.enter_tree(base)


def _load_ignore_files(
    folder: Path, prefix: str, entries: dict[str, os.stat_result], shown: str | None = None
) -> list[bytes]:
    """The ignore files of the folder `prefix` in `folder`; `shown` is its path in messages.

    Raises `PackError` for those that cannot be read.
    """
    contents = []
    for name in IGNORE_FILES:
        # Like git, do not follow an ignore file that is a link.
        if name in entries and stat.S_ISREG(entries[name].st_mode):
            content = load_file_head(folder, prefix + name, _IGNORE_FILE_BYTES + 1)
            label = (prefix if shown is None else shown) + name
            if len(content) > _IGNORE_FILE_BYTES:
                problem = f"is larger than {_IGNORE_FILE_BYTES} bytes"
                raise build_path_error(PackError, label, problem, allowed=_IGNORE_FILE_BYTES)
            # Read as other text it would exclude nothing, and secrets would be published.
            if encoding_problem := find_encoding_problem(content):
                hint = "Save it as UTF-8."
                raise build_path_error(PackError, label, encoding_problem, hint=hint)
            contents.append(content)
    return contents


def _decode(path: str) -> str:
    return path if path.isascii() else decode_path(os.fsencode(path))


def _build_special_file_error(path: str, status: os.stat_result) -> FieldError:
    is_link = stat.S_ISLNK(status.st_mode)
    detail = "is a symbolic link" if is_link else "is neither a file nor a folder"
    code = "link" if is_link else "special-file"
    # The path was not validated yet and can contain anything.
    shown = quote_text(path, _SHOWN_CHARS)[1:-1]
    return FieldError("", detail, code=code, file=shown)
