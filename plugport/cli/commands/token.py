"""`plugport token`: the tokens of the account."""

from __future__ import annotations

from typing import Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.commands.access.token_output import (
    count_days,
    print_text,
    print_tokens,
    select_token,
)
from plugport.cli.session import Session
from plugport.spec.api.values import ORGANIZATION_LIMIT, TOKEN_SCOPES

# What each action takes.
_ARGUMENTS = {"list": "", "create": "NAME", "revoke": "TOKEN"}
_DEFAULT_SCOPE = "publish"
_DEFAULT_DAYS, _MAX_DAYS = 90, 366


@plugport_command(
    "token",
    examples=(
        "plugport token list",
        "plugport token create ci --scope publish --limit @acme/chat --days 30",
        "plugport token create release --organization acme",
        "plugport token create deploy --network 192.0.2.0/24 --json",
        "plugport token revoke pp_Ab3dE5g",
    ),
)
@click.argument("action", type=click.Choice(list(_ARGUMENTS)))
@click.argument("what", required=False, metavar="[NAME | TOKEN]")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(TOKEN_SCOPES),
    help=f"What the new token may do (default: {_DEFAULT_SCOPE}). Can be repeated.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="PLUGIN",
    help="Plugin or @scope for which the new token is valid. Can be repeated.",
)
@click.option(
    "--organization",
    "organizations",
    multiple=True,
    metavar="NAME",
    help="Organization for whose plugins and scopes the new token is valid. Can be repeated.",
)
@click.option(
    "--network",
    "networks",
    multiple=True,
    metavar="CIDR",
    help="Network from which the new token is valid. Can be repeated.",
)
@click.option(
    "--days",
    type=click.IntRange(1, _MAX_DAYS),
    help="Days until the new token expires (default: 90, or when your own token does).",
)
@click.pass_obj
def command(
    session: Session,
    action: str,
    what: str | None,
    scopes: tuple[str, ...],
    limits: tuple[str, ...],
    organizations: tuple[str, ...],
    networks: tuple[str, ...],
    days: int | None,
) -> None:
    """List, create and revoke the tokens of your account.

    Requires a token with the scope manage. A token that you create can do no more than that token and
    expires no later, and revoking that token revokes it too. It is printed once and stored nowhere.
    TOKEN is an id or the beginning of a token, as the list shows them.
    """
    options = {
        "scope": scopes,
        "limit": limits,
        "organization": organizations,
        "network": networks,
        "days": days,
    }
    _check_arguments(action, what, options)
    if action == "list":
        _list_tokens(session)
    elif action == "revoke":
        _revoke(session, what or "")
    else:
        body = {
            "name": what or "",
            "scopes": list(scopes or (_DEFAULT_SCOPE,)),
            "limits": [*limits, *(f"{ORGANIZATION_LIMIT}{name}" for name in organizations)],
            "networks": list(networks),
        }
        _create(session, body, days)


def _check_arguments(action: str, what: str | None, options: dict[str, Any]) -> None:
    expected = _ARGUMENTS[action]
    usage = f"plugport token {action} {expected}".strip()
    if bool(expected) != (what is not None):
        problem = "an argument is missing" if expected else "too many arguments"
        raise click.UsageError(f"{problem}; use `{usage}`")
    given = [name for name, value in options.items() if value]
    if given and action != "create":
        raise click.UsageError(f"`{usage}` takes no --{given[0]}")


def _list_tokens(session: Session) -> None:
    with session.open_client() as client:
        tokens = client.list_tokens()
    print_tokens(session, tokens)


def _create(session: Session, body: dict[str, Any], days: int | None) -> None:
    with session.open_client() as client:
        if days is None:
            own = client.get_account().data["token"]["expiresAt"]
            days = count_days(own, _DEFAULT_DAYS)
        created, text = client.create_token({**body, "days": days})
    session.output.print_json({"token": created.document})
    print_text(session, text, created.data["name"], created.data["expiresAt"])


def _revoke(session: Session, text: str) -> None:
    with session.open_client() as client:
        token = select_token(client.list_tokens(), text, list_command="plugport token list")
        revoked = client.revoke_token(token.number)
    session.output.print_json({"token": revoked.document})
    session.output.print_line(f"revoked {revoked.data['start']}… ({revoked.data['name']})")
