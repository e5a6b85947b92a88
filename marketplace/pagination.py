"""Pagination links that keep the other query parameters."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link to a page. A gap between pages has no `query`."""

    number: int
    query: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Pagination:
    """The pagination of a list. `before` and `after` are None on the first and last page."""

    links: tuple[PageLink, ...]
    before: PageLink | None
    after: PageLink | None


def build_pagination(query: QueryDict, *, number: int, pages: int) -> Pagination | None:
    """The pagination for page `number` of `pages`; None if there is only one page."""
    if pages < 2:
        return None

    def link(target: int) -> PageLink:
        return PageLink(target, replace_query(query, page=str(target)), target == number)

    numbers = sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)})
    links: list[PageLink] = []
    for target in numbers:
        if links and target > links[-1].number + 1:
            links.append(PageLink(0))
        links.append(link(target))
    before = link(min(number - 1, pages)) if number > 1 else None
    return Pagination(tuple(links), before, link(number + 1) if number < pages else None)


def replace_query(query: QueryDict, **changes: str) -> str:
    """The query string (`?a=b`) with some values replaced. An empty value removes its key."""
    changed = query.copy()
    for key, value in changes.items():
        changed.pop(key, None)
        if value:
            changed[key] = value
    for key in [key for key, value in changed.items() if not value]:
        del changed[key]
    return f"?{changed.urlencode()}" if changed else "?"
