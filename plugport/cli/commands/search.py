"""`plugport search`: search the registry for plugins."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.plugin_table import kind_option, page_options, print_page
from plugport.cli.session import Session

# The orders of the API. A choice, so that a typo fails without a request.
SORT_ORDERS = ("relevance", "downloads", "rating", "recent", "name")


@plugport_command(
    "search",
    examples=(
        "plugport search slack",
        "plugport search --type bridge --sort downloads",
        "plugport search chat --tag realtime --json",
    ),
)
@click.argument("query", nargs=-1, metavar="[QUERY]...")
@kind_option
@click.option("--category", metavar="NAME", help="Filter by category.")
@click.option("--tag", metavar="NAME", help="Filter by tag.")
@click.option("--sort", type=click.Choice(SORT_ORDERS), help="Sort order.  [default: relevance]")
@page_options(limit=20)
@click.pass_obj
def command(
    session: Session,
    query: tuple[str, ...],
    kind: str | None,
    category: str | None,
    tag: str | None,
    sort: str | None,
    page: int,
    limit: int,
) -> None:
    """Search the registry for plugins.

    Without QUERY, lists all plugins that match the filters.
    """
    filters = {"q": " ".join(query), "type": kind, "category": category, "tag": tag, "sort": sort}
    print_page(session, {**filters, "page": page, "limit": limit})
