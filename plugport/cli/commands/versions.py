"""`plugport versions`: list the releases of a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.client import Release

_HEADER = ("VERSION", "PUBLISHED", "SIZE", "STATUS")


@plugport_command(
    "versions",
    examples=("plugport versions @ar/slack-bridge", "plugport versions my-plugin --json"),
)
@click.argument("plugin", metavar="NAME")
@click.pass_obj
def command(session: Session, plugin: str) -> None:
    """List the releases of a plugin, newest version first.

    The status of a release lists its dist-tags, and whether it is deprecated, yanked or blocked. If the
    plugin got another owner between two releases, each shows its publisher.
    """
    from plugport.cli.dates import format_date
    from plugport.cli.missing_names import explain_missing
    from plugport.cli.output import format_size
    from plugport.spec.names import PluginName

    name = PluginName.parse(plugin)
    with session.open_client() as client, explain_missing(client, name):
        releases = client.get_versions(name)
    session.output.print_json(releases.document)
    # Nearly all plugins have one publisher, which `plugport info` shows.
    has_changed = len({_get_publisher(each) for each in releases.releases}) > 1
    session.output.print_table(
        [
            (
                str(release.version),
                format_date(release.data["publishedAt"] or release.data["createdAt"]) or "-",
                format_size(release.data["size"]) if release.data["size"] else "-",
                *((_get_publisher(release) or "-",) if has_changed else ()),
                ", ".join(_iter_status(release, releases.dist_tags)) or "-",
            )
            for release in sorted(releases.releases, key=lambda each: each.version, reverse=True)
        ],
        (*_HEADER[:-1], "PUBLISHER", _HEADER[-1]) if has_changed else _HEADER,
    )


def _get_publisher(release: Release) -> str:
    """To whom the plugin belonged when the release was published, "" if that is unknown."""
    publisher = release.data["publisher"]
    return publisher["name"] if publisher is not None else ""


def _iter_status(release: Release, dist_tags: dict[str, str]) -> Iterator[str]:
    yield from sorted(tag for tag, version in dist_tags.items() if version == str(release.version))
    if release.is_deprecated:
        yield "deprecated"
    if release.yank_reason is not None:
        yield "yanked"
    if release.data["state"] != "published":
        yield release.data["state"]
