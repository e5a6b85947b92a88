"""The JSON of plugins and of lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from accounts.domains.namespaces import is_in_namespace
from accounts.models import OwnerDomain
from accounts.queries.domains import list_proofs_of
from common.times import format_time
from plugport.spec.api import plugins as api
from plugport.spec.api.bodies import MetadataBody
from plugport.spec.manifest.authors import find_github_user
from registry.models import Plugin, Release, Trust
from registry.queries.catalog import Page
from registry.representations.domains import build_proof
from registry.representations.pagination import build_pagination
from registry.taxonomy import filter_taxonomy_slugs
from registry.visibility import get_public_text

# The members of `PATCH` and `PUT` of a plugin override those of the manifest.
EDITABLE_FIELDS = tuple(MetadataBody.__annotations__)


def build_public_metadata(plugin: Plugin, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest with the author's edits applied."""
    edits = {name: value for name, value in plugin.metadata.items() if name in EDITABLE_FIELDS}
    return {**manifest, **edits}


def build_plugin_document(
    plugin: Plugin,
    latest: Release | None,
    manifest: Mapping[str, Any],
    *,
    ownership: api.Ownership,
    dist_tags: Mapping[str, str],
) -> api.PluginDocument:
    """Return the part of the plugin's JSON that is stored. Costs no query if its scope is loaded.

    `manifest` is that of the release `latest`. Without a latest release every release is blocked or
    yanked; then the author's descriptions and edits are left out as well.
    """
    metadata = build_public_metadata(plugin, manifest) if latest is not None else {}
    author = metadata.get("author")
    scope = plugin.scope
    return {
        "name": plugin.name,
        "displayName": metadata.get("displayName") or plugin.name,
        "description": metadata.get("description") or "",
        "type": plugin.kind,
        "author": _build_author(author) if author else None,
        **ownership,
        "repository": metadata.get("repository"),
        "homepage": metadata.get("homepage"),
        "license": metadata.get("license"),
        "categories": filter_taxonomy_slugs(metadata.get("categories", [])),
        "tags": filter_taxonomy_slugs(metadata.get("tags", [])),
        "dialect": plugin.dialect,
        "latestVersion": latest.version if latest else None,
        "distTags": dict(dist_tags),
        "trust": plugin.trust,
        "trustScore": None,
        "verified": plugin.trust in (Trust.VERIFIED, Trust.OFFICIAL),
        "official": scope is not None and scope.is_official,
        "deprecated": build_deprecation(latest) if latest else None,
        "registry": settings.REGISTRY_NAME,
        "createdAt": format_time(plugin.created_at),
        "updatedAt": format_time(plugin.updated_at),
    }


def _build_author(author: Mapping[str, Any]) -> api.Author:
    """Return the author in a normalized manifest. Profiles on GitHub may be the author's URL."""
    url = author.get("url")
    value: api.Author = {"name": author["name"], "url": url}
    if github := author.get("github") or find_github_user(url or ""):
        value["github"] = github
    return value


def build_deprecation(release: Release) -> api.Deprecation | None:
    """Return message, replacement and time; None if the release is not deprecated."""
    if release.deprecated_at is None:
        return None
    return {
        "message": get_public_text(release, release.deprecated_message),
        "replacement": get_public_text(release, release.replacement) or None,
        "at": format_time(release.deprecated_at),
    }


def build_plugin_response(plugin: Plugin) -> api.Plugin:
    """Return the plugin's document with its counters.

    The counters are no part of the stored document: each download would rewrite it. Nor is how it may be
    published: documents that are older than that lack it.
    """
    document: api.PluginDocument = plugin.document
    return {
        **document,
        "visibility": plugin.visibility,
        "trustedPublishingOnly": plugin.trusted_publishing_only,
        "downloads": plugin.downloads,
        "weeklyDownloads": plugin.weekly_downloads,
        # The mean, not the Bayesian average by which lists are sorted.
        "rating": round(plugin.rating, 2),
        "ratingCount": plugin.rating_count,
    }


def build_plugin_detail(plugin: Plugin) -> api.PluginDetail:
    """Return the plugin's JSON with what its publisher has proven: 1 query, none without a publisher."""
    document: api.PluginDocument = plugin.document
    publisher = document.get("publisher")
    proofs = list_proofs_of(publisher["name"]) if publisher is not None else []
    return {
        **build_plugin_response(plugin),
        "proofs": [build_proof(each) for each in proofs],
        "repositoryProven": find_repository_proof(document.get("repository"), proofs) is not None,
    }


def find_repository_proof(
    repository: api.Repository | None, proofs: Iterable[OwnerDomain]
) -> OwnerDomain | None:
    """The proven account or group of a code host to which the repository belongs, None without one."""
    if repository is None:
        return None
    url = repository["url"]
    found = (each for each in proofs if each.is_namespace and is_in_namespace(url, each.domain))
    return next(found, None)


def build_top_list(plugins: Iterable[Plugin]) -> api.TopList:
    """Return a list without pages."""
    return {"plugins": [build_plugin_response(plugin) for plugin in plugins]}


def build_page(page: Page) -> api.PluginList:
    """Return one page of a list."""
    return {**build_top_list(page.plugins), "pagination": build_pagination(page)}


def build_term_counts(counts: Iterable[tuple[str, int]]) -> list[api.TermCount]:
    """Return categories or tags with the numbers of their plugins."""
    return [{"name": slug, "count": count} for slug, count in counts]


def build_stats(
    plugin: Plugin, days: Iterable[tuple[str, int]], versions: Mapping[str, int]
) -> api.Stats:
    """Return the downloads of a plugin by day and by version."""
    return {
        "name": plugin.name,
        "downloads": plugin.downloads,
        "weeklyDownloads": plugin.weekly_downloads,
        "days": [{"date": date, "downloads": count} for date, count in days],
        "versions": dict(versions),
    }
