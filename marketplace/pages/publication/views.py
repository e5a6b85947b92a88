"""The tabs of an upload, its images, and its package."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.pages.current_user import get_signed_in_user
from marketplace.labels import list_permission_groups
from marketplace.pages.checks import build_check_results
from marketplace.pages.images import build_image_response, load_image
from marketplace.pages.plugin.code import build_code_page
from marketplace.pages.plugin.compare import build_comparison_summary, build_file_diff
from marketplace.pages.plugin.files import MAX_LINE_NUMBER, build_path_context
from marketplace.pages.publication import frame
from marketplace.pages.publication.frame import publication_page
from marketplace.pages.publication.next_steps import NEXT_STEPS
from marketplace.queries.plugin_detail import MAX_DEPENDENCIES
from marketplace.readme import render_release_changes, render_release_readme
from registry.api.v1.download import build_package_filename
from registry.api.v1.parameters import get_int_parameter, get_text_parameter
from registry.downloads.sending import Transfer, get_sender
from registry.models import Release
from registry.models.states import ReleaseState
from registry.policies import can_manage_trusted_publishers
from registry.queries.baselines import find_baseline
from registry.queries.catalog import get_artifact, list_checks
from registry.queries.package_files import use_package
from registry.queries.visibility_choices import list_wider_dependencies
from registry.queries.visible import Viewer
from registry.representations.compared_releases import ReleasePair
from registry.visibility import Audience

_DEPENDENCY_TITLES = (
    ("plugins", "Plugins"),
    ("packages", "Language packages"),
    ("peer", "Host packages"),
)
# A document of this origin without an origin of its own, in case a browser shows the package.
_CSP = "default-src 'none'; sandbox"


@publication_page("manifest", "files")
def render_overview(request: HttpRequest, release: Release) -> HttpResponse:
    """`/publications/<id>`: state, reason, next step, findings and permissions: 5 queries, 6 if staged."""
    checks = list_checks(release)
    context = {
        "checks": build_check_results(checks, lambda run: run.findings),
        # A finding may also name a file that the package lacks.
        "linked_paths": {file["path"] for file in release.contents.files},
        "permissions": list_permission_groups(release.contents.manifest.get("permissions", {})),
        "next_steps": NEXT_STEPS[ReleaseState(release.state)],
        "hidden_dependencies": list_wider_dependencies(
            release, Viewer(get_signed_in_user(request))
        ),
        "is_waiting": release.state == ReleaseState.CHECKING,
        "can_approve": release.state == ReleaseState.STAGED
        and can_manage_trusted_publishers(get_signed_in_user(request), release.plugin),
    }
    return frame.render_tab(request, release, frame.OVERVIEW, context)


@publication_page("manifest", "readme", "files", "changelog_entry")
def render_readme(request: HttpRequest, release: Release) -> HttpResponse:
    """`…/readme`: as on the public page of a release: 3 queries."""
    name = release.plugin.name
    context = {
        "readme": render_release_readme(name, release, audience=Audience.MEMBERS),
        "changes": render_release_changes(name, release, audience=Audience.MEMBERS),
    }
    return frame.render_tab(request, release, frame.README, context)


@publication_page("files")
def render_files(request: HttpRequest, release: Release, path: str = "") -> HttpResponse:
    """`…/files` and `…/files/<path>`: a folder or a file: 3 queries.

    1 more for a file of a rejected release, whose text may be stored apart from the package.
    """
    base = frame.build_tab_url(release, frame.FILES)
    context: dict[str, Any] = {
        "base": base,
        "path": path,
        "raw_base": f"{frame.build_tab_url(release, frame.OVERVIEW)}/raw",
        **build_path_context(request.GET, release, path, audience=Audience.MEMBERS),
    }
    return frame.render_tab(request, release, frame.FILES, context, title=path)


@publication_page()
def render_compare(request: HttpRequest, release: Release) -> HttpResponse:
    """`…/compare?file=`: what changed since the release that users have: 5 queries.

    1 less if the comparison is stored, 1 more for a file, 2 more for one of a rejected release.
    """
    before = find_baseline(release)
    context: dict[str, Any] = {"before": before, "after": release}
    if before is not None:
        before.plugin = release.plugin
        pair = ReleasePair(before, release, Audience.MEMBERS)
        summary = build_comparison_summary(pair)
        path = get_text_parameter(request.GET, "file")
        context |= {
            "summary": summary,
            "diff": build_file_diff(pair, summary, path) if path else None,
            "compare_address": frame.build_tab_url(release, frame.COMPARE),
            "file_query": "?file=",
            "before_files": reverse("release-files", args=[release.plugin.name, before.version]),
            "after_files": frame.build_tab_url(release, frame.FILES),
        }
    return frame.render_tab(request, release, frame.COMPARE, context)


@publication_page("manifest", "manifest_text", "warnings")
def render_manifest(request: HttpRequest, release: Release) -> HttpResponse:
    """`…/manifest`: warnings, dependencies and the text as sent: 3 queries."""
    contents = release.contents
    start = get_int_parameter(request.GET, "start", 1, MAX_LINE_NUMBER)
    needs = contents.manifest.get("dependencies", {})
    total = sum(len(group) for group in needs.values())
    context = {
        "path": contents.manifest_path,
        "warnings": contents.warnings,
        "dependencies": [
            (title, sorted(needs[key].items())[:MAX_DEPENDENCIES])
            for key, title in _DEPENDENCY_TITLES
            if needs.get(key)
        ],
        "dependency_count": total,
        "code": build_code_page(contents.manifest_text, contents.manifest_path, start=start),
    }
    return frame.render_tab(request, release, frame.MANIFEST, context)


@publication_page("files")
def serve_image(request: HttpRequest, release: Release, path: str) -> HttpResponseBase:
    """`…/raw/<path>`: an image of the release: 3 queries, 4 if the release was rejected.

    Raises like `load_image`.
    """
    content, media_type = load_image(release, path, audience=Audience.MEMBERS)
    return build_image_response(request, content, media_type, etag="", cache="no-store")


@publication_page()
def send_package(request: HttpRequest, release: Release) -> HttpResponseBase:
    """`…/package`: the package as it was sent: 3 queries. It counts as no download.

    Raises `PackageDeletedError` and `StorageError`.
    """
    headers = {
        "Content-Type": "application/gzip",
        "Content-Disposition": f'attachment; filename="{build_package_filename(release)}"',
        "Content-Security-Policy": _CSP,
        "X-Content-Type-Options": "nosniff",
    }
    size_bytes = get_artifact(release).size_bytes

    def send(key: str) -> HttpResponseBase:
        transfer = Transfer(key, size_bytes, headers)
        if request.method == "HEAD":
            return HttpResponse(headers=transfer.build_range_headers())
        return get_sender().send(transfer)

    return use_package(release, send)
