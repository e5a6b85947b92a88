"""`GET /plugins`: find. `POST` is the registry's."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from marketplace.api.shapes import PluginSearch
from marketplace.search import service
from marketplace.search.parameters import PARAMETERS, read_search
from marketplace.search.service import Found
from registry.api.conditional import respond_json
from registry.api.v1.plugins import build_page
from registry.api.v1.publish import PublishMixin
from registry.api.views import ApiView


class PluginsView(PublishMixin, ApiView):
    """The catalogue: find, and publish."""

    limit_kind = "publish"

    @extend_schema(operation_id="listPlugins", parameters=PARAMETERS, responses=PluginSearch)
    def get(self, request: Request) -> HttpResponse:
        """Find plugins by words, narrow them by filters, count them by facets."""
        return respond_json(request, describe_found(service.find(read_search(request))))


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
