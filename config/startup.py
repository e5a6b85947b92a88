"""One-line errors for processes that cannot start: an invalid setting, an unusable database."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from plugport.spec.errors import PlugportError


@contextlib.contextmanager
def exit_on_start_error() -> Iterator[None]:
    """Exit with 1 and a one-line message instead of a traceback, for errors an operator can fix.

    Other exceptions are bugs and pass.
    """
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(f"error: {error}")
    except PlugportError as error:
        sys.exit(f"error: {error.detail}" + (f" {error.hint}" if error.hint else ""))
    except (DatabaseError, InterfaceError) as error:
        message = _describe_database_error(error)
        if not message:
            raise
        sys.exit(f"error: {message}")


@contextlib.contextmanager
def write_output_safely() -> Iterator[None]:
    """Let a command write to any standard output: a closed one, an ASCII one, a pipe without a reader.

    Characters that the encoding lacks are escaped. Exits with 1 and a one-line message if the reader
    of a pipe ends first, as `head` does.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by the caller. Python has no stream then, and Django would write to None.
            # For the rest of the process, so nothing closes it.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at the exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit("error: The output was closed before the command ended.")


# A reader waits for a web process; a worker also writes what many changes have added up to.
WEB_STATEMENT_SECONDS = 15
WORKER_STATEMENT_SECONDS = 60


def limit_database_statements(*, seconds: int) -> None:
    """Limit the statements of this process on PostgreSQL. Commands have no limit: they migrate."""
    if connection.vendor == "postgresql":
        from common.postgres import limit_statements  # loads the driver

        limit_statements(seconds)


def open_database_connections(count: int) -> None:
    """Let this process have `count` connections to PostgreSQL, and open all at the same time.

    Returns at once. A pool with fewer connections opens further ones on demand and one after the
    other, while requests wait for them.
    """
    if connection.vendor == "postgresql":
        # The pool is created with these options below.
        connection.settings_dict["OPTIONS"]["pool"].update(min_size=count, num_workers=count)
        connection.pool.open()  # type: ignore[attr-defined]  # of PostgreSQL only


def close_database_connections() -> None:
    """Close all connections of this process, also those that its pool keeps.

    For supervisors: their children open their own.
    """
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL only


def _describe_database_error(error: Exception) -> str:
    """The message for a database without its tables, or one that does not respond; else ""."""
    is_sqlite = connection.vendor == "sqlite"
    # SQLite reports a missing table as an `OperationalError`. PostgreSQL does not: there it means
    # that the server does not respond, and a second attempt would only take as long again.
    # A file that is no database is a plain `DatabaseError`.
    is_unusable = isinstance(error, (OperationalError, InterfaceError)) or (
        type(error) is DatabaseError
    )
    if (is_sqlite or not is_unusable) and (message := describe_missing_migrations()):
        return message
    if is_unusable:
        # The first line of a driver's message has the address and the reason, and no password.
        reason = (str(error).splitlines() or [type(error).__name__])[0].strip().rstrip(".")
        variable = "PLUGPORT_DATA_DIR" if is_sqlite else "DATABASE_URL"
        return f"The database cannot be used: {reason}. Check {variable}."
    return ""


def describe_missing_migrations() -> str:
    """The message for a database that is behind; "" if it is not, or does not respond."""
    # Imported here: slow, and only needed after an error and for workers.
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except (DatabaseError, InterfaceError):
        return ""
    if not missing:
        return ""
    return (
        f"The database is not ready: it lacks migrations ({missing})."
        " Run `manage.py migrate` first."
    )
