"""Claims to plugins and scopes of others."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.transfers import TRANSFER_KINDS, TransferParty
from plugport.spec.api.values import CLAIM_KINDS, CLAIM_STATES, describe, one_of


class ClaimParties(TypedDict):
    """What the claimant, the owners and moderators read, and nobody else."""

    claimant: str
    reason: str
    evidence: list[str]
    objection: Annotated[str, describe("Of an owner; empty without one.")]


class Claim(TypedDict):
    """What an account says of a plugin or scope of others, and what became of it."""

    id: int
    target: Annotated[str, one_of(TRANSFER_KINDS)]
    name: Annotated[str, describe("The plugin, or the scope with `@`.")]
    kind: Annotated[str, one_of(CLAIM_KINDS)]
    receiver: TransferParty
    state: Annotated[str, one_of(CLAIM_STATES)]
    createdAt: str
    answerBy: Annotated[
        str, describe("Until then the owners can answer; then a moderator decides.")
    ]
    decidedAt: Annotated[str | None, describe("When a moderator decided; null for all others.")]
    decision: Annotated[str, describe("The reason of the moderator; empty without a decision.")]
    transfer: Annotated[str | None, describe("The state of the transfer that followed, or null.")]
    parties: Annotated[ClaimParties | None, describe("Null for those who have no part in it.")]


class ClaimList(TypedDict):
    claims: Annotated[list[Claim], describe("The newest first, at most 100.")]


class Adoption(TypedDict):
    name: str
    seeksAdoption: bool
