"""Suggestions for the 404 page: at most five names that resemble the one in the path.

The cost is bounded, because anybody can request any path: one request to the search engine, or one
indexed range of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import partial
from urllib.parse import unquote

from marketplace.queries import names
from marketplace.queries.lists import TaxonomyType
from marketplace.search.search_urls import build_taxonomy_links
from plugport.spec.names import fold_part
from plugport.spec.text import has_nul, remove_nul

MAX_SIMILAR_NAMES = 5
# The longest plugin name; comparing longer texts costs quadratic time.
_MAX_CHARS = 130
# The default of difflib: one typing error in a short word still matches.
_MIN_SIMILARITY = 0.6


@dataclass(frozen=True, slots=True)
class SimilarNames:
    """Names with their paths, and the text to search for if none of them is right."""

    links: Sequence[tuple[str, str]]
    search_text: str


def find_similar_names(path: str) -> SimilarNames | None:
    """Return names that resemble the one in a path without a page: 1 query, up to 2 for a plugin.

    Returns None if the path contains no name.
    """
    root, _, rest = unquote(path).strip("/").partition("/")
    if root.startswith("@") and not rest:
        return _find_scopes(root[1:])
    if root in _ROOTS_WITHOUT_NAMES:
        return None
    find = _FINDERS_BY_ROOT.get(root)
    if find is not None and rest:
        return find(rest)
    # The path lacks `/plugins`, as in `/slack-bridge` or `/@ar/slack-bridge`.
    return _find_plugins(f"{root}/{rest}" if root.startswith("@") else rest.split("/")[-1] or root)


def _find_plugins(rest: str) -> SimilarNames | None:
    parts = rest.split("/")
    name = "/".join(parts[:2]) if rest.startswith("@") else parts[0]
    if not name or len(name) > _MAX_CHARS or has_nul(name):
        return None
    search_text = name.removeprefix("@").replace("/", " ")
    key = names.find_collision_key(name)
    # Most often the same word with a dash more or less.
    colliding = names.list_plugin_names_by_key([key]).values() if key else ()
    similar = _filter_similar(name, names.list_plugin_names_by_text(search_text))
    links = [(each, f"/plugins/{each}") for each in dict.fromkeys([*colliding, *similar])]
    return SimilarNames(links[:MAX_SIMILAR_NAMES], search_text)


def _filter_similar(name: str, candidates: Iterable[str]) -> list[str]:
    """Return the candidates with similar letters, most similar first.

    The part after the slash counts alone as well: people remember a name better than its scope.
    """
    bare = name.rpartition("/")[2].casefold()

    def measure(other: str) -> float:
        similarity = SequenceMatcher(None, bare, other.rpartition("/")[2].casefold()).ratio()
        return max(similarity, SequenceMatcher(None, name.casefold(), other.casefold()).ratio())

    similar = (each for each in candidates if measure(each) >= _MIN_SIMILARITY)
    return sorted(similar, key=measure, reverse=True)


def _find_taxonomy_terms(taxonomy_type: TaxonomyType, rest: str) -> SimilarNames | None:
    slug = _clean_name(rest).casefold()
    if not slug:
        return None
    candidates = names.list_taxonomy_slugs(taxonomy_type, slug[:1])
    similar = get_close_matches(slug, candidates, MAX_SIMILAR_NAMES, _MIN_SIMILARITY)
    return SimilarNames(build_taxonomy_links(taxonomy_type, similar), slug)


def _find_scopes(rest: str) -> SimilarNames | None:
    key = fold_part(_clean_name(rest).lower())
    if not key:
        return None
    candidates = names.list_scope_names_by_key(key[:2])
    similar = get_close_matches(key, candidates, MAX_SIMILAR_NAMES, _MIN_SIMILARITY)
    links = [(f"@{candidates[each]}", f"/@{candidates[each]}") for each in similar]
    return SimilarNames(links, rest)


def _clean_name(text: str) -> str:
    # PostgreSQL rejects NUL in a parameter.
    return remove_nul(text[:_MAX_CHARS])


# Paths below these contain ids or file names, which resemble no plugin.
_ROOTS_WITHOUT_NAMES = frozenset(
    {
        *(
            "account",
            "accounts",
            "admin",
            "audit",
            "claims",
            "contact",
            "docs",
            "feeds",
            "password",
        ),
        *("-", "publications", "scim", "search", "status"),
    }
)
_FINDERS_BY_ROOT: dict[str, Callable[[str], SimilarNames | None]] = {
    "plugins": _find_plugins,
    "categories": partial(_find_taxonomy_terms, "category"),
    "tags": partial(_find_taxonomy_terms, "tag"),
    "users": _find_scopes,
}
