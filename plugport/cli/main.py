"""`plugport`: parses the command line, runs one command, and turns every failure into words.

Nothing slow is imported here: `plugport --help` is answered from the table of commands.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import click

from plugport import __version__
from plugport.cli import exits
from plugport.cli.failures import report_failure
from plugport.cli.lazy import LazyGroup
from plugport.cli.output import Output
from plugport.cli.session import Session


class OutputClosedError(Exception):
    """Whoever read the output has seen enough (`plugport … | head`)."""


class PlugportGroup(LazyGroup):
    """The root: whatever goes wrong below ends here, as lines on stderr and an exit code."""

    def main(  # type: ignore[override]  # it never returns, which click's overloads cannot say
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run and exit. The exit codes are in `plugport.cli.exits`."""
        given = list(sys.argv[1:] if args is None else args)
        session = Session()
        try:
            code = super().main(
                given,
                prog_name=prog_name or "plugport",
                **{**extra, "standalone_mode": False, "obj": session},
            )
        except OutputClosedError:
            # Nothing more to say, now or when Python flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(exits.OK)
        except BaseException as error:  # noqa: BLE001 - the one place that catches everything
            sys.exit(_report(error, given, session.output))
        sys.exit(code if isinstance(code, int) else exits.OK)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and write out everything it has printed."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputClosedError from error
        return result


def _report(error: BaseException, args: list[str], output: Output) -> int:
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else exits.FAULT
    if isinstance(error, click.ClickException):
        # Parsing stopped somewhere: whether an option behind was given is read from the words.
        words = args[: args.index("--")] if "--" in args else args
        output.as_json |= "--json" in words
        output.verbose |= "--verbose" in words
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not output.as_json:
        click.echo(error.message, err=True)
        return exits.USAGE
    return report_failure(error, output)


_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group("plugport", cls=PlugportGroup, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="plugport")
def cli() -> None:
    """Find, install and publish plugins.

    Global options go before or after the verb. `plugport plugin VERB` is the same as
    `plugport VERB`. Each verb has its own help: `plugport VERB --help`.
    """


@cli.group("plugin", cls=LazyGroup, context_settings=_CONTEXT, hidden=True)
def plugin_group() -> None:
    """The same verbs, for scripts that say `plugin` first."""


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """Stop the run; a second, impatient Ctrl-C must not cut short the clearing up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.default_int_handler(number, frame)


def main() -> NoReturn:
    """The entry point of the program."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # A locale without a character must not end the program.
        reconfigure(errors="backslashreplace")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt_once)
    cli.main()
