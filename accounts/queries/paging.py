"""Pages of long lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

MAX_PEOPLE_PER_PAGE = 100
_Row = TypeVar("_Row", bound=Model)


class PagePosition:
    """Where a page is in its list: `number` from 1, with `limit` of the `total` rows on each page."""

    __slots__ = ()
    total: int
    number: int
    limit: int

    @property
    def pages(self) -> int:
        """The number of pages, at least 1."""
        return max(1, -(-self.total // self.limit))

    @property
    def has_more(self) -> bool:
        """Whether there is a next page."""
        return self.number < self.pages


@dataclass(frozen=True, slots=True)
class RowPage(PagePosition, Generic[_Row]):
    """One page of rows."""

    rows: Sequence[_Row]
    total: int
    number: int
    limit: int


def read_page(
    rows: QuerySet[_Row], *, number: int = 1, limit: int = MAX_PEOPLE_PER_PAGE
) -> RowPage[_Row]:
    """The page of the rows, which have a fixed order: 2 queries, 1 if there are none."""
    total, start = rows.count(), (number - 1) * limit
    found = list(rows[start : start + limit]) if start < total else []
    return RowPage(found, total, number, limit)
