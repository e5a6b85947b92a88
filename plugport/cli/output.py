"""What the user sees: data on stdout, everything else on stderr, readable without colour.

With `--json` stdout gets one document and stderr at most one, the error; warnings are part of
whichever is written. Text from registries and packages is cleaned first: a plugin's description
must not move the cursor.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from plugport.cli.environment import NO_COLOR, find_variable
from plugport.spec.errors import PlugportError
from plugport.spec.text import escape_char

# Controls (except tab and newline), separators that break lines, direction marks, surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_COLOURS = {"error": "red", "warning": "yellow", "hint": "cyan", "note": "blue"}
_LONG_LINE = 10_000


def clean(text: str) -> str:
    """Text that a terminal shows as text and does not obey."""
    return _UNSAFE.sub(lambda found: escape_char(found[0]), text.replace("\r\n", "\n"))


@dataclass(slots=True)
class Output:
    """The two streams, and what must never appear on them."""

    as_json: bool = False
    verbose: bool = False
    _secrets: set[str] = field(default_factory=set)
    _warnings: list[str] = field(default_factory=list)

    def hide(self, secret: str) -> None:
        """Replace this text wherever it would be printed from now on."""
        # Also as it would stand inside a JSON text.
        self._secrets.update({secret, json.dumps(secret)[1:-1]})

    def show(self, text: str = "") -> None:
        """Print a line of data; nothing with `--json`."""
        if not self.as_json:
            click.echo(clean(self._redact(text)), color=_may_colour())

    def show_json(self, document: Mapping[str, Any]) -> None:
        """Print the document, with `--json`; nothing without."""
        if self.as_json:
            warnings = {"warnings": self._warnings} if self._warnings else {}
            click.echo(self._redact(_dump({**document, **warnings})))

    def show_table(self, rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
        """Print columns; only the last one is cut, and only on a terminal."""
        # A line break in a cell would break the table, and scripts that read it.
        table = [[clean(cell).replace("\n", " ") for cell in row] for row in (header, *rows)]
        widths = [max(len(row[column]) for row in table) for column in range(len(header))]
        # Names and versions must stay whole, for they are copied.
        limit = _terminal_width()
        for row in table:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            line = "  ".join(cells).rstrip()
            self.show(line if len(line) <= limit else f"{line[: limit - 1]}…")

    def note(self, text: str) -> None:
        """Tell what happens, on stderr."""
        self._say("note", text)

    def warn(self, text: str) -> None:
        """Tell what the user should know or do, on stderr."""
        self._warnings.append(self._redact(text))
        self._say("warning", text)

    def show_error(self, error: PlugportError, trace: str | None = None) -> None:
        """Print an error with its hint and its faults, and the trace if there is one."""
        if self.as_json:
            document = {"error": describe_error(error)}
            extra: dict[str, Any] = {"warnings": self._warnings} if self._warnings else {}
            if trace is not None:
                extra["trace"] = trace
            click.echo(self._redact(_dump({**document, **extra})), err=True)
            return
        self._say("error", error.detail)
        for fault in error.fields:
            self._print(f"  {fault}")
            if fault.found is not None or fault.allowed is not None:
                self._print(f"    found {fault.found}, allowed {fault.allowed}")
        if error.hint:
            self._say("hint", error.hint)
        if trace is not None:
            self._print(trace)

    def _say(self, kind: str, text: str) -> None:
        if not self.as_json:
            label = click.style(f"{kind}:", fg=_COLOURS[kind], bold=True)
            message = clean(self._redact(text)).replace("\n", "\n  ")
            click.echo(f"{label} {message}", err=True, color=_may_colour())

    def _print(self, text: str) -> None:
        click.echo(clean(self._redact(text)), err=True, color=_may_colour())

    def _redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def describe_error(error: PlugportError) -> dict[str, Any]:
    """An error as JSON: what a program needs to act on it."""
    members = {
        "code": error.code,
        "kind": str(error.kind),
        "detail": error.detail,
        "hint": error.hint,
        "fields": [fault.as_dict() for fault in error.fields] or None,
        "context": error.context or None,
    }
    return {key: value for key, value in members.items() if value is not None}


def format_size(size_bytes: int) -> str:
    """A size for people, in powers of 1000."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95 or unit == "GB":
            break
    return f"{size:.1f} {unit}"


def _dump(document: Mapping[str, Any]) -> str:
    # ASCII alone: such a document survives every locale and every lone surrogate.
    return json.dumps(document, indent=2, default=str)


def _may_colour() -> bool | None:
    """None lets click decide by whether the stream is a terminal."""
    is_dumb = os.environ.get("TERM") == "dumb"
    return False if find_variable(NO_COLOR) or is_dumb else None


def _terminal_width() -> int:
    if not sys.stdout.isatty():
        return _LONG_LINE
    import shutil

    return max(shutil.get_terminal_size().columns, 40)
