"""The root URL patterns."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from common.gateway_protocol import RECORDS_PATH
from config import health
from config.caching.records import record_cached_responses
from registry.api.schema import OpenApiView

urlpatterns = [
    path("healthz", health.respond_liveness),
    path("readyz", health.respond_readiness),
    path(RECORDS_PATH.removeprefix("/"), record_cached_responses),
    path("status", health.render_status, name="status"),
    path("api/v1/openapi.json", OpenApiView.as_view()),
    path("api/openapi.json", OpenApiView.as_view()),
    # First match wins: the search API serves `/plugins`.
    path("api/v1/", include("marketplace.api.urls")),
    path("api/v1/", include("registry.api.v1.urls")),
    path("api/", include("marketplace.api.urls")),
    path("api/", include("registry.api.v1.urls")),
    path("scim/v2/<str:organization>/", include("accounts.api.scim.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.pages.urls")),
    path("", include("marketplace.urls")),
]

handler400 = "config.problems.handle_400"
handler403 = "config.problems.handle_403"
handler404 = "config.problems.handle_404"
# For django-allauth; Django itself has no such handler.
handler429 = "config.problems.handle_429"
handler500 = "config.problems.handle_500"
