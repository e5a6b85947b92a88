"""The URLs that the OpenAPI document describes, without the alias under `/api`."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("marketplace.api.urls")),
    path("api/v1/", include("registry.api.v1.urls")),
]
