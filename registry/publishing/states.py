"""The states of a release and the one table of allowed changes between them (REL-4)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models


class ReleaseState(models.TextChoices):
    """Where a release stands. `yanked` and `deprecated` are flags beside it, not states."""

    CHECKING = "checking"
    PUBLISHED = "published"
    HELD = "held"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    REVOKED = "revoked"


_S = ReleaseState

TRANSITIONS: Mapping[ReleaseState, frozenset[ReleaseState]] = {
    _S.CHECKING: frozenset({_S.PUBLISHED, _S.HELD, _S.REJECTED}),
    # Not to revoked: its tombstone would show what was never published.
    _S.HELD: frozenset({_S.PUBLISHED, _S.REJECTED}),
    _S.PUBLISHED: frozenset({_S.QUARANTINED, _S.REVOKED}),
    _S.QUARANTINED: frozenset({_S.PUBLISHED, _S.REVOKED}),
    _S.REJECTED: frozenset(),
    _S.REVOKED: frozenset(),
}

# Seen by everybody: a tombstone is public, an unfinished or refused release is not.
PUBLIC_STATES = (_S.PUBLISHED, _S.QUARANTINED, _S.REVOKED)
# Decided for good or for now: nobody waits for these any more.
DECIDED_STATES = (_S.PUBLISHED, _S.HELD, _S.REJECTED, _S.QUARANTINED, _S.REVOKED)


def can_change(before: str, after: str) -> bool:
    """Whether the table allows the change."""
    return ReleaseState(after) in TRANSITIONS[ReleaseState(before)]
