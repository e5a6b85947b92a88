"""`/categories` and `/tags`."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from common.api.conditional import respond_json
from common.cache_marks import InvalidatedBy, cacheable
from plugport.spec.api.plugins import CategoryList, TagList
from registry.queries import catalog
from registry.representations.plugins import build_term_counts


class CategoriesView(ApiView):
    """The categories in use."""

    @extend_schema(operation_id="listCategories", responses=CategoryList)
    @cacheable(InvalidatedBy.ANY_CHANGE)
    def get(self, request: Request) -> HttpResponse:
        """List the categories with the number of plugins in each."""
        document: CategoryList = {"categories": build_term_counts(catalog.list_categories())}
        return respond_json(request, document)


class TagsView(ApiView):
    """The tags in use."""

    @extend_schema(operation_id="listTags", responses=TagList)
    @cacheable(InvalidatedBy.ANY_CHANGE)
    def get(self, request: Request) -> HttpResponse:
        """List the 100 most used tags with the number of plugins in each."""
        document: TagList = {"tags": build_term_counts(catalog.list_tags())}
        return respond_json(request, document)
