"""Commands that are imported when they run, not when the help lists them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import click

from plugport.cli.session import Session
from plugport.spec.text import show

# The order in which the help shows them: verb -> (module, section, one line).
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "search": ("search", "Discover", "Search the registry for plugins."),
    "list": ("list_plugins", "Discover", "List plugins of the registry, or the installed ones."),
    "info": ("info", "Discover", "Show what a plugin is and whether it can be trusted."),
    "readme": ("readme", "Discover", "Print a plugin's README."),
    "install": ("install", "Install", "Install a plugin by name, path or URL."),
    "remove": ("remove", "Install", "Remove an installed plugin."),
    "uninstall": ("remove", "Install", "The same as remove."),
    "init": ("init", "Author", "Write the first files of a new plugin."),
    "validate": ("validate", "Author", "Run the registry's checks here, offline."),
    "pack": ("pack", "Author", "Make the package of a plugin's folder."),
    "publish": ("publish", "Author", "Publish a plugin and wait for its checks."),
    "deprecate": ("deprecate", "Author", "Tell users of a release to move on."),
    "yank": ("yank", "Author", "Keep a release out of new installations."),
    "login": ("login", "Account", "Store a token for the registry."),
    "logout": ("logout", "Account", "Forget the stored token."),
    "whoami": ("whoami", "Account", "Show whose token is used."),
}


def _set_registry(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).registry_text = value


def _set_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).output.as_json = True


def _set_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).output.verbose = True


def make_global_options() -> list[click.Parameter]:
    """The options that every command takes, before or after its verb."""

    def option(*names: str, callback: Callable[..., None], **rest: Any) -> click.Option:
        return click.Option(list(names), callback=callback, expose_value=False, **rest)

    return [
        option(
            "--registry",
            metavar="URL",
            callback=_set_registry,
            help="The registry to talk to. [PLUGPORT_REGISTRY]",
        ),
        option("--json", is_flag=True, callback=_set_json, help="One JSON document on stdout."),
        option("--verbose", is_flag=True, callback=_set_verbose, help="Show the trace of errors."),
    ]


class PlugportCommand(click.Command):
    """A command with the global options and with examples in its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.params.extend(make_global_options())

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples under the options."""
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write_text(example)


def plugport_command(
    name: str, *, examples: Sequence[str]
) -> Callable[[Callable[..., Any]], PlugportCommand]:
    """Make a `PlugportCommand` of a function."""
    return click.command(name, cls=PlugportCommand, examples=examples)


class LazyGroup(click.Group):
    """A group whose commands are in `COMMANDS` and in modules of `plugport.cli.commands`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(make_global_options())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the help."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and return its command; None for an unknown one."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"plugport.cli.commands.{COMMANDS[cmd_name][0]}")
        return cast("click.Command", module.command)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by section, from the table alone."""
        width = max(map(len, COMMANDS))
        for section in dict.fromkeys(entry[1] for entry in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl(
                    [
                        (verb.ljust(width), text)
                        for verb, (_, where, text) in COMMANDS.items()
                        if where == section
                    ]
                )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first word, or say which verb was probably meant."""
        verb = args[0]
        if self.get_command(ctx, verb) is None and not verb.startswith("-"):
            # Only here: most runs know what they want.
            import difflib

            near = difflib.get_close_matches(verb, self.list_commands(ctx), n=1)
            guess = f"; did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"there is no command {show(verb)}{guess}", ctx)
        return super().resolve_command(ctx, args)
