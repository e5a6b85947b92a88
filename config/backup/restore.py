"""Restore a backup to an empty database and an empty package store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.audit.heads import Head, start_over
from config.backup.databases import DatabaseCopier, get_copier
from config.backup.errors import (
    BackupDamagedError,
    BackupFileError,
    BackupTargetError,
    BackupUnsupportedError,
)
from config.backup.folder import DATABASES, SUMS, BackupFolder, Marker
from config.backup.packages import check_store_empty, restore_package
from plugport.spec.text import quote_text


def check_backup(root: Path, *, report: Callable[[str], None]) -> Marker:
    """Read every file of the backup and compare its digest; returns the marker.

    Calls `report` for each missing or damaged file, and raises `BackupDamagedError` at the end if
    there was one, or if `SHA256SUMS` does not name the database and all packages.
    """
    folder = BackupFolder(root)
    marker = folder.load_marker()
    count = failed = databases = 0
    for path, sha256 in folder.iter_sums():
        count += 1
        databases += path == DATABASES[marker.database]
        found = folder.digest_file(path)
        if found != sha256:
            failed += 1
            reason = f"is damaged: its SHA-256 is {found}, not {sha256}" if found else "is missing"
            report(f"`{path}` {reason}.")
    if failed:
        raise BackupDamagedError(
            f"{failed} of {count} files of the backup are missing or damaged.",
            hint="Restore another backup.",
        )
    if (databases, count) != (1, 1 + marker.packages):
        raise BackupDamagedError(
            f"`{SUMS}` names {count} files, not one `{DATABASES[marker.database]}` and"
            f" {marker.packages} packages.",
            hint="Restore another backup.",
        )
    return marker


def restore_backup(root: Path, *, report: Callable[[str], None]) -> Marker:
    """Restore the packages, then the database, and apply newer migrations; returns the marker.

    Nothing is changed unless the whole backup is intact. A repeated call continues an interrupted
    one. Raises the errors of `config.backup.errors`, and `StorageError`.
    """
    folder, copier = BackupFolder(root), get_copier()
    marker = folder.load_marker()
    _check_supported(marker, copier)
    if (table := copier.find_table()) is not None:
        raise BackupTargetError(
            f"The database is not empty: it contains the table `{table}`.",
            hint="Restore to a new database, before `manage.py migrate`.",
        )
    check_store_empty(folder)
    check_backup(root, report=report)
    copier.check_file(folder.get_path(copier.file_name), marker.migrations)
    for path, sha256 in folder.iter_sums():
        if path != copier.file_name:
            restore_package(folder, path, sha256)
    _start_audit_log(marker)
    # Last, and at once: a registry without all of its packages has no tables.
    copier.restore(folder.get_path(copier.file_name))
    call_command("migrate", verbosity=0, interactive=False)
    record_audit_entry(actor=None, action="registry.restored", backup=marker.created_at)
    return marker


def _start_audit_log(marker: Marker) -> None:
    """Put the head of the restored audit log into the data folder, and what was there aside.

    Raises `BackupDamagedError` if the marker has no valid one.
    """
    head, keys = marker.audit.get("head"), marker.audit.get("keys", [])
    try:
        start_over(
            None if head is None else Head(int(head[0]), str(head[1])),
            [str(key) for key in keys],
            timezone.now(),
        )
    except (TypeError, ValueError, LookupError) as error:
        raise BackupDamagedError(f"`audit` of the marker is invalid: {error}.") from None
    except OSError as error:
        raise BackupFileError(f"`{error.filename}` cannot be used: {error.strerror}.") from error


def _check_supported(marker: Marker, copier: DatabaseCopier) -> None:
    if marker.database != copier.engine:
        raise BackupUnsupportedError(
            f"The backup is of a {marker.database} database, this registry uses {copier.engine}.",
            hint="Set DATABASE_URL for the kind of database of the backup.",
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = [name for name in marker.migrations if name not in known]
    if unknown:
        raise BackupUnsupportedError(
            f"The backup has a newer schema: this version does not have the migration"
            f" {quote_text(unknown[0])}.",
            hint=f"Restore it with Plugport {quote_text(marker.plugport)} or newer.",
        )
    copier.check_can_restore(marker.database_version)
