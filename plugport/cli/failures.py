"""Every failure in words: what click, the system, the network and Plugport itself raise."""

from __future__ import annotations

import traceback

import click

from plugport.cli import exits
from plugport.cli.output import Output
from plugport.spec.errors import InvalidError, PlugportError


class UsageError(PlugportError):
    """The command line is wrong. Its exit code is not that of its kind."""

    code, title = "usage", "Wrong command line"


class FileSystemError(PlugportError):
    """The operating system refuses; its kind is set from the reason."""

    code, title = "file-system", "The system refuses"


class InternalError(PlugportError):
    """A fault in Plugport itself."""

    code, title = "internal", "A fault in Plugport"


class RunInterruptedError(InvalidError):
    """The user stopped the run."""

    code, title = "interrupted", "Interrupted"


def report_failure(error: BaseException, output: Output) -> int:
    """Print a failure and return the exit code."""
    shown, code = _explain(error)
    trace = "".join(traceback.format_exception(error)) if output.verbose else None
    output.show_error(shown, trace)
    return code


def _explain(error: BaseException) -> tuple[PlugportError, int]:
    if isinstance(error, PlugportError):
        return error, exits.find_exit_code(error)
    if isinstance(error, (KeyboardInterrupt, click.Abort, EOFError)):
        return RunInterruptedError(
            "interrupted; nothing is left half-done",
            hint="Run the same command again: downloads go on from where they stopped.",
        ), exits.INTERRUPTED
    if isinstance(error, click.ClickException):
        return _explain_usage(error), exits.USAGE
    if isinstance(error, OSError):
        kind = exits.find_os_kind(error)
        fault = FileSystemError(_describe_os(error))
        # The kind of an error is its class's; here it follows from the system's number.
        vars(fault)["kind"] = kind
        return fault, exits.BY_KIND[kind]
    return InternalError(
        f"Plugport itself failed: {type(error).__name__}: {error}",
        hint="This is a fault in Plugport. Please report it with the output of --verbose.",
    ), exits.FAULT


def _explain_usage(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if isinstance(context, click.Context) else "plugport"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return UsageError("a command is missing", hint=f"`{path} --help` lists them.")
    return UsageError(error.format_message(), hint=f"`{path} --help` shows how it is used.")


def _describe_os(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"`{error.filename}`: {reason}" if error.filename else reason
