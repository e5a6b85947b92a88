"""Create a backup while the registry runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accounts.audit.heads import list_public_keys
from config.backup.databases import DatabaseCopier, get_copier
from config.backup.databases.base import MIGRATIONS
from config.backup.errors import BackupDamagedError
from config.backup.folder import SUMS, BackupFolder, Marker
from config.backup.packages import iter_named_packages, save_package
from plugport import __version__
from registry.publishing.deletion_hold import hold_deletions

_AUDIT_HEAD = "SELECT sequence, digest FROM accounts_auditseal ORDER BY sequence DESC LIMIT 1"


def create_backup(root: Path, *, report: Callable[[str], None]) -> Marker:
    """Write a backup to the folder, or continue one that was interrupted; returns its marker.

    Calls `report` for each missing or damaged package, and raises `BackupDamagedError` at the end
    if there was one. Raises the other errors of `config.backup.errors`, and `StorageError`.
    """
    folder, copier = BackupFolder(root), get_copier()
    copier.check_can_dump()
    with folder.prepare() as is_continued, hold_deletions():
        created_at = dt.datetime.now(dt.UTC)
        migrations, head = _save_database(folder, copier)
        count, size_bytes = _save_packages(folder, report)
        if is_continued:
            folder.prune()
        marker = Marker(
            format=1,
            created_at=created_at.isoformat(timespec="seconds"),
            plugport=__version__,
            database=copier.engine,
            database_version=copier.get_version(),
            migrations=migrations,
            packages=count,
            size_bytes=size_bytes,
            sums=folder.digest_file(SUMS),
            audit={"head": head, "keys": list_public_keys()},
        )
        folder.complete(marker)
    return marker


def _save_database(
    folder: BackupFolder, copier: DatabaseCopier
) -> tuple[list[str], list[Any] | None]:
    """Copy the database and list the packages that it names.

    Returns the applied migrations, and the head of the audit log as a sequence and a digest.
    """
    with copier.open_snapshot(folder) as select:
        head = next((list(row) for row in select(_AUDIT_HEAD)), None)
        migrations = [f"{app}.{name}" for app, name in select(MIGRATIONS)]
        with (
            folder.translate_errors(),
            folder.create_file(SUMS) as part,
            part.open("w", encoding="ascii", newline="\n") as sums,
        ):
            sums.write(f"{folder.digest_file(copier.file_name)}  {copier.file_name}\n")
            for key, sha256 in iter_named_packages(select):
                sums.write(f"{sha256}  {key}\n")
    return migrations, head


def _save_packages(folder: BackupFolder, report: Callable[[str], None]) -> tuple[int, int]:
    """Copy the packages that `SHA256SUMS` names; returns their number and total size in bytes."""
    count = size_bytes = failed = 0
    for path, sha256 in folder.iter_sums():
        if path.startswith("database."):
            continue
        try:
            save_package(folder, path, sha256)
        except BackupDamagedError as error:
            failed += 1
            report(error.detail)
            continue
        count += 1
        size_bytes += folder.get_path(path).stat().st_size
    if failed:
        raise BackupDamagedError(
            f"{failed} of {count + failed} packages of this registry are missing or damaged. The"
            " backup is not complete.",
            hint="Put these objects back, for example from an earlier backup, and run the command"
            " again. It continues this backup.",
        )
    return count, size_bytes
