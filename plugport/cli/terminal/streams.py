"""Standard streams that are closed, full, or in another encoding than UTF-8."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from plugport.cli.errors import build_file_system_error

_STREAMS = (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w"))


def prepare_streams() -> bool:
    """Open the standard streams that are closed, and return whether stdout was.

    Without it, the next file or connection would get the number of a closed stream, and a library
    that writes to stdout would write there.
    """
    is_stdout_closed = sys.stdout is None
    for name, number, mode in _STREAMS:
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # Escape characters that the locale's encoding does not have, instead of failing.
        reconfigure(errors="backslashreplace")
    return is_stdout_closed


def discard_stdout() -> None:
    """Discard what is written to stdout from now on, because it cannot be written."""
    _discard(sys.stdout)


def write_to_stderr(text: str, *, color: bool | None = None) -> None:
    """Write a line to stderr.

    If stderr cannot be written, such as a log on a full disk or a pipe whose reader has ended, the
    command goes on without its messages: its exit code still tells the result.
    """
    try:
        click.echo(text, err=True, color=color)
    except OSError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    # Python flushes the streams when it exits, which would fail again.
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, stream.fileno())
    os.close(descriptor)


@contextmanager
def report_stdout_errors() -> Iterator[None]:
    """Name stdout in the error of a write. A closed pipe is left to the caller."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise build_file_system_error(error, "stdout cannot be written") from error
