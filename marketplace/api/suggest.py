"""`GET /suggest`: completions for a search box."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from common.api.conditional import respond_json
from marketplace.search import service
from marketplace.search.members import suggest_for
from plugport.spec.api.plugins import SuggestionList
from registry.api.v1.parameters import MAX_TEXT_CHARS, get_int_parameter, get_text_parameter
from registry.api.viewers import get_token_viewer
from registry.models import Plugin

_DEFAULT_LIMIT = 8


class SuggestView(ApiView):
    """Completions by name and title."""

    @extend_schema(
        operation_id="suggestPlugins",
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "maxLength": MAX_TEXT_CHARS},
                description="The text typed so far.",
            ),
            OpenApiParameter(
                "limit",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": service.MAX_SUGGESTIONS,
                    "default": _DEFAULT_LIMIT,
                },
                description="Maximum number of suggestions.",
            ),
        ],
        responses=SuggestionList,
    )
    def get(self, request: Request) -> HttpResponse:
        """Suggest plugins whose name or title starts with the text, or has a word that does."""
        limit = get_int_parameter(request.GET, "limit", _DEFAULT_LIMIT, service.MAX_SUGGESTIONS)
        prefix = get_text_parameter(request.GET, "q")
        plugins = suggest_for(get_token_viewer(request), prefix, limit=limit)
        return respond_json(request, build_suggestions(plugins))


def build_suggestions(plugins: Iterable[Plugin]) -> SuggestionList:
    """Return the names and titles of the plugins."""
    return {
        "suggestions": [
            {
                "name": plugin.name,
                "displayName": plugin.document.get("displayName") or plugin.name,
                "type": plugin.kind,
                "trust": plugin.trust,
            }
            for plugin in plugins
        ]
    }
