"""The CI systems whose identity tokens are understood, one module each."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.trusted_publishing.providers.base import Configuration, Ids, Provider
from accounts.trusted_publishing.providers.generic import GenericProvider
from accounts.trusted_publishing.providers.github import GitHubProvider
from accounts.trusted_publishing.providers.gitlab import GitLabProvider

PROVIDERS: Mapping[str, Provider] = {
    provider.key: provider for provider in (GitHubProvider(), GitLabProvider(), GenericProvider())
}

__all__ = ["PROVIDERS", "Configuration", "Ids", "Provider"]
