"""Packages between the store and the folder of a backup, verified by digest on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

from common.http.errors import StorageError
from config.backup.databases.base import Select
from config.backup.errors import BackupDamagedError, BackupTargetError
from config.backup.folder import PACKAGE_FOLDERS, BackupFolder
from plugport.spec.digest import CHUNK_BYTES, Digest
from plugport.spec.text import quote_text
from registry.storage import get_store
from registry.storage.keys import build_package_key
from registry.storage.scratch import create_scratch_file, translate_scratch_errors

# The object of a rejected release is deleted, now or by the sweeper.
_NAMED = """
    SELECT DISTINCT artifact.sha256, artifact.quarantine_key
    FROM registry_artifact artifact JOIN registry_release release ON release.id = artifact.release_id
    WHERE release.state <> 'rejected'
    ORDER BY artifact.sha256, artifact.quarantine_key
"""
_MAX_OBJECT_BYTES = 1 << 40


def iter_named_packages(select: Select) -> Iterator[tuple[str, str]]:
    """The key and SHA-256 of each package that the database names."""
    for sha256, quarantine_key in select(_NAMED):
        yield quarantine_key or build_package_key(Digest("sha256", sha256)), sha256


def save_package(folder: BackupFolder, key: str, sha256: str) -> None:
    """Copy the object to the folder, unless an interrupted run has.

    Raises `BackupDamagedError` if the object is missing or has another digest, and `StorageError`
    if the store is unavailable.
    """
    if folder.digest_file(key) == sha256:
        return
    digest = hashlib.sha256()
    with (
        folder.translate_errors(),
        folder.create_file(key) as part,
        part.open("wb") as file,
        closing(cast("Any", _open_object(key, sha256))) as chunks,
    ):
        try:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        except StorageError as error:
            raise _build_object_error(key, error) from error
        if digest.hexdigest() != sha256:
            raise BackupDamagedError(
                f"`{key}` is damaged: its SHA-256 is {digest.hexdigest()}, not {sha256}."
            )


def _open_object(key: str, sha256: str) -> Iterator[bytes]:
    store = get_store()
    # A release that was published since the snapshot has its package under its digest only.
    for name in dict.fromkeys((key, build_package_key(Digest("sha256", sha256)))):
        try:
            return store.open_range(name, 0, _MAX_OBJECT_BYTES)
        except FileNotFoundError:
            continue
        except StorageError as error:
            raise _build_object_error(key, error) from error
    raise BackupDamagedError(f"`{key}` is missing from the package storage.")


def _build_object_error(key: str, error: StorageError) -> BackupDamagedError:
    """The error of an object that cannot be read. Raises `StorageError` if no object can."""
    get_store().ping()
    return BackupDamagedError(f"`{key}` cannot be read: {error.detail}")


def check_store_empty(folder: BackupFolder) -> None:
    """Raise `BackupTargetError` if the store has an object that the backup does not contain.

    What an interrupted restore has stored may be there.
    """
    for prefix in PACKAGE_FOLDERS:
        for item in get_store().iter_objects(f"{prefix}/"):
            if not folder.get_path(item.key).is_file():
                raise BackupTargetError(
                    f"The package storage is not empty: it contains {quote_text(item.key)}.",
                    hint="Restore to an empty bucket or folder.",
                )


def restore_package(folder: BackupFolder, key: str, sha256: str) -> None:
    """Store the package, unless it is stored, and verify what the store returns for it.

    Raises `BackupDamagedError` for another digest, and `StorageError`.
    """
    if _digest_object(key) == sha256:
        return
    # A copy: the store may share the file that it gets, and a backup must not change with it.
    scratch = create_scratch_file()
    try:
        digest = hashlib.sha256()
        with (
            folder.translate_errors(),
            folder.open_file(key) as source,
            translate_scratch_errors(),
            scratch.open("wb") as target,
        ):
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                target.write(chunk)
        if digest.hexdigest() != sha256:
            raise BackupDamagedError(f"`{key}` changed while it was restored.")
        get_store().put_file(key, scratch)
    finally:
        scratch.unlink(missing_ok=True)
    found = _digest_object(key)
    if found != sha256:
        raise BackupDamagedError(
            f"The package storage returned other bytes for `{key}`: their SHA-256 is"
            f" {found or 'unknown'}, not {sha256}."
        )


def _digest_object(key: str) -> str:
    """The SHA-256 of the object in hex, or "" if it does not exist."""
    digest = hashlib.sha256()
    try:
        with closing(cast("Any", get_store().open_range(key, 0, _MAX_OBJECT_BYTES))) as chunks:
            for chunk in chunks:
                digest.update(chunk)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()
