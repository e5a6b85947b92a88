"""What an address that leads nowhere may have meant: at most five names that are near to it.

The cost is bounded: the search engine is asked once, or one indexed range of names is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import partial
from urllib.parse import unquote

from django.db.models import QuerySet

from marketplace.pages.address import make_heading_links
from marketplace.search import guard
from marketplace.search.query import SearchQuery
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName, fold_part
from registry.models import Category, Plugin, Scope, Tag

MAX_NEAR = 5
_MAX_CHARS = 130
_LIKE = 0.6
_LOOKED_AT = 20
_READ = 300


@dataclass(frozen=True, slots=True)
class Near:
    """Names with their addresses, and how to search for what was asked."""

    links: Sequence[tuple[str, str]]
    words: str


def find_near(path: str) -> Near | None:
    """Names near the one in a path that leads nowhere: 1 query, up to 2 for a plugin.

    None where the path has no name in it.
    """
    root, _, rest = unquote(path).strip("/").partition("/")
    if root.startswith("@") and not rest:
        return _find_scopes(root[1:])
    if root in _OTHER_ROOTS:
        return None
    find = _BY_ROOT.get(root)
    if find is not None and rest:
        return find(rest)
    # A name without the pages' first word in front of it, as `/slack-bridge` or `/@ar/slack-bridge`.
    return _find_plugins(f"{root}/{rest}" if root.startswith("@") else rest.split("/")[-1] or root)


def _find_plugins(asked: str) -> Near | None:
    parts = asked.split("/")
    name = "/".join(parts[:2]) if asked.startswith("@") else parts[0]
    if not name or len(name) > _MAX_CHARS or "\x00" in name:
        return None
    words = name.removeprefix("@").replace("/", " ")
    names = [*_find_twins(name), *_keep_like(name, _search_names(words))]
    return Near([(each, f"/plugins/{each}") for each in dict.fromkeys(names)][:MAX_NEAR], words)


def _search_names(words: str) -> list[str]:
    """1 query. Without the engine nothing: the database would have to read every plugin."""
    asked = SearchQuery(text=words, limit=_LOOKED_AT, facets=())
    answer = guard.ask(lambda engine: engine.search(asked))
    rows = Plugin.objects.filter(is_listed=True, pk__in=answer.ids if answer else ())
    return list(rows.values_list("name", flat=True))


def _find_twins(name: str) -> list[str]:
    """The plugin that a reader could take for this one, most often the same word with a dash."""
    key = make_typed_key(name)
    if key is None:
        return []
    rows = Plugin.objects.filter(is_listed=True, collision_key=key)
    return list(rows.values_list("name", flat=True)[:1])


def make_typed_key(name: str) -> str | None:
    """The collision key of a plugin's name as somebody types it, None if it can be none."""
    try:
        return PluginName.parse(name.lower().replace("_", "-")).collision_key
    except PlugportError:
        return None


def _keep_like(name: str, names: Iterable[str]) -> list[str]:
    """Those alike in letters, nearest first; the scope matters less than the rest of the name."""
    bare = name.rpartition("/")[2].casefold()

    def measure(other: str) -> float:
        like = SequenceMatcher(None, bare, other.rpartition("/")[2].casefold()).ratio()
        return max(like, SequenceMatcher(None, name.casefold(), other.casefold()).ratio())

    return sorted((n for n in names if measure(n) >= _LIKE), key=measure, reverse=True)


def _find_headings(sort: str, asked: str) -> Near | None:
    """1 query: headings in use with the same first letter, the most used three hundred."""
    asked = _clean(asked).casefold()
    if not asked:
        return None
    model: type[Category | Tag] = Category if sort == "category" else Tag
    rows: QuerySet[Category | Tag] = model.objects.filter(
        plugin_count__gt=0, slug__startswith=asked[:1]
    )
    known = rows.order_by("-plugin_count").values_list("slug", flat=True)[:_READ]
    names = get_close_matches(asked, known, MAX_NEAR, _LIKE)
    return Near(make_heading_links(sort, names), asked)


def _find_scopes(asked: str) -> Near | None:
    """1 query: scopes that begin with the same letters, three hundred of them at most."""
    key = fold_part(_clean(asked).lower())
    if not key:
        return None
    rows = Scope.objects.filter(collision_key__startswith=key[:2])
    known = dict(rows.order_by("collision_key").values_list("collision_key", "name")[:_READ])
    names = [known[like] for like in get_close_matches(key, known, MAX_NEAR, _LIKE)]
    return Near([(f"@{name}", f"/@{name}") for name in names], asked)


def _clean(asked: str) -> str:
    return asked[:_MAX_CHARS].replace("\x00", "")


# What is below these has no name that others could be near to.
_OTHER_ROOTS = frozenset(
    {"account", "admin", "docs", "feeds", "password", "publications", "search"}
)
_BY_ROOT: dict[str, Callable[[str], Near | None]] = {
    "plugins": _find_plugins,
    "categories": partial(_find_headings, "category"),
    "tags": partial(_find_headings, "tag"),
    "users": _find_scopes,
}
