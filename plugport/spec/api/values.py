"""Constraints of the declarations on single values beyond their type."""

from __future__ import annotations

from msgspec import Meta

VISIBILITIES = ("public", "internal", "private")
TRUST_LEVELS = ("official", "verified", "community", "experimental", "untrusted")
RELEASE_STATES = ("checking", "published", "held", "staged", "rejected", "quarantined", "revoked")
CHECK_STATES = ("queued", "running", "passed", "failed", "errored")
INSTALL_POLICIES = ("auto", "notice", "ask", "block")
ROLES = ("owner", "maintainer", "publisher")
OWNER_KINDS = ("person", "organization")
ORGANIZATION_ROLES = ("owner", "manager", "member", "billing")
# What groups of an identity provider can give.
GROUP_ROLES = ("manager", "billing")
SSO_KINDS = ("oidc", "saml")
# Before the name of an organization, in the limits of a token.
ORGANIZATION_LIMIT = "org:"
DOMAIN_STATES = ("pending", "proven", "failing")
PROOF_METHODS = ("dns", "file", "job")
TOKEN_SCOPES = ("read", "publish", "manage", "admin")
CI_PROVIDERS = ("github", "gitlab", "oidc")
SEVERITIES = ("note", "warning", "error")
CHANGES = ("added", "removed", "changed", "renamed")
DEPENDENCY_GROUPS = ("plugins", "packages", "peer")


def describe(text: str) -> Meta:
    """Return the description that the OpenAPI document shows for a member."""
    return Meta(description=text)


def one_of(values: tuple[str, ...]) -> Meta:
    """Return the list of values for the OpenAPI document.

    The member stays a plain `str`: the database types these columns so, and a client must be able
    to show a value that only a newer registry has.
    """
    return Meta(extra_json_schema={"enum": list(values)})


CLAIM_KINDS = ("adoption", "name")
CLAIM_STATES = (*("open", "objected", "accepted", "granted", "refused", "reversed", "withdrawn"),)
# Of the texts of the parties of a claim.
MIN_CLAIM_CHARS = 20
MAX_CLAIM_CHARS = 2_000
MAX_CLAIM_LINKS = 5
MAX_LINK_CHARS = 500
# Of the public reasons of moderators, and of what people say about releases.
MAX_MESSAGE_CHARS = 500
CLAIM_ANSWERS = ("withdraw", "accept", "object", "grant", "refuse", "reverse")
