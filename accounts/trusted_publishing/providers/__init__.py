"""The CI systems whose identity tokens are understood, one module each."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from accounts.trusted_publishing.providers.base import Configuration, Ids, Provider
from accounts.trusted_publishing.providers.generic import GenericProvider
from accounts.trusted_publishing.providers.github import GitHubProvider
from accounts.trusted_publishing.providers.gitlab import GitLabProvider

PROVIDERS: Mapping[str, Provider] = {
    provider.key: provider for provider in (GitHubProvider(), GitLabProvider(), GenericProvider())
}


def find_namespace_id(namespace: str) -> str:
    """Ask the code host of `HOST/NAME` for the permanent id of that account or group now: 1 request.

    "" if the host is not one of `CI_ISSUERS`, does not respond, or shows the id to nobody.
    """
    host, _, name = namespace.partition("/")
    for key, issuers in settings.CI_ISSUERS.items():
        for issuer in issuers:
            if PROVIDERS[key].get_code_host(issuer) == host:
                return PROVIDERS[key].find_namespace_id(issuer, name)
    return ""


__all__ = ["PROVIDERS", "Configuration", "Ids", "Provider", "find_namespace_id"]
