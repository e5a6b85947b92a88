"""Terminal output: data on stdout, messages on stderr, readable without color.

With `--json`, stdout gets one document and stderr at most one, the error; warnings are part of
either. Text from registries and packages is sanitized: a plugin's description must not control the
terminal (CWE-150).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from plugport.cli.terminal.hints import CommandHints
from plugport.cli.terminal.streams import report_stdout_errors, write_to_stderr
from plugport.environment.variables import NO_COLOR, find_variable, is_dumb_terminal
from plugport.spec.errors import PlugportError
from plugport.spec.text import escape_char

# Control characters except tab and newline, line separators, bidirectional marks, surrogates, and
# characters that are drawn as nothing: with them a text says something else to programs, such as a
# language model that reads it, than to people. Joiners stay, since languages and emoji need them.
_UNSAFE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u2028\u2029\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)
# The flags of England, Scotland and Wales: tag characters that a black flag makes visible
# (Unicode Technical Standard #51, ED-14a).
_FLAG = "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)"
_FLAG_OR_UNSAFE = re.compile(f"{_FLAG}|{_UNSAFE}")
_COLORS = {"error": "red", "warning": "yellow", "hint": "cyan", "note": "blue"}
_UNLIMITED_WIDTH = 10_000


def sanitize_text(text: str) -> str:
    """The text with characters escaped that could control a terminal or are invisible."""
    return _FLAG_OR_UNSAFE.sub(
        lambda match: match[1] or escape_char(match[0]), text.replace("\r\n", "\n")
    )


@dataclass(slots=True)
class Output:
    """Both streams, and the secrets that must not appear on them."""

    as_json: bool = False
    verbose: bool = False
    is_stdout_closed: bool = False
    hints: CommandHints = field(default_factory=CommandHints)
    _secrets: set[str] = field(default_factory=set)
    _warnings: list[str] = field(default_factory=list)

    def hide(self, secret: str) -> None:
        """Print `***` in place of this text from now on (CWE-532)."""
        # Also in the form that it has inside a JSON string.
        self._secrets.update({secret, json.dumps(secret)[1:-1]})

    def print_line(self, text: str = "") -> None:
        """Print a line of data, unless `--json` is set.

        Line breaks become spaces: with them, a text of a registry could look like other lines.
        """
        self.print_text(text.replace("\r\n", " ").replace("\n", " "))

    def print_text(self, text: str) -> None:
        """Print data that may have several lines, unless `--json` is set."""
        if not self.as_json:
            with report_stdout_errors():
                click.echo(sanitize_text(self._redact(text)), color=_find_color_override())

    def print_json(self, document: Mapping[str, Any]) -> None:
        """Print the document if `--json` is set."""
        if self.as_json:
            warnings = {"warnings": self._warnings} if self._warnings else {}
            with report_stdout_errors():
                click.echo(self._redact(_format_json({**document, **warnings})))

    def print_table(self, rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
        """Print columns. On a terminal, lines are cut to its width."""
        # A line break in a cell would break scripts that parse the table.
        table = [
            [sanitize_text(cell).replace("\n", " ") for cell in row] for row in (header, *rows)
        ]
        widths = [max(len(row[column]) for row in table) for column in range(len(header))]
        # Cut at the end of the line: names and versions, which people copy, stay complete.
        limit = _get_terminal_width()
        for row in table:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            line = "  ".join(cells).rstrip()
            self.print_line(line if len(line) <= limit else f"{line[: limit - 1]}…")

    def note(self, text: str) -> None:
        """Print information on stderr."""
        self._print_labeled("note", self.hints.complete(text))

    def warn(self, text: str) -> None:
        """Print a warning on stderr; with `--json` it becomes part of the document."""
        text = self.hints.complete(text)
        # Once: each of several downloads can give the same one.
        if self._redact(text) in self._warnings:
            return
        self._warnings.append(self._redact(text))
        self._print_labeled("warning", text)

    def print_error(self, error: PlugportError, trace: str | None = None) -> None:
        """Print an error with its field errors, its hint and the traceback, if any."""
        if self.as_json:
            document = {"error": self._build_error_document(error)}
            extra: dict[str, Any] = {"warnings": self._warnings} if self._warnings else {}
            if trace is not None:
                extra["trace"] = trace
            write_to_stderr(self._redact(_format_json({**document, **extra})))
            return
        self._print_labeled("error", error.detail)
        for field_error in error.fields:
            self._print_to_stderr(f"  {field_error}".replace("\n", "\n    "))
            values = {"found": field_error.found, "allowed": field_error.allowed}
            parts = [f"{label} {value}" for label, value in values.items() if value is not None]
            if parts:
                self._print_to_stderr(f"    {', '.join(parts)}".replace("\n", "\n    "))
        if error.hint:
            self._print_labeled("hint", self.hints.complete(error.hint))
        if trace is not None:
            self._print_to_stderr(trace)

    def _print_labeled(self, kind: str, text: str) -> None:
        if not self.as_json:
            label = click.style(f"{kind}:", fg=_COLORS[kind], bold=True)
            message = sanitize_text(self._redact(text)).replace("\n", "\n  ")
            write_to_stderr(f"{label} {message}", color=_find_color_override())

    def _print_to_stderr(self, text: str) -> None:
        write_to_stderr(sanitize_text(self._redact(text)), color=_find_color_override())

    def _build_error_document(self, error: PlugportError) -> dict[str, Any]:
        """An error as JSON, without members that have no value."""
        members = {
            "code": error.code,
            "kind": str(error.kind),
            "detail": error.detail,
            "hint": self.hints.complete(error.hint) if error.hint else None,
            "fields": [field_error.as_dict() for field_error in error.fields] or None,
            "context": error.context or None,
        }
        return {key: value for key, value in members.items() if value is not None}

    def _redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def format_size(size_bytes: int) -> str:
    """A size in B, kB, MB or GB (powers of 1000)."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95 or unit == "GB":
            break
    return f"{size:.1f} {unit}"


def _format_json(document: Mapping[str, Any]) -> str:
    # ASCII only, which every locale can encode, and lone surrogates too.
    return json.dumps(document, indent=2, default=str)


def _find_color_override() -> bool | None:
    """False to print without color; None if click decides by the stream."""
    return False if find_variable(NO_COLOR) or is_dumb_terminal() else None


def _get_terminal_width() -> int:
    if not sys.stdout.isatty():
        return _UNLIMITED_WIDTH
    import shutil

    return max(shutil.get_terminal_size().columns, 40)
