"""The parameters of lists and of what is sent of each resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import InvalidValueException

from accounts.api.scim.endpoint import Call, parse_number
from accounts.sso.scim.representations import Selection
from accounts.sso.scim.resources import DEFAULT_PAGE, MAX_PAGE

_MAX_START = 10**9


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: the index of its first result, from 1, the most results, and the filter."""

    start: int
    count: int
    filter: str

    @property
    def slice(self) -> slice:
        """The rows of the page."""
        return slice(self.start - 1, self.start - 1 + self.count)


def parse_page(call: Call) -> Page:
    """The page that the query selects. Raises `SCIMException`."""
    query = call.request.GET
    # Refused by name: an order that is ignored looks like the one that was wanted.
    for name in ("sortBy", "sortOrder"):
        if name in query:
            raise InvalidValueException(
                detail=f"`{name}` is not supported: results are in the order of creation."
            )
    if "cursor" in query:
        raise InvalidValueException(detail="`cursor` is not supported: use `startIndex`.")
    start = parse_number(query.get("startIndex"), "startIndex", 1)
    count = parse_number(query.get("count"), "count", DEFAULT_PAGE)
    return Page(
        start=min(max(start, 1), _MAX_START),
        count=min(max(count, 0), MAX_PAGE),
        filter=query.get("filter", ""),
    )


def parse_selection(call: Call, schema: str) -> Selection:
    """What is sent of each resource. Raises `SCIMException`."""
    query: Mapping[str, Any] = call.request.GET
    return Selection(query.get("attributes", ""), query.get("excludedAttributes", ""), schema)
