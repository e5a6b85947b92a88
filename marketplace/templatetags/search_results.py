"""Tags for lists of plugins and facets.

Rows and facet values are computed in Python and rendered by small templates or `format_html`: a page
has twenty rows and a hundred values, and resolving their variables in templates took most of its time.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from marketplace import labels
from marketplace.category_labels import get_category_label
from marketplace.queries.lists import list_closed_owners
from marketplace.search.highlights import Highlight
from marketplace.search.search_urls import build_taxonomy_links, build_taxonomy_path
from marketplace.templatetags.plugport import ago, inline_code, short_number
from registry.models import Plugin

register = template.Library()
Highlights = Mapping[int, Mapping[str, Highlight]]
_MAX_CATEGORIES = 3
_MAX_OWNERS = 2
_CODE = re.compile(r"`([^`]*)`")
_ARIA_CURRENT = SafeString(' aria-current="true"')
_CHOSEN_HINT = SafeString('<span class="hidden-text"> (selected; select again to remove)</span>')


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin in a list. Matches in `name` and `description` may be highlighted.

    `weekly` and `downloads` are empty without downloads. `install` is the command that installs it.
    `owners` are accounts of this registry with the paths of their pages: a manifest can name
    anybody as the author, so the author is not shown. `more_owners` counts those left out.
    `rating` and `votes` are empty without ratings.
    """

    path: str
    name: str
    version: str
    badge: SafeString
    visibility: str
    is_deprecated: bool
    description: str
    kind: str
    kind_name: str
    kind_icon: str
    install: str
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


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, and the URL that selects it or, if `is_chosen`, removes it.

    `count` is None if the engine did not count it.
    """

    text: str
    count: int | None
    address: str
    element_id: str
    is_chosen: bool = False


@register.simple_tag(takes_context=True)
def build_rows(context: template.Context, plugins: Iterable[Plugin]) -> list[PluginRow]:
    """Return the rows of these plugins, highlighted if the context has `highlights`.

    Runs no query, or 1 if an owner's account may be closed.
    """
    highlights: Highlights = context.get("highlights") or {}
    plugins = list(plugins)
    closed = list_closed_owners(plugins)
    return [build_row(plugin, highlights.get(plugin.pk, {}), closed) for plugin in plugins]


def build_row(
    plugin: Plugin, highlights: Mapping[str, Highlight], closed: Container[str] = ()
) -> PluginRow:
    """Return the row of one plugin. Owners in `closed` have no page, so they get no link."""
    public = plugin.document
    owners = public.get("owners", ())
    categories = build_taxonomy_links("category", public.get("categories", ()))
    return PluginRow(
        path=plugin.path,
        name=_highlight("name", plugin.name, highlights),
        version=public.get("latestVersion") or "",
        badge=badge(plugin.trust),
        visibility=plugin.visibility,
        is_deprecated=bool(public.get("deprecated")),
        description=_render_description(plugin.description, highlights.get("description")),
        kind=labels.get_kind_title(plugin.kind),
        kind_name=plugin.kind,
        kind_icon=labels.get_kind_icon(plugin.kind),
        install=f"plugport install {plugin.name}",
        owners=[
            (owner, "" if owner in closed else f"/@{quote(owner, safe='')}")
            for owner in owners[:_MAX_OWNERS]
        ],
        more_owners=len(owners[_MAX_OWNERS:]),
        categories=categories[:_MAX_CATEGORIES],
        license=plugin.license,
        rating=f"{plugin.rating:.1f}" if plugin.rating_count else "",
        votes=short_number(plugin.rating_count) if plugin.rating_count else "",
        weekly=short_number(plugin.weekly_downloads) if plugin.weekly_downloads else "",
        downloads=short_number(plugin.downloads) if plugin.downloads else "",
        updated_at=plugin.updated_at.isoformat(timespec="seconds"),
        ago=ago(plugin.updated_at),
    )


def _highlight(field: str, text: str, highlights: Mapping[str, Highlight]) -> str:
    highlight = highlights.get(field)
    if highlight is None:
        return text
    return mark_safe(highlight.html)  # noqa: S308 -- Highlight escapes its text


def _render_description(text: str, highlight: Highlight | None) -> SafeString:
    if highlight is None:
        return inline_code(text)
    html = highlight.html
    # Elements stay nested only if no match contains a backtick. An excerpt may have cut a pair.
    has_mixed = any("`" in part for part, is_match in highlight.parts if is_match)
    if has_mixed or html.count("`") % 2:
        return SafeString(html)
    return mark_safe(_CODE.sub(r"<code>\1</code>", html))  # noqa: S308 -- Highlight escapes its text


@register.simple_tag
def facet_values(values: Iterable[FacetValue]) -> SafeString:
    """Render the list items of a facet."""
    return format_html_join("", *_build_value_items(values))


def _build_value_items(values: Iterable[FacetValue]) -> tuple[str, Iterator[tuple[object, ...]]]:
    item = '<li><a id="{}" href="{}" rel="nofollow"{}><bdi>{}</bdi>{}{}</a></li>'
    return item, (
        (
            value.element_id,
            value.address,
            _ARIA_CURRENT if value.is_chosen else "",
            value.text,
            "" if value.count is None else _render_count(value.count),
            _CHOSEN_HINT if value.is_chosen else "",
        )
        for value in values
    )


def _render_count(count: int) -> SafeString:
    return mark_safe(f' <span class="count">{count:,}</span>')  # noqa: S308 -- a number


@register.simple_tag
@cache
def badge(level: str) -> SafeString:
    """Render the badge of a trust level. Each of the five is rendered once per process."""
    known = level if level in labels.TRUST else "untrusted"
    return render_to_string("partials/badge.html", {"level": known})


register.filter("category_label", get_category_label)
register.simple_tag(build_taxonomy_links, name="taxonomy_links")
register.simple_tag(build_taxonomy_path, name="taxonomy_path")
