"""The files of a backup.

    backup.json     the marker: versions, counts, and the digest of SHA256SUMS; written last
    SHA256SUMS      the digest of every other file, as `sha256sum --check` reads them
    database.*      the copy of the database
    packages/…      published packages, under the keys that they have in the store
    quarantine/…    packages whose release is not decided
    incomplete      exists, and is locked, until the backup is complete

All files are readable by their owner only (0600, folders 0700).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from config.backup.errors import (
    BackupDamagedError,
    BackupFileError,
    BackupTargetError,
    BackupUnsupportedError,
)
from plugport.spec.text import quote_text
from registry.storage.base import CHUNK_BYTES

FORMAT = 1
MARKER, SUMS, INCOMPLETE = "backup.json", "SHA256SUMS", "incomplete"
# The file of the database by its kind.
DATABASES = {"postgresql": "database.dump", "sqlite": "database.sqlite3"}
PACKAGE_FOLDERS = ("packages", "quarantine")
# The key of a published package has its digest.
_SUM_LINE = re.compile(
    r"(?P<sha256>([0-9a-f]{2})([0-9a-f]{2})[0-9a-f]{60})  (?P<path>"
    r"database\.(?:sqlite3|dump)"
    r"|packages/\2/\3/(?P=sha256)\.tar\.gz"
    r"|quarantine/[0-9a-f]{32})\n"
)
_MAX_LINE_CHARS = 300
_MAX_MARKER_BYTES = 1 << 20
_PART = ".part"
# Of the fields of the marker that are not texts.
_MARKER_TYPES = {
    **dict.fromkeys(("format", "database_version", "packages", "size_bytes"), int),
    "migrations": list,
    "audit": dict,
}


@dataclass(frozen=True, slots=True)
class Marker:
    """The contents of `backup.json`. `sums` is the SHA-256 of `SHA256SUMS`."""

    format: int
    created_at: str
    plugport: str
    database: str
    database_version: int
    migrations: list[str]
    packages: int
    size_bytes: int
    sums: str
    # The head of the audit log, and the public keys whose checkpoints count. Older backups have none.
    audit: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the file. Raises `ValueError` for one that no version of Plugport has written."""
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("it is not a JSON object")  # noqa: TRY004 -- one error for callers
        if isinstance(number := document.get("format"), int) and number > FORMAT:
            raise BackupUnsupportedError(
                f"The backup has format {number}; this version reads formats up to {FORMAT}.",
                hint="Restore it with the version of Plugport that created it, or a newer one.",
            )
        values = {each.name: document.get(each.name) for each in fields(cls)}
        values["audit"] = values["audit"] or {}
        for name, value in values.items():
            if type(value) is not _MARKER_TYPES.get(name, str):
                raise ValueError(f"`{name}` is missing or invalid")
        if not all(isinstance(name, str) for name in document["migrations"]):
            raise ValueError("`migrations` is invalid")
        if document["database"] not in DATABASES:
            raise ValueError(f"`database` is not one of {', '.join(DATABASES)}")
        dt.datetime.fromisoformat(document["created_at"])
        return cls(**cast("Any", values))


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """A folder that contains a backup, or will. Methods raise `BackupFileError` for `OSError`s."""

    root: Path

    def get_path(self, name: str) -> Path:
        """The path of a file of the backup; `name` is relative and uses slashes."""
        return self.root / name

    @contextlib.contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Raise `BackupFileError` with the path for an `OSError`."""
        try:
            yield
        except OSError as error:
            path = error.filename or self.root
            raise BackupFileError(
                f"`{path}` cannot be used: {error.strerror or type(error).__name__}."
            ) from error

    @contextlib.contextmanager
    def prepare(self) -> Iterator[bool]:
        """Create and lock the folder during the block; yields whether it has an interrupted backup.

        Raises `BackupTargetError` if it contains anything else.
        """
        with self.translate_errors():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.get_path(MARKER).exists():
                raise BackupTargetError(
                    f"`{self.root}` contains a complete backup.",
                    hint="Use a new folder for each backup.",
                )
            first = next(self.root.iterdir(), None)
            if first is not None and not self.get_path(INCOMPLETE).exists():
                raise BackupTargetError(
                    f"`{self.root}` is not empty: it contains {quote_text(first.name)}.",
                    hint="Use a new folder for each backup.",
                )
            self.root.chmod(0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            handle = os.open(self.get_path(INCOMPLETE), flags, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BackupFileError(
                    f"Another process writes a backup to `{self.root}`."
                ) from None
            # SQLite adds suffixes to the name for its own files.
            for part in self.root.glob(f".*{_PART}*"):
                part.unlink()
            yield first is not None
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def create_file(self, name: str) -> Iterator[Path]:
        """An empty private file to write to. It gets its name, flushed to disk, after the block."""
        path = self.get_path(name)
        part = path.with_name(f".{path.name}{_PART}")
        self._create_folders(path.parent)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            yield part
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def _create_folders(self, folder: Path) -> None:
        if folder == self.root or folder.is_dir():
            return
        self._create_folders(folder.parent)
        folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)

    def complete(self, marker: Marker) -> None:
        """Write the marker: from now on the backup can be restored."""
        with self.translate_errors():
            with self.create_file(MARKER) as part:
                part.write_text(json.dumps(asdict(marker), indent=2) + "\n", encoding="utf-8")
            self.get_path(INCOMPLETE).unlink()
            _sync_folder(self.root)

    def load_marker(self) -> Marker:
        """The marker of a complete backup, whose `SHA256SUMS` is intact.

        Raises `BackupDamagedError`, `BackupUnsupportedError` and `BackupFileError`.
        """
        path = self.get_path(MARKER)
        with self.translate_errors():
            if not self.root.is_dir():
                raise BackupDamagedError(f"There is no folder `{self.root}`.")
            if not path.is_file():
                raise BackupDamagedError(
                    f"`{self.root}` contains no complete backup: `{MARKER}` is missing.",
                    hint="A backup that was interrupted has none. Run `manage.py backup` again.",
                )
            with path.open("rb") as file:
                content = file.read(_MAX_MARKER_BYTES)
        try:
            marker = Marker.parse(content.decode())
        except (ValueError, RecursionError) as error:
            raise BackupDamagedError(f"`{path}` cannot be read: {error}.") from None
        found = self.digest_file(SUMS)
        if found != marker.sums:
            raise BackupDamagedError(
                f"`{SUMS}` is {'damaged' if found else 'missing'}: its SHA-256 is"
                f" {found or 'unknown'}, `{MARKER}` has {marker.sums}."
            )
        return marker

    def iter_sums(self) -> Iterator[tuple[str, str]]:
        """The path and SHA-256 of each file. Raises `BackupDamagedError` for an invalid line."""
        with self.translate_errors(), self.open_file(SUMS) as lines:
            while content := lines.readline(_MAX_LINE_CHARS):
                line = content.decode("ascii", "backslashreplace")
                match = _SUM_LINE.fullmatch(line)
                if not match:
                    raise BackupDamagedError(f"`{SUMS}` has an invalid line: {quote_text(line)}.")
                yield match["path"], match["sha256"]

    def open_file(self, name: str) -> BinaryIO:
        """Open a file of the backup to read it. Raises `OSError`, and `BackupFileError` for a pipe."""
        path = self.get_path(name)
        # To open a named pipe would wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise BackupFileError(f"`{path}` is not a regular file.")
        return os.fdopen(handle, "rb")

    def prune(self) -> None:
        """Delete the packages that `SHA256SUMS` does not name: an interrupted run copied them."""
        named = {path for path, _ in self.iter_sums()}
        with self.translate_errors():
            for folder in PACKAGE_FOLDERS:
                for path in self.get_path(folder).rglob("*"):
                    if path.is_file() and path.relative_to(self.root).as_posix() not in named:
                        path.unlink()

    def digest_file(self, name: str) -> str:
        """The SHA-256 of a file in hex, or "" if it does not exist."""
        try:
            with self.translate_errors(), self.open_file(name) as file:
                digest = hashlib.sha256()
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
                return digest.hexdigest()
        except BackupFileError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return ""
            raise


def _sync_folder(folder: Path) -> None:
    """Flush a rename in the folder to disk: `fsync` of the file alone does not."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
