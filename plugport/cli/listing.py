"""Showing a page of plugins, for `search` and `list`."""

from __future__ import annotations

from collections.abc import Mapping

from plugport.cli.session import Session

MAX_LIMIT = 100
HEADER = ("NAME", "VERSION", "KIND", "TRUST", "DESCRIPTION")


def show_page(session: Session, params: Mapping[str, str | int | None]) -> None:
    """Ask the registry for a page and print it; members without a value are not asked for."""
    # An empty value would ask for plugins of no kind, where any kind is meant.
    given = {key: value for key, value in params.items() if value is not None and value != ""}
    with session.open_client() as client:
        page = client.search(given)
    session.output.show_json(page.document)
    if not page.plugins:
        session.output.note("no plugin was found")
        return
    session.output.show_table(
        [
            (str(p.name), p.latest_version or "-", p.type or "-", p.trust or "-", p.description)
            for p in page.plugins
        ],
        HEADER,
    )
    if page.pages > 1:
        session.output.note(
            f"page {page.current} of {page.pages}, {page.total} plugins in all; --page shows others"
        )
