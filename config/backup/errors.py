"""The reasons to refuse a backup or a restore."""

from __future__ import annotations

from plugport.spec.errors import ConflictError, InvalidError, UnavailableError


class BackupTargetError(ConflictError):
    """The target of a backup or a restore is not empty. Nothing is overwritten."""

    code, title = "backup-target", "Target not empty"


class BackupDamagedError(InvalidError):
    """Files of a backup, or packages of a registry, are missing or differ from their digests."""

    code, title = "backup-damaged", "Files missing or damaged"


class BackupUnsupportedError(InvalidError):
    """The backup is of a newer version or of another database than this registry."""

    code, title = "backup-unsupported", "Backup not supported"


class BackupToolError(UnavailableError):
    """A program of PostgreSQL that backups need is missing, too old, or failed."""

    code, title = "backup-tool", "PostgreSQL program unavailable"


class BackupFileError(UnavailableError):
    """A file of the backup cannot be read or written, or another process writes the backup."""

    code, title = "backup-file", "Backup folder unavailable"
