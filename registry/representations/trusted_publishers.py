"""The JSON of trusted publishers, registered issuers and minted tokens."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import RegisteredIssuer
from common.times import format_time
from plugport.spec.api import trusted_publishers as api
from registry.models import Plugin, TrustedPublisher


def build_trusted_publisher(publisher: TrustedPublisher) -> api.TrustedPublisher:
    """Return a trusted publisher whose creator is loaded."""
    return {
        "id": publisher.pk,
        "plugin": publisher.name,
        "pending": publisher.plugin_id is None,
        "provider": publisher.provider,
        "issuer": publisher.issuer,
        "repository": publisher.repository or None,
        "repositoryId": publisher.repository_id or None,
        "ownerId": publisher.owner_id or None,
        "workflow": publisher.workflow or None,
        "environment": publisher.environment or None,
        "claims": publisher.claims,
        "addedBy": publisher.created_by.username,
        "createdAt": format_time(publisher.created_at),
        "lastUsedAt": format_time(publisher.last_used_at),
    }


def build_publisher_list(publishers: Iterable[TrustedPublisher]) -> api.TrustedPublisherList:
    """Return several trusted publishers."""
    return {"publishers": [build_trusted_publisher(each) for each in publishers]}


def build_publishing_rules(plugin: Plugin) -> api.PublishingRules:
    """Return how the plugin may be published."""
    return {
        "name": plugin.name,
        "trustedPublishingOnly": plugin.trusted_publishing_only,
        "stageTrustedReleases": plugin.stages_trusted_releases,
    }


def build_plugin_publishing(
    plugin: Plugin, publishers: Iterable[TrustedPublisher]
) -> api.PluginPublishing:
    """Return how the plugin may be published, and by which CI jobs."""
    return {**build_publishing_rules(plugin), **build_publisher_list(publishers)}


def build_registered_issuer(issuer: RegisteredIssuer) -> api.RegisteredIssuer:
    """Return an issuer whose owner is loaded."""
    return {
        "id": issuer.pk,
        "owner": issuer.owner.name,
        "url": issuer.url,
        "createdAt": format_time(issuer.created_at),
    }
