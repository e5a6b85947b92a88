"""The states of a release and the allowed transitions between them (REL-4)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models


class ReleaseState(models.TextChoices):
    """The state of a release. Yanked and deprecated are flags, not states."""

    CHECKING = "checking"
    PUBLISHED = "published"
    HELD = "held"
    # All checks passed, or a moderator approved it, and its publisher wants a person to publish it.
    STAGED = "staged"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    REVOKED = "revoked"


_S = ReleaseState

TRANSITIONS: Mapping[ReleaseState, frozenset[ReleaseState]] = {
    _S.CHECKING: frozenset({_S.PUBLISHED, _S.HELD, _S.STAGED, _S.REJECTED}),
    # Not to revoked: the public tombstone would name a release that was never public.
    _S.HELD: frozenset({_S.PUBLISHED, _S.STAGED, _S.REJECTED}),
    _S.STAGED: frozenset({_S.PUBLISHED, _S.REJECTED}),
    _S.PUBLISHED: frozenset({_S.QUARANTINED, _S.REVOKED}),
    _S.QUARANTINED: frozenset({_S.PUBLISHED, _S.REVOKED}),
    _S.REJECTED: frozenset(),
    _S.REVOKED: frozenset(),
}

# Visible to everyone: tombstones are public, unfinished and rejected releases are not.
PUBLIC_STATES = (_S.PUBLISHED, _S.QUARANTINED, _S.REVOKED)

# Neither published nor rejected yet. The version is taken until the decision.
UNDECIDED_STATES = (_S.CHECKING, _S.HELD, _S.STAGED)


def can_transition(before: str, after: str) -> bool:
    """Whether the transition is allowed."""
    return ReleaseState(after) in TRANSITIONS[ReleaseState(before)]
