"""The JSON of claims."""

from __future__ import annotations

from common.times import format_time
from plugport.spec.api import claims as api
from registry.models import Claim


def build_claim(claim: Claim, *, has_parties: bool) -> api.Claim:
    """Return a claim whose parties and target are loaded; `has_parties` adds what they wrote."""
    decided = claim.decided_at
    return {
        "id": claim.pk,
        "target": "plugin" if claim.plugin_id is not None else "scope",
        "name": claim.target,
        "kind": claim.kind,
        "receiver": {"name": claim.receiver.name, "kind": claim.receiver.kind},
        "state": claim.state,
        "createdAt": format_time(claim.created_at),
        "answerBy": format_time(claim.answer_by),
        "decidedAt": format_time(decided) if decided is not None else None,
        "decision": claim.decision,
        "transfer": claim.transfer.state if claim.transfer is not None else None,
        "parties": {
            "claimant": claim.claimant.username,
            "reason": claim.reason,
            "evidence": claim.evidence.splitlines(),
            "objection": claim.objection,
        }
        if has_parties
        else None,
    }
