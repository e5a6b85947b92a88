"""The options and the output of `search` and `list`: a page of plugins."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import click

from plugport.cli.session import Session
from plugport.cli.terminal.completions import complete_kinds
from plugport.spec.text import quote_text

if TYPE_CHECKING:
    from plugport.client import PluginPage

# The API's own maximum.
MAX_LIMIT = 100
HEADER = ("NAME", "VERSION", "KIND", "TRUST", "DESCRIPTION")
_Command = TypeVar("_Command", bound=Callable[..., object])

kind_option = click.option(
    "--type",
    "kind",
    metavar="KIND",
    shell_complete=complete_kinds,
    help="Filter by kind, such as bridge or hook.",
)


def page_options(*, limit: int) -> Callable[[_Command], _Command]:
    """Decorate a command with `--page` and `--limit`, whose default is `limit`."""
    page_option = click.option(
        "--page",
        metavar="N",
        type=click.IntRange(1, 100_000),
        default=1,
        show_default=True,
        help="Page number.",
    )
    limit_option = click.option(
        "--limit",
        metavar="N",
        type=click.IntRange(1, MAX_LIMIT),
        default=limit,
        show_default=True,
        help="Plugins per page.",
    )
    return lambda function: page_option(limit_option(function))


def print_page(session: Session, params: Mapping[str, str | int | None]) -> None:
    """Request a page of plugins and print it. Parameters without a value are not sent."""
    # An empty value is a filter too: `type=` would match no plugin.
    query = {key: value for key, value in params.items() if value is not None and value != ""}
    with session.open_client() as client:
        page = client.search(query)
    session.output.print_json(page.document)
    _note_about_query(session, page, query)
    pagination = page.pagination
    current, last = pagination["current"], pagination["pages"]
    if not page.plugins:
        hint = page.document.get("hint")
        nothing = f"page {current} does not exist; the last is {last}" if 0 < last < current else ""
        session.output.note(nothing or (hint if isinstance(hint, str) else "no plugins found"))
        return
    session.output.print_table(
        [
            (
                str(plugin.name),
                plugin.data["latestVersion"] or "-",
                plugin.data["type"] or "-",
                plugin.data["trust"] or "-",
                plugin.data["description"],
            )
            for plugin in page.plugins
        ],
        HEADER,
    )
    if last > 1:
        following = session.format_rerun("--page", str(current + 1), without="--page")
        more = f"; next: `{following}`" if current < last else ""
        session.output.note(f"page {current} of {last}, {pagination['total']} plugins{more}")


def _note_about_query(session: Session, page: PluginPage, query: Mapping[str, str | int]) -> None:
    """Say that the results are not those of the query as it was entered."""
    if page.is_partial:
        session.output.note("no plugin matches all words; these match most of them")
    if page.did_you_mean is not None and page.plugins:
        # Not started by itself: the misspelled words may be the right ones.
        filters = [
            f"--{name}={query[name]}"
            for name in ("type", "category", "tag", "sort")
            if name in query
        ]
        # After `--`, a word that starts with a dash is no option.
        words = ["--"] if page.did_you_mean.startswith("-") else []
        corrected = shlex.join(["plugport", "search", *filters, *words, page.did_you_mean])
        session.output.note(
            f"the results include words like those of the query; did you mean {quote_text(page.did_you_mean)}? "
            f"Run `{corrected}`"
        )
