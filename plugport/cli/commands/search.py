"""`plugport search`: find plugins in the registry."""

from __future__ import annotations

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.listing import MAX_LIMIT, show_page
from plugport.cli.session import Session

SORTS = ("relevance", "downloads", "rating", "recent", "name")


@plugport_command(
    "search",
    examples=(
        "plugport search slack",
        "plugport search --type bridge --sort downloads",
        "plugport search chat --tag realtime --json",
    ),
)
@click.argument("query", default="", metavar="[QUERY]")
@click.option("--type", "kind", metavar="KIND", help="Only plugins of this kind: bridge, hook, …")
@click.option("--category", metavar="NAME", help="Only plugins of this category.")
@click.option("--tag", metavar="NAME", help="Only plugins with this tag.")
@click.option("--sort", type=click.Choice(SORTS), help="The order; relevance is the default.")
@click.option("--page", type=click.IntRange(1, 100_000), default=1, help="Which page to show.")
@click.option(
    "--limit", type=click.IntRange(1, MAX_LIMIT), default=20, help="How many plugins on a page."
)
@click.pass_obj
def command(
    session: Session,
    query: str,
    kind: str | None,
    category: str | None,
    tag: str | None,
    sort: str | None,
    page: int,
    limit: int,
) -> None:
    """Search the registry for plugins.

    Without QUERY it shows what the options leave, best first.
    """
    wanted = {"q": query, "type": kind, "category": category, "tag": tag, "sort": sort}
    show_page(session, {**wanted, "page": page, "limit": limit})
