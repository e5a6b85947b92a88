"""Look up names as people type them. Each function states how many SQL queries it runs."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from marketplace.queries.lists import TaxonomyType
from marketplace.search import circuit_breaker
from marketplace.search.query import SearchQuery
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName, fold_part
from registry.models import Category, Plugin, Tag
from registry.queries.visible import EVERYBODY, list_visible_scopes

# Callers compare names in Python, one by one, so their number is bounded.
MAX_CANDIDATES = 300
_MAX_SEARCH_RESULTS = 20


def find_collision_key(name: str) -> str | None:
    """Return the collision key (PKG-1) of a typed plugin name; None if it cannot be a name."""
    try:
        return PluginName.parse(name.lower().replace("_", "-")).collision_key
    except PlugportError:
        return None


def list_plugin_names_by_key(keys: Iterable[str]) -> dict[str, str]:
    """Map collision keys to the names of listed plugins: 1 query. Unknown keys are left out."""
    rows = Plugin.objects.filter(is_listed=True, collision_key__in=list(keys))
    return dict(rows.values_list("collision_key", "name"))


def list_plugin_names_by_text(text: str) -> list[str]:
    """Return names that the search engine finds for `text`: 1 query.

    Returns nothing while the engine is down: without it the database would scan every plugin, and
    crawlers that try random paths could cause that at will.
    """
    query = SearchQuery(text=text, limit=_MAX_SEARCH_RESULTS, facets=())
    answer = circuit_breaker.call_engine(lambda engine: engine.search(query))
    rows = Plugin.objects.filter(is_listed=True, pk__in=answer.ids if answer else ())
    return list(rows.values_list("name", flat=True))


def list_taxonomy_slugs(taxonomy_type: TaxonomyType, prefix: str) -> list[str]:
    """Return the most used categories or tags that start with `prefix`, 300 at most: 1 query."""
    model: type[Category | Tag] = Category if taxonomy_type == "category" else Tag
    rows: QuerySet[Category | Tag] = model.objects.filter(
        plugin_count__gt=0, slug__startswith=prefix
    )
    return list(rows.order_by("-plugin_count").values_list("slug", flat=True)[:MAX_CANDIDATES])


def list_scope_names_by_key(prefix: str) -> dict[str, str]:
    """Map collision keys that start with `prefix` to public scopes, 300 at most: 1 query."""
    rows = list_visible_scopes(EVERYBODY).filter(collision_key__startswith=prefix)
    rows = rows.order_by("collision_key")
    return dict(rows.values_list("collision_key", "name")[:MAX_CANDIDATES])


def find_scope_name(name: str) -> str | None:
    """Return the public scope whose name differs from `name` in case or dashes at most: 1 query."""
    rows = list_visible_scopes(EVERYBODY).filter(collision_key=fold_part(name.lower()))
    return rows.values_list("name", flat=True).first()


def has_active_account(username: str) -> bool:
    """Return whether an active account has this user name: 1 query."""
    return User.objects.filter(is_active=True, username=username).exists()
