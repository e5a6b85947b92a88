"""The output of `plugport pack`: a file, a pipe or stdout."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from plugport.cli.errors import IncompletePackageError, UnsafeOutputError
from plugport.cli.terminal.streams import discard_stdout, report_stdout_errors

STDOUT = "-"
# The prefix and suffix are excluded from packages (`plugport.spec.archive.ignore`).
_PREFIX, _SUFFIX = ".plugport-pack-", ".tmp"
# The first bytes of every package (RFC 1952).
_GZIP = b"\x1f\x8b"
_FILE_TYPES: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISLNK, "symbolic link"),
    (stat.S_ISDIR, "folder"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


def check_output(output: str) -> None:
    """Check that a package may be written to `output`: a regular file, a pipe, or nothing yet.

    A rename would replace a link or a device itself: as root, `/dev/null` would become a file.
    Raises `UnsafeOutputError`, and `click.UsageError` if stdout is a terminal.
    """
    if output == STDOUT:
        if sys.stdout.isatty():
            raise click.UsageError("stdout is a terminal; redirect it to write a package")
        return
    # A rename would drop the slash and create a file beside the folder that is meant.
    found = "folder" if output.endswith(os.sep) else _find_file_type(output)
    if found is not None:
        raise UnsafeOutputError(
            f"the output `{output}` is a {found}; expected a regular file, a pipe, or no file",
            hint="Name another file, or write to stdout with `-o -`.",
        )


def check_replaced(output: str) -> None:
    """Check that `output`, a path inside the plugin's folder, replaces no file of the plugin.

    A package and an empty file may be replaced. Raises `UnsafeOutputError`.
    """
    path = Path(output)
    if not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(len(_GZIP))
    if head not in {b"", _GZIP}:
        raise UnsafeOutputError(
            f"the output `{output}` is a file of the plugin and no package",
            hint="Name another file, such as `../my-plugin.tgz`.",
        )


def find_path_inside(folder: Path, output: str) -> str | None:
    """The path of `output` relative to `folder`; None if it is not inside."""
    # The name itself is not resolved: what is excluded is the entry of the folder.
    target = Path(os.path.realpath(Path(output).parent)) / Path(output).name
    try:
        return target.relative_to(os.path.realpath(folder)).as_posix()
    except ValueError:
        return None


def write_package(package: Path, output: str) -> None:
    """Copy a package to `output`, after `check_output`.

    A file is replaced by a rename, so that no other process sees a part of a package. Raises
    `IncompletePackageError` if the reader of a pipe or of stdout stops early.
    """
    with package.open("rb") as source, _open_output(output) as target:
        shutil.copyfileobj(source, target)


@contextmanager
def _open_output(output: str) -> Iterator[BinaryIO]:
    if output != STDOUT and not _is_pipe(output):
        with _open_replacement(Path(output)) as file:
            yield file
        return
    try:
        if output == STDOUT:
            with report_stdout_errors():
                stream = sys.stdout.buffer
                yield stream
                stream.flush()
        else:
            # Unbuffered: closing a file repeats a write that failed.
            with Path(output).open("wb", buffering=0) as pipe:
                yield pipe
    except BrokenPipeError:
        if output == STDOUT:
            discard_stdout()
        shown = "stdout" if output == STDOUT else f"`{output}`"
        raise IncompletePackageError(
            f"the reader of {shown} stopped before the package was complete"
        ) from None


@contextmanager
def _open_replacement(target: Path) -> Iterator[BinaryIO]:
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a rename between file systems is not atomic.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=_PREFIX, suffix=_SUFFIX)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            # `mkstemp` creates files that only their owner can read.
            os.fchmod(file.fileno(), 0o644)
            yield file
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _find_file_type(output: str) -> str | None:
    """What `output` is if a package must not be written to it, else None."""
    try:
        mode = Path(output).lstat().st_mode
    except FileNotFoundError:
        return None
    # `/dev/fd/63` of a shell's `>(…)` is a link to a pipe, which is opened and not replaced.
    if _is_pipe(output):
        return None
    return next((name for matches, name in _FILE_TYPES if matches(mode)), None)


def _is_pipe(output: str) -> bool:
    try:
        return stat.S_ISFIFO(Path(output).stat().st_mode)
    except OSError:
        return False
