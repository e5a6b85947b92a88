"""Every path of the portal."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import health
from registry.api.schema import OpenApiView

urlpatterns = [
    path("healthz", health.answer_alive),
    path("readyz", health.answer_ready),
    path("api/v1/openapi.json", OpenApiView.as_view()),
    # Finding stands before the rest: it answers `/plugins` with the search engine.
    path("api/v1/", include("marketplace.api.urls")),
    path("api/v1/", include("registry.api.v1.urls")),
    path("api/", include("marketplace.api.urls")),
    path("api/", include("registry.api.v1.urls")),
    path("admin/", admin.site.urls),
    path("", include("marketplace.urls")),
]

handler400 = "config.problems.handle_400"
handler403 = "config.problems.handle_403"
handler404 = "config.problems.handle_404"
handler500 = "config.problems.handle_500"
