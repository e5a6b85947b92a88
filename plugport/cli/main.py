"""The program `plugport`: parse the command line, run one command, report its error.

No slow module is imported here, so that `plugport --help` is fast.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import click

from plugport import __version__
from plugport.cli import exit_codes
from plugport.cli.command_group import LazyGroup, has_option
from plugport.cli.error_handler import report_error
from plugport.cli.output import Output
from plugport.cli.session import Session
from plugport.cli.terminal.streams import (
    discard_stdout,
    prepare_streams,
    report_stdout_errors,
    write_to_stderr,
)


class OutputClosedError(Exception):
    """The reader closed the output, as `head` does in `plugport … | head`."""


class PlugportGroup(LazyGroup):
    """The root group. It catches every error and exits with its code."""

    def main(  # type: ignore[override]  # it never returns, which click's overloads cannot say
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        obj: Session | None = None,
        **extra: Any,
    ) -> NoReturn:
        """Run and exit with a code of `plugport.cli.exit_codes`.

        `obj` is a prepared session, for programs that replace the network.
        """
        given = list(sys.argv[1:] if args is None else args)
        session = obj if obj is not None else Session()
        session.arguments = tuple(given)
        try:
            code = super().main(
                given,
                prog_name=prog_name or "plugport",
                **{**extra, "standalone_mode": False, "obj": session},
            )
        except OutputClosedError:
            discard_stdout()
            sys.exit(exit_codes.OK)
        except BaseException as error:  # noqa: BLE001 - the only place that catches everything
            sys.exit(_handle_error(error, given, session.output))
        sys.exit(code if isinstance(code, int) else exit_codes.OK)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the command line; `--help` and `--version` print. Raises `OutputClosedError`."""
        with _report_closed_output():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and flush its output. Raises `OutputClosedError`."""
        with _report_closed_output():
            result = super().invoke(ctx)
            with report_stdout_errors():
                sys.stdout.flush()
        return result


@contextmanager
def _report_closed_output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise OutputClosedError from error


def _handle_error(error: BaseException, args: list[str], output: Output) -> int:
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else exit_codes.INTERNAL_ERROR
    if isinstance(error, (click.ClickException, KeyboardInterrupt)):
        # Parsing stopped at the error, so options after it were not processed.
        output.as_json |= has_option(args, "--json")
        output.verbose |= has_option(args, "--verbose")
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not output.as_json:
        write_to_stderr(error.message)
        return exit_codes.USAGE
    return report_error(error, output)


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    output = ctx.ensure_object(Session).output
    output.as_json |= has_option(ctx.ensure_object(Session).arguments, "--json")
    output.print_json({"version": __version__})
    output.print_text(f"plugport, version {__version__}")
    ctx.exit()


_CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group("plugport", cls=PlugportGroup, context_settings=_CONTEXT_SETTINGS)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Find, install and publish plugins.

    Run `plugport COMMAND --help` for the options of a command. The options below may be given
    before or after the command.
    """


@cli.group("plugin", cls=LazyGroup, context_settings=_CONTEXT_SETTINGS, hidden=True)
def plugin_group() -> None:
    """The same commands, for scripts that use `plugport plugin COMMAND`."""


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt once; a second Ctrl-C must not interrupt the cleanup."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.default_int_handler(number, frame)


def main(blocked: Iterable[signal.Signals] = ()) -> NoReturn:
    """Run the program. `blocked` are signals that wait until their errors can be reported."""
    session = Session()
    if prepare_streams():
        session.output.is_stdout_closed = True
        session.output.warn("stdout is closed, so that the result is not printed")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt_once)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
    except KeyboardInterrupt as error:
        sys.exit(_handle_error(error, sys.argv[1:], session.output))
    cli.main(obj=session)
