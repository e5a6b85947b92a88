"""Links between the pages of a list, with the rest of the address kept."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page to go to; a gap between pages has no `query`."""

    number: int
    query: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Paging:
    """The links below a list. `before` and `after` are None at the ends."""

    links: tuple[PageLink, ...]
    before: PageLink | None
    after: PageLink | None


def build_paging(query: QueryDict, *, number: int, pages: int) -> Paging | None:
    """The links of page `number` of `pages`; None where there is but one page."""
    if pages < 2:
        return None

    def link(target: int) -> PageLink:
        return PageLink(target, replace_query(query, page=str(target)), target == number)

    shown = sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)})
    links: list[PageLink] = []
    for target in shown:
        if links and target > links[-1].number + 1:
            links.append(PageLink(0))
        links.append(link(target))
    before = link(min(number - 1, pages)) if number > 1 else None
    return Paging(tuple(links), before, link(number + 1) if number < pages else None)


def replace_query(query: QueryDict, **changes: str) -> str:
    """The query with some values replaced, as `?a=b`; an empty value takes its key out."""
    changed = query.copy()
    for key, value in changes.items():
        changed.pop(key, None)
        if value:
            changed[key] = value
    for key in [key for key, value in changed.items() if not value]:
        del changed[key]
    return f"?{changed.urlencode()}" if changed else "?"
