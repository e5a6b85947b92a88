"""`/categories` and `/tags`."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from registry import queries
from registry.api.conditional import respond_json
from registry.api.v1.shapes import CategoryList, TagList
from registry.api.views import ApiView


class CategoriesView(ApiView):
    """The categories in use."""

    @extend_schema(operation_id="listCategories", responses=CategoryList)
    def get(self, request: Request) -> HttpResponse:
        """Every category with its number of plugins."""
        found = queries.list_categories()
        return respond_json(
            request, {"categories": [{"name": slug, "count": count} for slug, count in found]}
        )


class TagsView(ApiView):
    """The tags in use."""

    @extend_schema(operation_id="listTags", responses=TagList)
    def get(self, request: Request) -> HttpResponse:
        """The hundred most used tags with their number of plugins."""
        found = queries.list_tags()
        return respond_json(
            request, {"tags": [{"name": slug, "count": count} for slug, count in found]}
        )
