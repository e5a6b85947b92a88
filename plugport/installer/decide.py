"""May this release be installed, and who has to agree? Trust decides (CLI-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from plugport.client.models import Release


class Policy(StrEnum):
    """What an installation needs: nothing, a notice, a yes; or it does not happen."""

    AUTO = "auto"
    NOTICE = "notice"
    ASK = "ask"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Decision:
    """A policy and the sentence that explains it to a person."""

    policy: Policy
    reason: str


_BY_TRUST: Mapping[str, Policy] = {
    "official": Policy.AUTO,
    "verified": Policy.AUTO,
    "community": Policy.NOTICE,
    "experimental": Policy.ASK,
    "untrusted": Policy.BLOCK,
}
_REASONS: Mapping[str, str] = {
    "official": "maintained by the owner of the registry",
    "verified": "reviewed by the registry, its author's identity is verified",
    "community": "automated checks passed; nobody has reviewed it",
    "experimental": "only its manifest was validated",
    "untrusted": "nothing about it was validated",
}
_STATES: Mapping[str, str] = {
    "checking": "its checks are still running",
    "held": "it waits for a moderator",
    "rejected": "the registry rejected it",
    "quarantined": "the registry has put it in quarantine",
    "revoked": "the registry has revoked it for good",
}


def decide_install(release: Release) -> Decision:
    """What installing a release needs.

    The state comes first: what is not published is blocked, whatever else is said. Then the
    registry's own `installPolicy`, then the trust level. A level or policy that this version does
    not know asks, for it cannot be judged.
    """
    label = f"`{release.name}@{release.version}`"
    # Before the policy: a registry that blocks a release may have forgotten to say so there.
    if release.state != "published":
        why = _STATES.get(release.state, f"its state is `{release.state}`")
        told = f" ({release.state_reason})" if release.state_reason else ""
        return Decision(Policy.BLOCK, f"{label} cannot be installed: {why}{told}")
    # Silence is no trust.
    trust = release.trust or "untrusted"
    meaning = _REASONS.get(trust, "a trust level that this version of Plugport does not know")
    reason = f"{label} is {trust}: {meaning}"
    if release.install_policy is not None:
        return Decision(_read_policy(release.install_policy), reason)
    return Decision(_BY_TRUST.get(trust, Policy.ASK), reason)


def _read_policy(text: str) -> Policy:
    try:
        return Policy(text)
    except ValueError:
        return Policy.ASK
