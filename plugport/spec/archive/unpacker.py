"""Unpack a package to disk atomically."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from plugport.spec.archive.errors import (
    UnpackTargetError,
    build_path_error,
    build_unpack_failed_error,
)
from plugport.spec.archive.model import ArchiveLimits, Package
from plugport.spec.archive.reader import DEFAULT_LIMITS, load_package
from plugport.spec.archive.tree_writer import FOLDER_MODE


def unpack_package(archive: Path, target: Path, limits: ArchiveLimits = DEFAULT_LIMITS) -> Package:
    """Unpack a package into the new or empty folder `target`, whose parent exists.

    The files are written to a hidden sibling folder, which is renamed to `target` after all files
    were validated. After an error, `target` is unchanged and nothing is left behind. Raises
    `ArchiveError`, `UnpackTargetError` if `target` is not empty, `UnpackFailedError` for disk errors.
    """
    _check_target_empty(target)
    try:
        # In the same parent folder, so that the rename stays within one file system.
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", dir=target.parent))
    except OSError as error:
        raise build_unpack_failed_error(str(target), error) from error
    try:
        package = load_package(archive, limits=limits, tree=scratch)
        # mkdtemp creates private folders; the unpacked plugin gets the usual mode.
        scratch.chmod(FOLDER_MODE)
        _rename_to_target(scratch, target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return package


def _check_target_empty(target: Path) -> None:
    """Raise `UnpackTargetError` unless the target is missing or an empty folder."""
    try:
        with os.scandir(target) as entries:
            is_free = next(entries, None) is None and not target.is_symlink()
    except FileNotFoundError:
        is_free = not target.is_symlink()
    except NotADirectoryError:
        is_free = False
    except OSError as error:
        raise build_unpack_failed_error(str(target), error) from error
    if not is_free:
        raise _build_target_exists_error(target)


def _rename_to_target(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except (FileExistsError, NotADirectoryError) as error:
        # Another process created it in the meantime.
        raise _build_target_exists_error(target) from error
    except OSError as error:
        if target.exists():
            raise _build_target_exists_error(target) from error
        raise build_unpack_failed_error(str(target), error) from error


def _build_target_exists_error(target: Path) -> UnpackTargetError:
    hint = "Remove it, or choose another folder."
    return build_path_error(
        UnpackTargetError, str(target), "exists and is not an empty folder", hint=hint
    )
