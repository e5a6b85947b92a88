"""The addresses below `/scim/v2/<organization>/`.

The views load with the first request: they and the library of SCIM take 17 MB in each web process, and
few registries are provisioned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from common.once import built_once


@built_once
def _load_view(name: str) -> Callable[..., HttpResponse]:
    """Import the view, in one thread while the others wait: another would see half of the modules."""
    return cast("Callable[..., HttpResponse]", import_string(f"accounts.api.scim.{name}"))


def _respond_with(name: str) -> Callable[..., HttpResponse]:
    """The view, which is imported when it is called."""

    # Here too, because Django asks this function.
    @csrf_exempt
    def respond(request: HttpRequest, **arguments: Any) -> HttpResponse:
        return _load_view(name)(request, **arguments)

    return respond


urlpatterns = [
    path("ServiceProviderConfig", _respond_with("discovery.config_view")),
    path("ResourceTypes", _respond_with("discovery.types_view")),
    path("ResourceTypes/<str:name>", _respond_with("discovery.type_view")),
    path("Schemas", _respond_with("discovery.schemas_view")),
    path("Schemas/<str:name>", _respond_with("discovery.schema_view")),
    path(".search", _respond_with("discovery.search_view")),
    path("Users", _respond_with("users.users_view")),
    path("Users/<str:public_id>", _respond_with("users.user_view")),
    path("Groups", _respond_with("groups.groups_view")),
    path("Groups/<str:public_id>", _respond_with("groups.group_view")),
    path("Me", _respond_with("users.me_view")),
    path("Bulk", _respond_with("discovery.bulk_view")),
    path("<path:path>", _respond_with("discovery.unknown_view")),
]
