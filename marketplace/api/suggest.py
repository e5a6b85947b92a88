"""`GET /suggest`: what to offer while somebody types."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from marketplace.api.shapes import SuggestionList
from marketplace.search import service
from registry.api.conditional import respond_json
from registry.api.v1.parameters import MAX_TEXT_CHARS, read_number, read_text
from registry.api.views import ApiView

_DEFAULT = 8


class SuggestView(ApiView):
    """Names and titles."""

    @extend_schema(
        operation_id="suggestPlugins",
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "maxLength": MAX_TEXT_CHARS},
                description="What was typed so far.",
            ),
            OpenApiParameter(
                "limit",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": service.MAX_SUGGESTIONS,
                    "default": _DEFAULT,
                },
                description="Suggestions at most.",
            ),
        ],
        responses=SuggestionList,
    )
    def get(self, request: Request) -> HttpResponse:
        """Plugins whose name or title begins so, or has a word that does."""
        limit = read_number(request, "limit", _DEFAULT, service.MAX_SUGGESTIONS)
        found = service.suggest(read_text(request, "q"), limit=limit)
        return respond_json(
            request,
            {
                "suggestions": [
                    {
                        "name": plugin.name,
                        "displayName": plugin.document.get("displayName") or plugin.name,
                        "type": plugin.kind,
                        "trust": plugin.trust,
                    }
                    for plugin in found
                ]
            },
        )
