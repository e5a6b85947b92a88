"""Rows of plugins, made ready outside the template: twenty of them are most of a page."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from marketplace import words
from marketplace.list_queries import list_closed_owners
from marketplace.pages.address import make_heading_links, make_heading_path
from marketplace.pages.facets import Value
from marketplace.pages.missing import Near, find_near
from marketplace.search.highlights import Highlight
from marketplace.templatetags.plugport import ago, short_number
from registry.models import Plugin

register = template.Library()
Highlights = Mapping[int, Mapping[str, Highlight]]
_SHOWN_CATEGORIES = 3
_SHOWN_OWNERS = 2
_CURRENT = SafeString(' aria-current="true"')
_LET_GO = SafeString('<span class="hidden-text"> (chosen; choose again to remove)</span>')


@dataclass(frozen=True, slots=True)
class Row:
    """What a list shows of a plugin. `name` and `description` may have matches marked.

    `owners` are accounts with their pages, as the registry knows them: a manifest can name anybody
    as its author. `more_owners` is how many others there are. `rating` and `votes` are empty
    where nobody rated it.
    """

    path: str
    name: str
    version: str
    badge: SafeString
    is_deprecated: bool
    description: str
    kind: str
    owners: Sequence[tuple[str, str]]
    more_owners: int
    categories: Sequence[tuple[str, str]]
    license: str
    rating: str
    votes: str
    weekly: str
    downloads: str
    updated_at: str
    ago: str


@register.simple_tag(takes_context=True)
def make_rows(context: template.Context, plugins: Iterable[Plugin]) -> list[Row]:
    """The rows of these plugins, marked where the context has `highlights`.

    No query, unless the account of somebody's is closed: then 1.
    """
    highlights: Highlights = context.get("highlights") or {}
    plugins = list(plugins)
    closed = list_closed_owners(plugins)
    return [make_row(plugin, highlights.get(plugin.pk, {}), closed) for plugin in plugins]


def make_row(plugin: Plugin, marks: Mapping[str, Highlight], closed: Container[str] = ()) -> Row:
    """What a list shows of one plugin. `closed` are owners whose names lead nowhere."""
    public = plugin.document
    owners = public.get("owners", ())
    categories = make_heading_links("category", public.get("categories", ()))
    return Row(
        path=plugin.path,
        name=_mark("name", plugin.name, marks),
        version=public.get("latestVersion") or "",
        badge=badge(plugin.trust),
        is_deprecated=bool(public.get("deprecated")),
        description=_mark("description", plugin.description, marks),
        kind=words.get_kind_title(plugin.kind),
        owners=[
            (owner, "" if owner in closed else f"/users/{quote(owner, safe='')}")
            for owner in owners[:_SHOWN_OWNERS]
        ],
        more_owners=len(owners[_SHOWN_OWNERS:]),
        categories=categories[:_SHOWN_CATEGORIES],
        license=plugin.license,
        rating=f"{plugin.rating:.1f}" if plugin.rating_count else "",
        votes=short_number(plugin.rating_count) if plugin.rating_count else "",
        weekly=short_number(plugin.weekly_downloads),
        downloads=short_number(plugin.downloads),
        updated_at=plugin.updated_at.isoformat(timespec="seconds"),
        ago=ago(plugin.updated_at),
    )


def _mark(field: str, text: str, marks: Mapping[str, Highlight]) -> str:
    found = marks.get(field)
    return mark_safe(found.html) if found else text  # noqa: S308 -- Highlight escapes its text


@register.simple_tag
def facet_values(values: Iterable[Value]) -> SafeString:
    """The items of a facet's list. A page has a hundred: a template takes a quarter of its time."""
    return format_html_join("", *_draw_values(values))


def _draw_values(values: Iterable[Value]) -> tuple[str, Iterator[tuple[object, ...]]]:
    item = '<li><a id="{}" href="{}" rel="nofollow"{}><bdi>{}</bdi>{}{}</a></li>'
    return item, (
        (
            value.element_id,
            value.address,
            _CURRENT if value.is_chosen else "",
            value.text,
            "" if value.count is None else _draw_count(value.count),
            _LET_GO if value.is_chosen else "",
        )
        for value in values
    )


def _draw_count(count: int) -> SafeString:
    return mark_safe(f' <span class="count">{count:,}</span>')  # noqa: S308 -- a number


@register.simple_tag
@cache
def badge(level: str) -> SafeString:
    """The badge of a trust level. There are five; each is drawn once in the life of a process."""
    known = level if level in words.TRUST else "untrusted"
    return render_to_string("partials/badge.html", {"level": known})


register.simple_tag(make_heading_links, name="heading_links")
register.simple_tag(make_heading_path, name="heading_path")


@register.simple_tag(takes_context=True)
def near_names(context: template.Context) -> Near | None:
    """What the address that leads nowhere may have meant; see `find_near` for the queries."""
    return find_near(context["request"].path)
