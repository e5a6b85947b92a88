"""`/plugins/<name>` and `/plugins/<name>/<version>`: everything one must know before installing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from marketplace.queries import PluginPage, read_plugin
from marketplace.readme import SourceTree, render_readme
from marketplace.words import describe_kind_fields, describe_permissions
from registry.checks import get_check_title
from registry.documents import build_deprecation, get_shown_metadata

_SHOWN_FILES = 1_000


@require_safe
def show_plugin(request: HttpRequest, name: str) -> HttpResponse:
    """The plugin at its newest release."""
    return render(request, "pages/plugin.html", build_context(read_plugin(name)))


@require_safe
def show_release(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """One release; a dist-tag leads to the version it names."""
    page = read_plugin(name, version)
    if page.release.version != version:
        return redirect("release", name=page.plugin.name, version=page.release.version)
    return render(request, "pages/plugin.html", build_context(page) | {"is_version_page": True})


def build_context(page: PluginPage) -> dict[str, Any]:
    """What the template shows of a plugin and a release."""
    release, manifest = page.release, page.manifest
    contents = release.contents
    dependencies = _list_dependencies(page)
    return {
        "page": page,
        "plugin": page.plugin,
        "release": release,
        "shown": get_shown_metadata(page.plugin, manifest),
        "deprecation": build_deprecation(release),
        "readme": render_readme(
            contents.readme,
            path=contents.readme_path,
            tree=SourceTree.find(manifest.get("repository")),
        ),
        "versions": [
            (each, page.tags_by_version.get(each.version, []), next(iter(each.artifacts.all())))
            for each in page.versions
        ],
        "checks": [(run, get_check_title(run.name)) for run in page.checks],
        "permissions": describe_permissions(manifest.get("permissions", {})),
        "kind_fields": describe_kind_fields(manifest),
        "dependencies": dependencies,
        "dependency_count": sum(len(rows) for _title, rows in dependencies),
        "files": contents.files[:_SHOWN_FILES],
        "files_left": max(0, len(contents.files) - _SHOWN_FILES),
    }


def _list_dependencies(page: PluginPage) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Groups of (name, range, whether this registry has it), those that are not empty."""
    needs = page.manifest.get("dependencies", {})
    titles = (("plugins", "Plugins"), ("packages", "Packages"), ("peer", "Expected of the host"))
    groups = []
    for key, title in titles:
        rows = [
            (name, wanted, key == "plugins" and name in page.known_names)
            for name, wanted in sorted(needs.get(key, {}).items())
        ]
        if rows:
            groups.append((title, rows))
    return groups
