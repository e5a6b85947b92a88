"""Putting a package on disk: whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from plugport.spec.archive.errors import UnpackFailedError, UnpackTargetError, make_path_error
from plugport.spec.archive.model import ArchiveLimits, Package
from plugport.spec.archive.reader import DEFAULT_LIMITS, read_package
from plugport.spec.archive.tree import FOLDER_MODE


def unpack_package(archive: Path, into: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> Package:
    """Unpack a package into the folder `into`, which is new or empty; its parent exists.

    The files go to a hidden folder beside it, which takes its place in one step once all of them
    were read and found good. After an error nothing is left and `into` is as it was. Raises
    `ArchiveError`, `UnpackTargetError` if `into` is taken, `UnpackFailedError` for disk errors.
    """
    _check_free(into)
    try:
        # Beside its place, so that the rename stays within one file system.
        scratch = Path(tempfile.mkdtemp(prefix=f".{into.name[:100]}.", dir=into.parent))
    except OSError as error:
        raise _make_failed_error(into, error) from error
    try:
        package = read_package(archive, limits=limits, tree=scratch)
        # Temporary folders are private; this one is about to be the plugin's.
        scratch.chmod(FOLDER_MODE)
        _swap_in(scratch, into)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return package


def _check_free(into: Path) -> None:
    """Take an empty folder for free; a link, a file or a folder with something in it is not."""
    try:
        with os.scandir(into) as entries:
            is_free = next(entries, None) is None and not into.is_symlink()
    except FileNotFoundError:
        is_free = not into.is_symlink()
    except NotADirectoryError:
        is_free = False
    except OSError as error:
        raise _make_failed_error(into, error) from error
    if not is_free:
        raise _make_taken_error(into)


def _swap_in(scratch: Path, into: Path) -> None:
    try:
        scratch.rename(into)
    except (FileExistsError, NotADirectoryError) as error:
        # Somebody put something there meanwhile.
        raise _make_taken_error(into) from error
    except OSError as error:
        if into.exists():
            raise _make_taken_error(into) from error
        raise _make_failed_error(into, error) from error


def _make_taken_error(into: Path) -> UnpackTargetError:
    hint = "Remove it, or choose another folder."
    return make_path_error(
        UnpackTargetError, str(into), "exists and is not an empty folder", hint=hint
    )


def _make_failed_error(into: Path, error: OSError) -> UnpackFailedError:
    return make_path_error(
        UnpackFailedError,
        str(into),
        f"cannot be written: {error.strerror or 'unknown error'}",
        hint="Choose a folder that you may write to, on a disk with enough space.",
    )
