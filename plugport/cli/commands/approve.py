"""`plugport approve`: publish a staged release, or discard it."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session


@plugport_command(
    "approve",
    examples=("plugport approve @acme/chat@1.2.0", "plugport approve @acme/chat@1.2.0 --discard"),
)
@click.argument("release", metavar="NAME@VERSION")
@click.option("--discard", is_flag=True, help="Reject the release; its version becomes free again.")
@click.option(
    "--sha256",
    metavar="HEX",
    default="",
    help="The SHA-256 of the package that you reviewed; another one is not approved.",
)
@click.pass_obj
def command(session: Session, release: str, discard: bool, sha256: str) -> None:
    """Publish a staged release.

    For owners and maintainers of the plugin. A release is staged by `plugport publish --stage`, or if
    the plugin lets all releases of its CI jobs wait for approval.
    """
    import re

    from plugport.cli.missing_names import explain_missing
    from plugport.spec.names import PluginName
    from plugport.spec.versions import Version

    # The `@` of a scope is at the start.
    text, separator, version_text = release.rpartition("@")
    if not separator or not text:
        raise click.UsageError("the version is missing; use `plugport approve NAME@VERSION`")
    if sha256 and discard:
        raise click.UsageError("`--sha256` is for an approval; leave out `--discard`")
    if sha256 and not re.fullmatch("[0-9a-f]{64}", sha256.lower()):
        raise click.UsageError("`--sha256` needs 64 hexadecimal digits")
    name, version = PluginName.parse(text), Version.parse(version_text)
    decision = "discard" if discard else "approve"
    with session.open_client() as client, explain_missing(client, name):
        status = client.decide_staged(name, version, decision, sha256.lower())
    session.output.print_json({"publication": status.document})
    if discard:
        session.output.print_line(f"discarded {name}@{version}")
        return
    page = f" {status.data['pageUrl']}" if status.data["pageUrl"] else ""
    session.output.print_line(f"published {name}@{version}{page}")
