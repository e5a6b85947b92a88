"""Turn every exception into an error message and an exit code."""

from __future__ import annotations

import traceback

import click

from plugport.cli import exit_codes
from plugport.cli.errors import FileSystemError, InternalError, RunInterruptedError, UsageError
from plugport.cli.output import Output
from plugport.spec.errors import PlugportError


def report_error(error: BaseException, output: Output) -> int:
    """Print an error, with its traceback in verbose mode, and return the exit code."""
    classified, code = _classify_error(error)
    trace = "".join(traceback.format_exception(error)) if output.verbose else None
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
        kind = exit_codes.get_os_error_kind(error)
        file_system_error = FileSystemError(_format_os_error(error))
        # `kind` is a class attribute elsewhere; here it depends on the error number.
        vars(file_system_error)["kind"] = kind
        return file_system_error, exit_codes.BY_KIND[kind]
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


def _format_os_error(error: OSError) -> str:
    # Without the number: it differs between operating systems.
    reason = error.strerror or str(error) or type(error).__name__
    return f"`{error.filename}`: {reason}" if error.filename else reason
