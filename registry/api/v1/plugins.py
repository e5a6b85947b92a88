"""`/plugins/{name}` and the short lists. `/plugins` itself is in `marketplace.api`."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_actor
from common.api.conditional import PRIVATE, respond_json
from common.cache_marks import InvalidatedBy, cacheable
from plugport.spec.api import plugins as api
from plugport.spec.api.bodies import MetadataBody
from plugport.spec.api.validation import validate_body
from registry.actions.edit_plugin import edit_plugin
from registry.api.v1.parameters import NAME, PAGING, get_int_parameter
from registry.api.viewers import get_token_viewer
from registry.models import Plugin
from registry.queries import catalog
from registry.queries.catalog import MAX_LIMIT, MAX_PAGE
from registry.representations.plugins import (
    build_page,
    build_plugin_detail,
    build_plugin_response,
    build_stats,
    build_top_list,
)


class _ShortListView(ApiView):
    """The first plugins of the catalog in a fixed order."""

    sort = "downloads"

    def respond(self, request: Request) -> HttpResponse:
        limit = get_int_parameter(request.GET, "limit", 20, MAX_LIMIT)
        return respond_json(request, build_top_list(catalog.list_top(self.sort, limit)))


class FeaturedView(_ShortListView):
    """The featured plugins."""

    sort = "featured"

    @extend_schema(operation_id="listFeatured", parameters=[PAGING[1]], responses=api.TopList)
    @cacheable(InvalidatedBy.ANY_CHANGE, "limit")
    def get(self, request: Request) -> HttpResponse:
        """List the plugins that moderators feature, most recently featured first."""
        return self.respond(request)


class PopularView(_ShortListView):
    """The most downloaded plugins."""

    @extend_schema(operation_id="listPopular", parameters=[PAGING[1]], responses=api.TopList)
    @cacheable(InvalidatedBy.ANY_CHANGE, "limit")
    def get(self, request: Request) -> HttpResponse:
        """List the most downloaded plugins."""
        return self.respond(request)


class RecentView(_ShortListView):
    """The most recently updated plugins."""

    sort = "recent"

    @extend_schema(operation_id="listRecent", parameters=[PAGING[1]], responses=api.TopList)
    @cacheable(InvalidatedBy.ANY_CHANGE, "limit")
    def get(self, request: Request) -> HttpResponse:
        """List the most recently updated plugins."""
        return self.respond(request)


class PluginView(ApiView):
    """One plugin."""

    @extend_schema(operation_id="getPlugin", parameters=[NAME], responses=api.PluginDetail)
    @cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Get a plugin, without its releases, with what its publisher has proven."""
        return respond_json(
            request, build_plugin_detail(catalog.get_plugin(name, get_token_viewer(request)))
        )

    @extend_schema(
        operation_id="editPlugin", parameters=[NAME], request=MetadataBody, responses=api.Plugin
    )
    def patch(self, request: Request, name: str) -> HttpResponse:
        """Edit fields; null restores the value of the manifest. Requires the scope `manage`."""
        return self._edit(request, name, replace=False)

    @extend_schema(
        operation_id="replacePluginMetadata",
        parameters=[NAME],
        request=MetadataBody,
        responses=api.Plugin,
    )
    def put(self, request: Request, name: str) -> HttpResponse:
        """Replace all edits. Fields left out have the value of the manifest. Requires `manage`."""
        return self._edit(request, name, replace=True)

    def _edit(self, request: Request, name: str, *, replace: bool) -> HttpResponse:
        plugin: Plugin = catalog.get_plugin(name, get_token_viewer(request))
        actor = get_actor(request, "manage", plugin=plugin.name)
        changes = validate_body(MetadataBody, request.data)
        edited = edit_plugin(actor=actor, plugin=plugin, changes=changes, replace=replace)
        return respond_json(request, build_plugin_response(edited), cache=PRIVATE)


class DependentsView(ApiView):
    """The dependents of a plugin."""

    @extend_schema(
        operation_id="listDependents", parameters=[NAME, *PAGING], responses=api.PluginList
    )
    @cacheable(InvalidatedBy.ANY_CHANGE, "page", "limit")
    def get(self, request: Request, name: str) -> HttpResponse:
        """List the plugins whose latest release depends on this plugin."""
        page = catalog.list_dependents(
            name,
            get_token_viewer(request),
            page=get_int_parameter(request.GET, "page", 1, MAX_PAGE),
            limit=get_int_parameter(request.GET, "limit", 20, MAX_LIMIT),
        )
        return respond_json(request, build_page(page))


class StatsView(ApiView):
    """The downloads of a plugin."""

    @extend_schema(operation_id="getStats", parameters=[NAME], responses=api.Stats)
    @cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Get the downloads by day (UTC) and by version."""
        plugin = catalog.get_plugin(name, get_token_viewer(request))
        stats = build_stats(
            plugin,
            catalog.list_daily_downloads(plugin),
            catalog.get_download_counts_by_version(plugin),
        )
        return respond_json(request, stats)
