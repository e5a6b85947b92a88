"""The URLconf of the pages about an upload."""

from __future__ import annotations

from django.urls import path

from marketplace.pages.publication import decide, views

_PATH = "publications/<uuid:public_id>"

urlpatterns = [
    path(_PATH, views.render_overview, name="publication"),
    path(f"{_PATH}/decide", decide.decide, name="decide-publication"),
    path(f"{_PATH}/readme", views.render_readme, name="publication-readme"),
    path(f"{_PATH}/files", views.render_files, name="publication-files"),
    path(f"{_PATH}/files/<path:path>", views.render_files, name="publication-file"),
    path(f"{_PATH}/compare", views.render_compare, name="publication-compare"),
    path(f"{_PATH}/manifest", views.render_manifest, name="publication-manifest"),
    path(f"{_PATH}/raw/<path:path>", views.serve_image, name="publication-image"),
    path(f"{_PATH}/package", views.send_package, name="publication-package"),
]
