"""The CI jobs that may publish a plugin, and the tokens they get."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.values import CI_PROVIDERS, describe, one_of


class TrustedPublisher(TypedDict):
    """A CI job that may publish. Texts that do not apply to its provider are null."""

    id: int
    plugin: str
    pending: Annotated[bool, describe("The plugin does not exist yet; its name is not reserved.")]
    provider: Annotated[str, one_of(CI_PROVIDERS)]
    issuer: str
    repository: str | None
    repositoryId: Annotated[
        str | None, describe("Its permanent id; null until the first identity token tells it.")
    ]
    ownerId: Annotated[str | None, describe("The permanent id of the repository's owner.")]
    workflow: str | None
    environment: str | None
    claims: Annotated[dict[str, str], describe("The claims of a generic issuer's token.")]
    addedBy: Annotated[
        str,
        describe("The account in whose name the job publishes, while it may manage the plugin."),
    ]
    createdAt: str
    lastUsedAt: str | None


class TrustedPublisherList(TypedDict):
    publishers: list[TrustedPublisher]


class PublishingRules(TypedDict):
    name: str
    trustedPublishingOnly: Annotated[bool, describe("Tokens of people cannot publish.")]
    stageTrustedReleases: Annotated[bool, describe("Releases of CI jobs wait for approval.")]


class PluginPublishing(PublishingRules):
    publishers: list[TrustedPublisher]


class RegisteredIssuer(TypedDict):
    """An issuer whose jobs may publish plugins of its owner, as their trusted publishers say."""

    id: int
    owner: str
    url: str
    createdAt: str


class RegisteredIssuerList(TypedDict):
    issuers: list[RegisteredIssuer]


class MintedToken(TypedDict):
    """A token that publishes one plugin, for 15 minutes."""

    token: str
    plugin: str
    expiresAt: str
