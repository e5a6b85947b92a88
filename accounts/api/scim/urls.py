"""The addresses below `/scim/v2/<organization>/`."""

from __future__ import annotations

from django.urls import path

from accounts.api.scim import discovery, groups, users

urlpatterns = [
    path("ServiceProviderConfig", discovery.config_view),
    path("ResourceTypes", discovery.types_view),
    path("ResourceTypes/<str:name>", discovery.type_view),
    path("Schemas", discovery.schemas_view),
    path("Schemas/<str:name>", discovery.schema_view),
    path(".search", discovery.search_view),
    path("Users", users.users_view),
    path("Users/<str:public_id>", users.user_view),
    path("Groups", groups.groups_view),
    path("Groups/<str:public_id>", groups.group_view),
    path("Me", users.me_view),
    path("Bulk", discovery.bulk_view),
    path("<path:path>", discovery.unknown_view),
]
