"""`GET /plugins`: search the catalog. `POST` is implemented in `registry.api.v1.publish`."""

from __future__ import annotations

from typing import cast

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from common.api.conditional import respond_json
from common.cache_marks import InvalidatedBy, cacheable
from marketplace.search.members import search_for
from marketplace.search.parameters import PARAMETERS, SEARCH_PARAMETERS, parse_search_query
from marketplace.search.query import SearchQuery
from marketplace.search.result_marks import mark_results
from marketplace.search.service import SearchResults
from marketplace.search.tokenizer import has_only_signs
from plugport.spec.api.plugins import Facets, Highlight, PluginSearch
from plugport.spec.text import quote_text
from registry.api.v1.publish import PublishMixin
from registry.api.viewers import get_token_viewer
from registry.representations.plugins import build_page


class PluginsView(PublishMixin, ApiView):
    """The catalog: search and publish."""

    limit_kind = "publish"

    @extend_schema(operation_id="listPlugins", parameters=PARAMETERS, responses=PluginSearch)
    @cacheable(InvalidatedBy.ANY_CHANGE, *SEARCH_PARAMETERS)
    def get(self, request: Request) -> HttpResponse:
        """Search plugins by text and filters, with facet counts."""
        query = parse_search_query(request)
        results = search_for(get_token_viewer(request), query)
        response = respond_json(request, build_search_response(query, results))
        return mark_results(response, results)


def build_search_response(query: SearchQuery, results: SearchResults) -> PluginSearch:
    """Return the results with facets and highlights."""
    names = {plugin.pk: plugin.name for plugin in results.page.plugins}
    return {
        **build_page(results.page),
        "facets": cast("Facets", {name: dict(counts) for name, counts in results.facets.items()}),
        "highlights": {
            names[plugin_id]: cast("Highlight", {field: mark.html for field, mark in texts.items()})
            for plugin_id, texts in results.highlights.items()
            if texts
        },
        "didYouMean": results.did_you_mean,
        "partial": results.is_partial,
        "degraded": results.is_degraded,
        # The database, in place of the engine, finds signs too.
        "hint": None if results.page.total else _find_hint(query.text),
    }


def _find_hint(text: str) -> str | None:
    if not has_only_signs(text):
        return None
    words = "Words have letters or digits, such as `slack` or `C++`."
    return f"{quote_text(text)} has no words to search for. {words}"
