"""The URLconf of a plugin's pages.

The tabs come before the versions. That is unambiguous: a version starts with a digit, and the names
of the tabs are reserved as dist-tags.
"""

from __future__ import annotations

from django.urls import path

import registry.api.v1.urls  # noqa: F401  -- registers the converters `plugin` and `release`
from marketplace.pages.plugin import audit_log, owners, publishing, transfer, views, visibility

_PLUGIN_PATH = "plugins/<plugin:name>"
_RELEASE_PATH = f"{_PLUGIN_PATH}/<release:version>"

urlpatterns = [
    path(_PLUGIN_PATH, views.render_readme, name="plugin"),
    path(f"{_PLUGIN_PATH}/versions", views.render_versions, name="versions"),
    path(f"{_PLUGIN_PATH}/dependencies", views.render_dependencies, name="dependencies"),
    path(f"{_PLUGIN_PATH}/dependents", views.render_dependents, name="dependents"),
    path(f"{_PLUGIN_PATH}/files", views.render_files, name="files"),
    path(f"{_PLUGIN_PATH}/files/<path:path>", views.render_files, name="file"),
    path(f"{_PLUGIN_PATH}/compare", views.render_compare, name="compare"),
    path(f"{_PLUGIN_PATH}/security", views.render_security, name="security"),
    path(f"{_PLUGIN_PATH}/stats", views.render_stats, name="stats"),
    path(f"{_PLUGIN_PATH}/visibility", visibility.render_plugin_visibility, name="visibility"),
    path(f"{_PLUGIN_PATH}/owners", owners.render_owners, name="owners"),
    path(f"{_PLUGIN_PATH}/owners/log", audit_log.render_plugin_log, name="plugin-log"),
    path(
        f"{_PLUGIN_PATH}/owners/log/export",
        audit_log.export_plugin_log,
        name="plugin-log-export",
    ),
    path(f"{_PLUGIN_PATH}/publishing", publishing.render_publishing, name="publishing"),
    path(f"{_PLUGIN_PATH}/transfer", transfer.render_plugin_transfer, name="plugin-transfer"),
    path(_RELEASE_PATH, views.render_readme, name="release"),
    path(f"{_RELEASE_PATH}/dependencies", views.render_dependencies, name="release-dependencies"),
    path(f"{_RELEASE_PATH}/files", views.render_files, name="release-files"),
    path(f"{_RELEASE_PATH}/files/<path:path>", views.render_files, name="release-file"),
    path(f"{_RELEASE_PATH}/security", views.render_security, name="release-security"),
]
