"""`plugport trusted-publisher`: the CI jobs that may publish a plugin without a stored token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.spec.api.values import CI_PROVIDERS

# What each action takes, in order.
_ARGUMENTS = {
    "list": ("NAME",),
    "add": ("NAME",),
    "remove": ("NAME", "ID"),
    "pending": (),
    "require": ("NAME",),
    "unrequire": ("NAME",),
    "stage": ("NAME",),
    "unstage": ("NAME",),
    "issuers": (),
    "add-issuer": ("URL",),
    "remove-issuer": ("ID",),
}
_RULES = {
    "require": ("trustedPublishingOnly", True, "only trusted publishers can publish {name}"),
    "unrequire": ("trustedPublishingOnly", False, "tokens of people can publish {name} again"),
    "stage": ("stageTrustedReleases", True, "releases of trusted publishers of {name} are staged"),
    "unstage": (
        "stageTrustedReleases",
        False,
        "releases of trusted publishers of {name} are published without approval",
    ),
}


@plugport_command(
    "trusted-publisher",
    examples=(
        "plugport trusted-publisher add @acme/chat --repository acme/chat --workflow release.yml",
        "plugport trusted-publisher add @acme/chat --provider gitlab --repository acme/tools/chat",
        "plugport trusted-publisher list @acme/chat",
        "plugport trusted-publisher remove @acme/chat 12",
        "plugport trusted-publisher require @acme/chat",
        "plugport trusted-publisher add-issuer https://ci.example.com",
    ),
)
@click.argument("action", type=click.Choice(list(_ARGUMENTS)))
@click.argument("name", required=False)
@click.argument("number", required=False, metavar="[ID]")
@click.option("--provider", type=click.Choice(CI_PROVIDERS), help="CI system (default: github).")
@click.option("--repository", metavar="PATH", help="`owner/name`, or `group/project` of GitLab.")
@click.option("--workflow", metavar="FILE", help="File of the job, such as `release.yml`.")
@click.option("--environment", metavar="NAME", help="The job must run in this environment.")
@click.option("--issuer", metavar="URL", help="Issuer of the identity tokens, if not the default.")
@click.option("--owner-id", metavar="ID", help="Id of the repository's owner, if it is private.")
@click.option("--repository-id", metavar="ID", help="Id of the repository, if it is private.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME=VALUE",
    help="For oidc: a claim with exactly this value. Can be repeated.",
)
@click.pass_obj
def command(
    session: Session,
    /,
    action: str,
    name: str | None,
    number: str | None,
    claims: tuple[str, ...],
    **options: str | None,
) -> None:
    """List, add and remove the CI jobs that may publish a plugin.

    The plugin need not exist yet: the first release creates it. Use require to refuse tokens of people,
    stage to let releases of these jobs wait for approval, and unrequire and unstage to undo that. The
    provider oidc needs an issuer that you have added with add-issuer.
    """
    _check_arguments(action, name, number, has_options=bool(claims) or any(options.values()))
    if action == "list":
        _list(session, name or "")
    elif action == "add":
        _add(session, name or "", _build_description(options, claims))
    elif action == "remove":
        _remove(session, name or "", _parse_number(number or ""))
    elif action == "pending":
        _list_pending(session)
    elif action in _RULES:
        _change_rule(session, name or "", action)
    elif action == "issuers":
        _list_issuers(session)
    elif action == "add-issuer":
        _add_issuer(session, name or "")
    else:
        _remove_issuer(session, _parse_number(name or ""))


def _check_arguments(
    action: str, name: str | None, number: str | None, *, has_options: bool
) -> None:
    expected = _ARGUMENTS[action]
    given = [value for value in (name, number) if value is not None]
    if len(given) != len(expected):
        problem = "too many arguments" if len(given) > len(expected) else "an argument is missing"
        usage = " ".join(("plugport", "trusted-publisher", action, *expected))
        raise click.UsageError(f"{problem}; use `{usage}`")
    if has_options and action != "add":
        raise click.UsageError(f"`plugport trusted-publisher {action}` takes no such option")


def _parse_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise click.UsageError(f"the id is not a number: {text[:40]!r}")
    return int(text)


def _build_description(
    options: Mapping[str, str | None], claims: tuple[str, ...]
) -> dict[str, Any]:
    names = {"owner_id": "ownerId", "repository_id": "repositoryId"}
    description: dict[str, Any] = {
        names.get(option, option): value for option, value in options.items() if value
    }
    description.setdefault("provider", "github")
    if claims:
        pairs = [claim.partition("=") for claim in claims]
        if not all(separator for _, separator, _ in pairs):
            raise click.UsageError("a claim has the form NAME=VALUE")
        description["claims"] = {name: value for name, _, value in pairs}
    return description


def _format_job(publisher: Mapping[str, Any]) -> str:
    """The job in a few words: its repository and file, or its issuer and claims."""
    claims = publisher["claims"] or {}
    parts = [
        publisher["repository"] or publisher["issuer"],
        publisher["workflow"] or "",
        f"environment {publisher['environment']}" if publisher["environment"] else "",
        *(f"{name}={value}" for name, value in sorted(claims.items())),
    ]
    return " ".join(part for part in parts if part)


def _print_publishers(session: Session, publishers: list[Mapping[str, Any]]) -> None:
    rows = [
        (str(each["id"]), each["plugin"], each["provider"], _format_job(each), each["addedBy"])
        for each in publishers
    ]
    if rows:
        session.output.print_table(rows, ("ID", "PLUGIN", "PROVIDER", "JOB", "ADDED BY"))
    else:
        session.output.print_line("no trusted publishers")


def _list(session: Session, text: str) -> None:
    from plugport.cli.missing_names import explain_missing
    from plugport.spec.names import PluginName

    name = PluginName.parse(text)
    with session.open_client() as client, explain_missing(client, name):
        publishing = client.get_publishing(name)
    session.output.print_json(dict(publishing))
    _print_publishers(session, publishing["publishers"])
    if publishing["trustedPublishingOnly"]:
        session.output.note("tokens of people cannot publish it")
    if publishing["stageTrustedReleases"]:
        session.output.note("releases of these jobs wait for approval")


def _list_pending(session: Session) -> None:
    with session.open_client() as client:
        publishers = client.list_pending_publishers()
    session.output.print_json({"publishers": publishers})
    _print_publishers(session, publishers)


def _add(session: Session, text: str, description: Mapping[str, Any]) -> None:
    from plugport.spec.names import PluginName

    name = PluginName.parse(text)
    with session.open_client() as client:
        publisher = client.add_trusted_publisher(name, description)
    session.output.print_json({"publisher": publisher})
    session.output.print_line(f"{_format_job(publisher)} may publish {name}")
    if publisher["pending"]:
        session.output.note(
            f"there is no plugin {name} yet; the first release creates it for {publisher['addedBy']},"
            " unless somebody takes the name before"
        )


def _remove(session: Session, text: str, number: int) -> None:
    from plugport.spec.names import PluginName

    name = PluginName.parse(text)
    with session.open_client() as client:
        publisher = client.remove_trusted_publisher(name, number)
    session.output.print_json({"publisher": publisher})
    session.output.print_line(f"{_format_job(publisher)} may no longer publish {name}")


def _change_rule(session: Session, text: str, action: str) -> None:
    from plugport.cli.missing_names import explain_missing
    from plugport.spec.names import PluginName

    name = PluginName.parse(text)
    rule, value, message = _RULES[action]
    with session.open_client() as client, explain_missing(client, name):
        publishing = client.change_publishing(name, {rule: value})
    session.output.print_json(dict(publishing))
    session.output.print_line(message.format(name=name))


def _list_issuers(session: Session) -> None:
    with session.open_client() as client:
        issuers = client.list_issuers()
    session.output.print_json({"issuers": issuers})
    if not issuers:
        session.output.print_line("no issuers")
        return
    session.output.print_table([(str(each["id"]), each["url"]) for each in issuers], ("ID", "URL"))


def _add_issuer(session: Session, url: str) -> None:
    with session.open_client() as client:
        issuer = client.register_issuer(url)
    session.output.print_json({"issuer": issuer})
    session.output.print_line(f"jobs of {issuer['url']} can be trusted publishers of your plugins")


def _remove_issuer(session: Session, number: int) -> None:
    with session.open_client() as client:
        issuer = client.remove_issuer(number)
    session.output.print_json({"issuer": issuer})
    session.output.print_line(f"jobs of {issuer['url']} publish your plugins no longer")
