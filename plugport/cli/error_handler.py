"""Turn every exception into an error message and an exit code."""

from __future__ import annotations

import sys

import click

from plugport.cli import exit_codes
from plugport.cli.errors import (
    InternalError,
    LocaleError,
    RunInterruptedError,
    UsageError,
    build_file_system_error,
)
from plugport.cli.output import Output
from plugport.environment.variables import format_locale_source
from plugport.spec.errors import PlugportError
from plugport.spec.text import quote_text


def report_error(error: BaseException, output: Output) -> int:
    """Print an error, with its traceback in verbose mode, and return the exit code."""
    classified, code = _classify_error(error)
    trace = None
    if output.verbose:
        import traceback

        trace = "".join(traceback.format_exception(error))
    output.print_error(classified, trace)
    return code


def _classify_error(error: BaseException) -> tuple[PlugportError, int]:
    if isinstance(error, PlugportError):
        return error, exit_codes.get_exit_code(error)
    # click raises Abort for Ctrl-C in a prompt, and EOFError for a closed stdin.
    if isinstance(error, (KeyboardInterrupt, click.Abort, EOFError)):
        return RunInterruptedError(
            "interrupted; no plugin was left partially changed",
            hint="Run the same command again: downloads resume where they stopped.",
        ), exit_codes.INTERRUPTED
    if isinstance(error, click.ClickException):
        return _build_usage_error(error), exit_codes.USAGE
    if isinstance(error, OSError):
        file_system_error = build_file_system_error(error)
        return file_system_error, exit_codes.get_exit_code(file_system_error)
    if isinstance(error, UnicodeError):
        locale_error = _build_locale_error(error)
        return locale_error, exit_codes.get_exit_code(locale_error)
    return InternalError(
        f"unexpected error: {type(error).__name__}: {error}",
        hint="This is a bug in Plugport. Report it with the output of --verbose.",
    ), exit_codes.INTERNAL_ERROR


def _build_usage_error(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if isinstance(context, click.Context) else "plugport"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return UsageError("a command is missing", hint=f"Run `{path} --help` for a list.")
    return UsageError(error.format_message(), hint=f"Run `{path} --help` for usage.")


def _build_locale_error(error: UnicodeError) -> LocaleError:
    """The error for a text that the encoding of the locale does not have."""
    encoding = sys.getfilesystemencoding()
    if isinstance(error, UnicodeEncodeError) and "surrogates" in error.reason:
        # Python stores bytes that are not valid in the encoding as surrogates (PEP 383).
        return LocaleError(
            f"an argument or a file name has bytes that are not valid {encoding}",
            hint="Enter text in the encoding of the locale, or set LC_ALL=C.UTF-8.",
        )
    text = error.object if isinstance(error, UnicodeEncodeError) else ""
    shown = f" {quote_text(text, 80)}" if text else " a text"
    return LocaleError(
        f"the encoding `{encoding}` of the locale, set by {format_locale_source()}, cannot represent"
        f"{shown}",
        hint="Set LC_ALL=C.UTF-8 or PYTHONUTF8=1.",
    )
