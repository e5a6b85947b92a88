"""`plugport org`: organizations, their members, teams, robots and domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.commands.access.organizations import (
    domains,
    issuers,
    own,
    people,
    robots,
    rules,
    sso_groups,
    teams,
)
from plugport.cli.commands.access.organizations.frame import Action, Options
from plugport.cli.session import Session
from plugport.spec.api.values import ORGANIZATION_ROLES, ROLES, TOKEN_SCOPES

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_ACTIONS: Mapping[str, Action] = {**own.ACTIONS, **people.ACTIONS, **issuers.ACTIONS}
# `plugport org team create` and the like.
_GROUPS: Mapping[str, Mapping[str, Action]] = {
    "team": teams.ACTIONS,
    "robot": robots.ACTIONS,
    "domain": domains.ACTIONS,
    "sso-group": sso_groups.ACTIONS,
    **rules.GROUPS,
}
# The default role, and the roles that are allowed.
_ROLES = {
    "invite": ("member", ORGANIZATION_ROLES),
    "role": ("", ORGANIZATION_ROLES),
    "team give": ("publisher", ROLES),
}
_OPTION_NAMES = {"scopes": "scope", "limits": "limit"}


def _complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The second word of `plugport org team create` and the like."""
    from click.shell_completion import CompletionItem

    group = _GROUPS.get(context.params.get("action") or "", {})
    if context.params.get("arguments"):
        return []
    return [CompletionItem(word) for word in group if word.startswith(incomplete)]


@plugport_command(
    "org",
    examples=(
        "plugport org create my-company",
        "plugport org list",
        "plugport org invite my-company mia --role manager",
        "plugport org invite my-company mia@example.org",
        "plugport org accept my-company",
        "plugport org members my-company --search mia",
        "plugport org remove my-company mia",
        "plugport org add-issuer my-company https://ci.example.com",
        "plugport org team create my-company dev",
        "plugport org team add my-company dev mia",
        "plugport org delete my-company --yes",
        "plugport org team give my-company dev @my-company --role publisher",
        "plugport org domain add my-company example.com",
        "plugport org domain check my-company example.com",
        "plugport org robot create my-company ci",
        "plugport org robot create-token my-company ci deploy --days 7",
        "plugport org second-factor on my-company",
        "plugport org domain add my-company github.com/my-company",
        "plugport org sso-only on my-company",
        "plugport org sso-group list my-company",
        "plugport org sso-group add my-company 0123456789abcdef engineers team:dev",
    ),
)
@click.argument("action", type=click.Choice([*_ACTIONS, *_GROUPS]))
@click.argument("arguments", nargs=-1, shell_complete=_complete)
@click.option(
    "--role",
    metavar="ROLE",
    help="Role of a person (default: member) or of a team in a plugin or scope (default: publisher).",
)
@click.option("--yes", is_flag=True, help="Delete, or take rights away, without asking.")
@click.option("--title", metavar="TEXT", help="Display name of a new organization.")
@click.option(
    "--search", metavar="TEXT", help="With `members`, only those whose name has the text."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(TOKEN_SCOPES),
    help="What the new token of a robot may do (default: publish). Can be repeated.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="PLUGIN",
    help="Plugin or @scope for which the new token of a robot is valid. Can be repeated.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    help="Days until the new token of a robot expires (default: 30, or when your own token does).",
)
@click.pass_obj
def command(session: Session, /, action: str, arguments: tuple[str, ...], **options: Any) -> None:
    """Create organizations, and manage their members, teams, robots and domains.

    A person becomes a member by accepting the invitation. Owners may do everything; managers manage
    members, teams and robots; members have the rights of their teams. The token of a robot is printed
    once and stored nowhere.
    """
    words, chosen, values = _split(action, arguments)
    for name, value in options.items():
        if value and name not in chosen.options:
            raise click.UsageError(
                f"`plugport org {words}` takes no --{_OPTION_NAMES.get(name, name)}"
            )
    options["role"] = _choose_role(words, options["role"] or "")
    with session.open_client() as client:
        chosen.run(session, client.organizations, values, Options(**options))


def _split(action: str, arguments: tuple[str, ...]) -> tuple[str, Action, list[str]]:
    """The words of the action, what they mean, and its arguments.

    Raises `UsageError` unless they are complete.
    """
    words, values = action, list(arguments)
    if action in _GROUPS:
        found, group = values.pop(0) if values else "", _GROUPS[action]
        if found not in group:
            raise click.UsageError(
                f"after `{action}` comes one of {', '.join(group)}; found `{found}`"
            )
        words, chosen = f"{action} {found}", group[found]
    else:
        chosen = _ACTIONS[action]
    if len(values) != len(chosen.arguments):
        is_long = len(values) > len(chosen.arguments)
        problem = "too many arguments" if is_long else "an argument is missing"
        usage = " ".join(("plugport", "org", words, *chosen.arguments))
        raise click.UsageError(f"{problem}; use `{usage}`")
    if values:
        values[0] = values[0].removeprefix("@").lower()
    return words, chosen, values


def _choose_role(words: str, role: str) -> str:
    if words not in _ROLES:
        return ""
    default, allowed = _ROLES[words]
    role = role or default
    if role not in allowed:
        raise click.UsageError(f"--role must be one of {', '.join(allowed)}; found `{role}`")
    return role
