"""Print a page of plugins, for `search` and `list`."""

from __future__ import annotations

from collections.abc import Mapping

from plugport.cli.session import Session

# The API's own maximum.
MAX_LIMIT = 100
HEADER = ("NAME", "VERSION", "KIND", "TRUST", "DESCRIPTION")


def print_page(session: Session, params: Mapping[str, str | int | None]) -> None:
    """Request a page of plugins and print it. Parameters without a value are not sent."""
    # An empty value is a filter too: `type=` would match no plugin.
    query = {key: value for key, value in params.items() if value is not None and value != ""}
    with session.open_client() as client:
        page = client.search(query)
    session.output.print_json(page.document)
    if not page.plugins:
        hint = page.document.get("hint")
        session.output.note(hint if isinstance(hint, str) else "no plugins found")
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
    pagination = page.pagination
    if pagination["pages"] > 1:
        session.output.note(
            f"page {pagination['current']} of {pagination['pages']}, {pagination['total']} plugins; "
            "use --page for others"
        )
