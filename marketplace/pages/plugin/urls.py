"""The addresses of a plugin's pages. Words come before versions: no version is called like them."""

from __future__ import annotations

from django.urls import path

import registry.api.v1.urls  # noqa: F401  -- registers the converters `plugin` and `release`
from marketplace.pages.plugin import views

_ONE = "plugins/<plugin:name>"
_RELEASE = f"{_ONE}/<release:version>"

urlpatterns = [
    path(_ONE, views.show_readme, name="plugin"),
    path(f"{_ONE}/versions", views.show_versions, name="versions"),
    path(f"{_ONE}/dependencies", views.show_dependencies, name="dependencies"),
    path(f"{_ONE}/dependents", views.show_dependents, name="dependents"),
    path(f"{_ONE}/files", views.show_files, name="files"),
    path(f"{_ONE}/files/<path:path>", views.show_files, name="file"),
    path(f"{_ONE}/compare", views.show_compare, name="compare"),
    path(f"{_ONE}/security", views.show_security, name="security"),
    path(f"{_ONE}/stats", views.show_stats, name="stats"),
    path(_RELEASE, views.show_readme, name="release"),
    path(f"{_RELEASE}/dependencies", views.show_dependencies, name="release-dependencies"),
    path(f"{_RELEASE}/files", views.show_files, name="release-files"),
    path(f"{_RELEASE}/files/<path:path>", views.show_files, name="release-file"),
    path(f"{_RELEASE}/security", views.show_security, name="release-security"),
]
