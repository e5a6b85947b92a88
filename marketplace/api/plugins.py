"""`GET /plugins`: find. `POST` is the registry's."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from marketplace.api.shapes import PluginSearch
from marketplace.search import service
from marketplace.search.query import SearchQuery
from marketplace.search.service import Found
from plugport.spec.manifest.dialects.registry import DIALECTS
from registry.api.conditional import respond_json
from registry.api.v1.parameters import (
    FILTERS,
    MAX_TEXT_CHARS,
    read_choice,
    read_filter,
    read_text,
)
from registry.api.v1.plugins import build_page
from registry.api.v1.publish import PublishMixin
from registry.api.views import ApiView

PARAMETERS = [
    *FILTERS,
    OpenApiParameter(
        "dialect",
        {"type": "string", "enum": list(DIALECTS)},
        description="The format of the manifest.",
    ),
    OpenApiParameter(
        "registry",
        {"type": "string", "maxLength": MAX_TEXT_CHARS},
        description="The registry that a plugin comes from.",
    ),
]


class PluginsView(PublishMixin, ApiView):
    """The catalogue: find, and publish."""

    limit_kind = "publish"

    @extend_schema(operation_id="listPlugins", parameters=PARAMETERS, responses=PluginSearch)
    def get(self, request: Request) -> HttpResponse:
        """Find plugins by words, narrow them by filters, count them by facets."""
        return respond_json(request, describe_found(service.find(read_search(request))))


def read_search(request: Request) -> SearchQuery:
    """What a request asks for. Raises `QueryError`."""
    wanted = read_filter(request)
    filters = {
        "type": wanted.kind,
        "category": wanted.category,
        "tag": wanted.tag,
        "author": wanted.author,
        "trust": wanted.trust,
        "license": wanted.license,
        "dialect": read_choice(request, "dialect", tuple(DIALECTS)),
        "registry": read_text(request, "registry"),
    }
    return SearchQuery(
        text=wanted.q,
        filters={name: value for name, value in filters.items() if value},
        is_verified=wanted.verified,
        sort=wanted.sort,
        page=wanted.page,
        limit=wanted.limit,
    )


def describe_found(found: Found) -> dict[str, Any]:
    """The JSON of a search."""
    names = {plugin.pk: plugin.name for plugin in found.page.plugins}
    return {
        **build_page(found.page),
        "facets": {name: dict(counts) for name, counts in found.facets.items()},
        "highlights": {
            names[number]: {field: mark.html for field, mark in texts.items()}
            for number, texts in found.highlights.items()
            if texts
        },
        "didYouMean": found.did_you_mean,
        "partial": found.is_partial,
        "degraded": found.is_degraded,
    }
