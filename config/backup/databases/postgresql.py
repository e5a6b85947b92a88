"""PostgreSQL, through the client programs `pg_dump` and `pg_restore`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from config.backup.databases.base import EXCLUDED_TABLE, Select
from config.backup.errors import BackupDamagedError, BackupToolError, BackupUnsupportedError
from config.backup.folder import DATABASES, BackupFolder

_DUMP, _RESTORE = "pg_dump", "pg_restore"
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_MAX_MESSAGE_CHARS = 1000
# Parameters of the driver, which the programs do not know.
_DRIVER = frozenset({"context", "cursor_factory", "prepare_threshold"})


class PostgresCopier:
    """Dumps in the custom format. The dump and the list of packages share one exported snapshot."""

    engine = "postgresql"
    file_name = DATABASES[engine]

    def get_version(self) -> int:
        """The server's major version, such as 15."""
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            return int(cursor.fetchone()[0]) // 10_000

    def check_can_dump(self) -> None:
        """Raise `BackupToolError` if `pg_dump` is missing or older than the server."""
        _check_program(_DUMP, self.get_version())

    def check_can_restore(self, version: int) -> None:
        """Check `pg_restore` likewise. A dump may contain what older servers do not know."""
        server = self.get_version()
        if server < version:
            raise BackupUnsupportedError(
                f"The backup is from PostgreSQL {version}, this server is PostgreSQL {server}.",
                hint=f"Restore it to PostgreSQL {version} or newer.",
            )
        _check_program(_RESTORE, server)

    @contextlib.contextmanager
    def open_snapshot(self, folder: BackupFolder) -> Iterator[Select]:
        """Export the snapshot of a transaction, dump it, and query it in the same transaction."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # The role may have limits; this session waits while the dump is written.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            with folder.translate_errors(), folder.create_file(self.file_name) as part:
                _run(
                    _DUMP,
                    "--format=custom",
                    "--no-owner",
                    "--no-privileges",
                    f"--exclude-table-data={EXCLUDED_TABLE}",
                    f"--snapshot={snapshot}",
                    f"--file={part}",
                )
            yield _iter_rows

    def find_table(self) -> str | None:
        """Any table, view or sequence outside PostgreSQL's own schemas, in any schema."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
                " AND nspname <> 'information_schema' AND nspname !~ '^pg_' ORDER BY 1 LIMIT 1"
            )
            row = cursor.fetchone()
        return row[0] if row else None

    def check_file(self, path: Path, migrations: Sequence[str]) -> None:
        """Check that the dump can be read and has the table of migrations."""
        try:
            done = subprocess.run(  # noqa: S603 -- a constant and a path of this module
                [_RESTORE, "--list", str(path)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise BackupToolError(f"`{_RESTORE}` cannot be run: {error.strerror}.") from error
        if done.returncode or not re.search(r" TABLE DATA \S+ django_migrations ", done.stdout):
            reason = done.stderr.strip()[-_MAX_MESSAGE_CHARS:] or "it has no table of migrations"
            raise BackupDamagedError(
                f"`{path}` is not the database of a registry: {reason}.",
                hint="Restore another backup.",
            )

    def restore(self, path: Path) -> None:
        """Load the dump in one transaction."""
        _run(
            _RESTORE,
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            # Comments on extensions may be changed by their owner only.
            "--no-comments",
            str(path),
        )


def _iter_rows(statement: str) -> Iterable[tuple[Any, ...]]:
    """The rows, through a cursor on the server, which sends some at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        yield from cursor


def _check_program(program: str, version: int) -> None:
    """Raise `BackupToolError` if the program is missing or older than the server's version."""
    path = shutil.which(program)
    hint = f"Install the client programs of PostgreSQL {version} or newer."
    if path is None:
        raise BackupToolError(f"The program `{program}` is not installed.", hint=hint)
    try:
        done = subprocess.run(  # noqa: S603 -- found by the PATH of the operator
            [path, "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise BackupToolError(f"`{path}` cannot be run: {error}.", hint=hint) from error
    match = _VERSION.search(done.stdout)
    found = int(match[1]) if match else 0
    if found < version:
        raise BackupToolError(
            f"`{path}` is version {found or 'unknown'}, the server is PostgreSQL {version}.",
            hint=hint,
        )


def _run(program: str, *arguments: str) -> None:
    """Run the program on the database of the settings. Raises `BackupToolError` if it fails."""
    from psycopg.conninfo import make_conninfo  # loads the driver

    parameters = {k: v for k, v in connection.get_connection_params().items() if k not in _DRIVER}
    password = parameters.pop("password", None)
    # Without the password, which other users could see in the list of processes.
    target = f"--dbname={make_conninfo(**parameters)}"
    variables = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    try:
        done = subprocess.run(  # noqa: S603 -- arguments of this module
            [program, target, "--no-password", *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise BackupToolError(f"`{program}` cannot be run: {error.strerror}.") from error
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()[-_MAX_MESSAGE_CHARS:]
        raise BackupToolError(f"`{program}` failed: {message or f'exit code {done.returncode}'}")
