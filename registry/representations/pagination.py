"""The JSON of the position of a page in its list."""

from __future__ import annotations

from accounts.queries.paging import PagePosition
from plugport.spec.api.plugins import Pagination


def build_pagination(page: PagePosition) -> Pagination:
    """Return how many rows and pages there are, and which page this is."""
    return {
        "total": page.total,
        "pages": page.pages,
        "current": page.number,
        "hasMore": page.has_more,
    }
