"""Transfers of plugins and scopes to another owner."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.values import OWNER_KINDS, VISIBILITIES, describe, one_of

TRANSFER_KINDS = ("plugin", "scope")
TRANSFER_STATES = (
    *("offered", "accepted", "completed", "declined", "canceled", "expired", "failed"),
)


class TransferParty(TypedDict):
    name: str
    kind: Annotated[str, one_of(OWNER_KINDS)]


class TransferReaders(TypedDict):
    """Who sees the plugins of a visibility after the transfer."""

    visibility: Annotated[str, one_of(VISIBILITIES)]
    plugins: int
    readers: Annotated[str, describe("Who sees them, as a part of a sentence.")]


_Fields = TypedDict("_Fields", {"from": TransferParty, "to": TransferParty})


class Transfer(_Fields, TypedDict):
    """An offer of a plugin, or of a scope with its plugins. Nothing changes before `takesEffectAt`."""

    id: int
    kind: Annotated[str, one_of(TRANSFER_KINDS)]
    name: Annotated[str, describe("The plugin, or the scope with `@`.")]
    state: Annotated[str, one_of(TRANSFER_STATES)]
    offeredBy: str
    createdAt: str
    expiresAt: Annotated[str, describe("Until then it can be accepted.")]
    acceptedAt: str | None
    takesEffectAt: Annotated[
        str | None, describe("Until then both sides can cancel it; null before the acceptance.")
    ]


class OfferedTransfer(Transfer):
    plugins: Annotated[int, describe("How many plugins move.")]
    readers: Annotated[
        list[TransferReaders], describe("Who will see the plugins that are not public.")
    ]


class TransferList(TypedDict):
    transfers: Annotated[
        list[Transfer],
        describe("To and from the account and the organizations that it owns, the newest first."),
    ]
