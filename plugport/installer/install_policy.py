"""Whether a release may be installed, and whether the user must agree: by trust level (CLI-2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from plugport.client.models import Release


class Policy(StrEnum):
    """What an installation requires: nothing, a notice, consent; or it is blocked."""

    AUTO = "auto"
    NOTICE = "notice"
    ASK = "ask"
    BLOCK = "block"


class Decision(Struct, frozen=True):
    """A policy and the sentence that explains it to the user."""

    policy: Policy
    reason: str


# For registries that send no `installPolicy`; the same table as on the server.
_POLICY_BY_TRUST: Mapping[str, Policy] = {
    "official": Policy.AUTO,
    "verified": Policy.AUTO,
    "community": Policy.NOTICE,
    "experimental": Policy.ASK,
    "untrusted": Policy.BLOCK,
}
_TRUST_REASONS: Mapping[str, str] = {
    "official": "maintained by the owner of the registry",
    "verified": "reviewed by the registry, which verified the author's identity",
    "community": "it passed automated checks; nobody has reviewed it",
    "experimental": "only its manifest was validated",
    "untrusted": "nothing was validated",
}
_STATE_REASONS: Mapping[str, str] = {
    "checking": "its checks are still running",
    "held": "it is waiting for a moderator's review",
    "staged": "it is waiting for the approval of its owners",
    "rejected": "the registry rejected it",
    "quarantined": "the registry quarantined it",
    "revoked": "the registry revoked it",
}


def decide_install(release: Release) -> Decision:
    """The policy for installing a release.

    A release that is not published is blocked. Otherwise the registry's `installPolicy` decides,
    and without one the trust level. An unknown policy or level requires consent.
    """
    label = f"`{release.name}@{release.version}`"
    # Before the policy: a registry that blocks a release might still send a lenient policy.
    state, verdict = release.data["state"], release.data["stateReason"]
    if state != "published":
        reason = _STATE_REASONS.get(state, f"its state is `{state}`")
        details = f" ({verdict})" if verdict else ""
        return Decision(Policy.BLOCK, f"{label} cannot be installed: {reason}{details}")
    # A missing trust level must not be better than the lowest one.
    trust = release.data["trust"] or "untrusted"
    meaning = _TRUST_REASONS.get(trust, "this version of Plugport does not support the trust level")
    reason = f"{label} is {trust}: {meaning}"
    if release.data["installPolicy"]:
        return Decision(_parse_policy(release.data["installPolicy"]), reason)
    return Decision(_POLICY_BY_TRUST.get(trust, Policy.ASK), reason)


def _parse_policy(text: str) -> Policy:
    try:
        return Policy(text)
    except ValueError:
        return Policy.ASK
