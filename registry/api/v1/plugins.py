"""`/plugins/{name}` and the short lists. The list `/plugins` is of `marketplace.api`."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from registry import queries
from registry.actions.edit_plugin import edit_plugin
from registry.api.conditional import PRIVATE, respond_json
from registry.api.v1.bodies import MetadataBody
from registry.api.v1.parameters import NAME, PAGING, read_number
from registry.api.v1.shapes import PluginList, PluginShape, StatsShape, TopList
from registry.api.views import ApiView, get_actor
from registry.documents import join_counters
from registry.models import Plugin
from registry.queries import MAX_LIMIT, MAX_PAGE, Page


def build_page(page: Page) -> dict[str, Any]:
    """A list of plugins with its pagination."""
    return {
        "plugins": [join_counters(plugin) for plugin in page.plugins],
        "pagination": {
            "total": page.total,
            "pages": page.pages,
            "current": page.number,
            "hasMore": page.has_more,
        },
    }


class _ShortListView(ApiView):
    """One fixed order of the catalogue, its first few."""

    sort = "downloads"

    def respond(self, request: Request) -> HttpResponse:
        """The list."""
        limit = read_number(request, "limit", 20, MAX_LIMIT)
        found = queries.list_top(self.sort, limit)
        return respond_json(request, {"plugins": [join_counters(plugin) for plugin in found]})


class FeaturedView(_ShortListView):
    """What the moderators chose."""

    sort = "featured"

    @extend_schema(operation_id="listFeatured", parameters=[PAGING[1]], responses=TopList)
    def get(self, request: Request) -> HttpResponse:
        """Featured plugins, those that were chosen last first."""
        return self.respond(request)


class PopularView(_ShortListView):
    """What is used most."""

    @extend_schema(operation_id="listPopular", parameters=[PAGING[1]], responses=TopList)
    def get(self, request: Request) -> HttpResponse:
        """The most downloaded plugins."""
        return self.respond(request)


class RecentView(_ShortListView):
    """What is new."""

    sort = "recent"

    @extend_schema(operation_id="listRecent", parameters=[PAGING[1]], responses=TopList)
    def get(self, request: Request) -> HttpResponse:
        """The plugins that changed last."""
        return self.respond(request)


class PluginView(ApiView):
    """One plugin."""

    @extend_schema(operation_id="getPlugin", parameters=[NAME], responses=PluginShape)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Everything about a plugin that is not about one release."""
        return respond_json(request, join_counters(queries.get_plugin(name)))

    @extend_schema(
        operation_id="editPlugin", parameters=[NAME], request=MetadataBody, responses=PluginShape
    )
    def patch(self, request: Request, name: str) -> HttpResponse:
        """Change fields; null gives one back to the manifest. Needs the scope `manage`."""
        return self._edit(request, name, replace=False)

    @extend_schema(
        operation_id="replacePluginMetadata",
        parameters=[NAME],
        request=MetadataBody,
        responses=PluginShape,
    )
    def put(self, request: Request, name: str) -> HttpResponse:
        """Replace all edits; fields left out go back to the manifest. Needs `manage`."""
        return self._edit(request, name, replace=True)

    def _edit(self, request: Request, name: str, *, replace: bool) -> HttpResponse:
        plugin: Plugin = queries.get_plugin(name)
        actor = get_actor(request, "manage", plugin=plugin.name)
        body = MetadataBody(data=request.data)
        body.is_valid(raise_exception=True)
        edited = edit_plugin(
            actor=actor, plugin=plugin, changes=body.validated_data, replace=replace
        )
        return respond_json(request, join_counters(edited), cache=PRIVATE)


class DependentsView(ApiView):
    """Who needs a plugin."""

    @extend_schema(operation_id="listDependents", parameters=[NAME, *PAGING], responses=PluginList)
    def get(self, request: Request, name: str) -> HttpResponse:
        """The plugins whose newest release depends on this one."""
        page = queries.list_dependents(
            name,
            page=read_number(request, "page", 1, MAX_PAGE),
            limit=read_number(request, "limit", 20, MAX_LIMIT),
        )
        return respond_json(request, build_page(page))


class StatsView(ApiView):
    """How much a plugin is used."""

    @extend_schema(operation_id="getStats", parameters=[NAME], responses=StatsShape)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Downloads by day (UTC) and by version."""
        plugin = queries.get_plugin(name)
        days = queries.list_daily_downloads(plugin)
        return respond_json(
            request,
            {
                "name": plugin.name,
                "downloads": plugin.downloads,
                "weeklyDownloads": plugin.weekly_downloads,
                "days": [{"date": date, "downloads": count} for date, count in days],
                "versions": queries.count_downloads_by_version(plugin),
            },
        )
