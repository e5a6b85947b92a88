"""Commands that are imported only when they run, so that `--help` is fast."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import click

from plugport.cli.session import Session
from plugport.cli.terminal.streams import report_stdout_errors
from plugport.spec.text import quote_text

# In the order of the help: verb -> (module, section, summary).
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "search": ("search", "Discover", "Search the registry for plugins."),
    "list": ("list_plugins", "Discover", "List plugins in the registry or in this project."),
    "info": ("info", "Discover", "Show details of a plugin."),
    "versions": ("versions", "Discover", "List the releases of a plugin."),
    "readme": ("readme", "Discover", "Print the README of a plugin."),
    "install": ("install", "Install", "Install a plugin by name, path or URL."),
    "remove": ("remove", "Install", "Remove an installed plugin."),
    "uninstall": ("remove", "Install", "Alias for remove."),
    "doctor": ("doctor", "Install", "Find and repair problems of installed plugins."),
    "init": ("init", "Author", "Create the files of a new plugin."),
    "validate": ("validate", "Author", "Run the registry's checks on this machine."),
    "pack": ("pack", "Author", "Build a package from a plugin folder."),
    "publish": ("publish", "Author", "Publish a plugin to the registry."),
    "deprecate": ("deprecate", "Author", "Mark a release as deprecated."),
    "yank": ("yank", "Author", "Hide a release from new installations."),
    "approve": ("approve", "Author", "Publish a release that waits for approval."),
    "trusted-publisher": (
        "access.trusted_publisher",
        "Author",
        "List, add and remove CI jobs that publish without a token.",
    ),
    "visibility": ("access.visibility", "Author", "Show and change who may see a plugin."),
    "owner": ("owner", "Author", "List, invite and remove the members of a plugin."),
    "claim": ("access.claim", "Author", "Claim a plugin or name of others, and answer claims."),
    "login": ("login", "Account", "Log in to the registry with a token."),
    "logout": ("logout", "Account", "Log out of the registry."),
    "token": ("token", "Account", "List, create and revoke your tokens."),
    "scope": ("scope", "Account", "List your scopes, or create one."),
    "org": ("org", "Account", "Create organizations, and manage members and teams."),
    "whoami": ("whoami", "Account", "Show the current user."),
    "help": ("usage.show_help", "Help", "Print the help of a command."),
    "completion": (
        "usage.completion",
        "Help",
        "Print the script that completes commands in a shell.",
    ),
}


# The callbacks store options in the session, which `main` also needs if parsing fails.
# An option that is absent must not reset one that was given before the verb.
def _set_registry(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        session = ctx.ensure_object(Session)
        session.registry_text = value
        # Not with a user name and password, which are refused and must not be printed.
        session.output.hints.registry = None if "@" in value else value


def _set_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).output.as_json = True


def _set_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).output.verbose = True


def build_global_options() -> list[click.Parameter]:
    """The options of every command, which may be given before or after its verb."""

    def option(*names: str, callback: Callable[..., None], **rest: Any) -> click.Option:
        return click.Option(list(names), callback=callback, expose_value=False, **rest)

    return [
        option(
            "--registry",
            metavar="URL",
            callback=_set_registry,
            help="URL of the registry. [env: PLUGPORT_REGISTRY]",
        ),
        option("--json", is_flag=True, callback=_set_json, help="Print JSON."),
        option(
            "--verbose", is_flag=True, callback=_set_verbose, help="Print a traceback with errors."
        ),
    ]


def _print_help(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    output = ctx.ensure_object(Session).output
    output.as_json |= has_option(ctx.ensure_object(Session).arguments, "--json")
    output.print_json({"command": ctx.command_path, "help": ctx.get_help()})
    output.print_text(ctx.get_help())
    ctx.exit()


def has_option(arguments: Sequence[str], name: str) -> bool:
    """Whether a command line has a flag, for what is printed before it is parsed."""
    words = list(arguments)
    return name in (words[: words.index("--")] if "--" in words else words)


class _WithGlobalOptions(click.Command):
    """What commands and groups share: the global options, and help that can be JSON."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # After the options of the command, so that these come first in its help.
        self.params.extend(build_global_options())

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option `--help`, which prints JSON with `--json`."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _print_help
        return option

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the command line; `--help` prints. Raises `FileSystemError` if it cannot."""
        with report_stdout_errors():
            return super().make_context(*args, **kwargs)


class PlugportCommand(_WithGlobalOptions):
    """A command with the global options, and with examples in its help."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options."""
        with formatter.section("Examples"):
            for example in self.examples:
                # Not wrapped: people copy the line.
                formatter.write(f"{' ' * formatter.current_indent}{example}\n")


def plugport_command(
    name: str, *, examples: Sequence[str]
) -> Callable[[Callable[..., Any]], PlugportCommand]:
    """Decorate a function as a `PlugportCommand`."""
    return click.command(name, cls=PlugportCommand, examples=examples)


class LazyGroup(_WithGlobalOptions, click.Group):
    """A group of the commands in `COMMANDS`, which are modules of `plugport.cli.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the help."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and return its command; None for an unknown verb."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"plugport.cli.commands.{COMMANDS[cmd_name][0]}")
        return cast("click.Command", module.command)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by section, without importing them."""
        width = max(map(len, COMMANDS))
        # A dict keeps the order of first use, which a set does not.
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
        """The command of the first word. Raises `UsageError` with the most similar verb."""
        verb = args[0]
        if self.get_command(ctx, verb) is None and not verb.startswith("-"):
            # Imported here because most runs have a valid verb.
            import difflib

            similar = difflib.get_close_matches(verb, self.list_commands(ctx), n=1)
            suggestion = f"; did you mean `{similar[0]}`?" if similar else ""
            raise click.UsageError(f"unknown command {quote_text(verb)}{suggestion}", ctx)
        return super().resolve_command(ctx, args)
