"""What the members of a plugin can do about a release in each state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry.actions.decide_staged import STAGED_DAYS
from registry.models.states import ReleaseState

_RAISE = "Publish a corrected release with a higher version."

NEXT_STEPS: Mapping[ReleaseState, Sequence[str]] = {
    ReleaseState.CHECKING: (),
    ReleaseState.PUBLISHED: (),
    ReleaseState.HELD: (
        "You do not have to do anything. A moderator decides, and the owners get a mail.",
        f"If the findings are right, do not wait. {_RAISE}",
    ),
    ReleaseState.STAGED: (
        "Look at the findings, the files and the changes.",
        f"Owners and maintainers approve it here or with `plugport approve`, within {STAGED_DAYS} days.",
    ),
    ReleaseState.REJECTED: (
        "Fix the problems that the findings name.",
        "Run `plugport validate` to check the plugin on your machine.",
        "Run `plugport publish` again. The version may stay the same.",
    ),
    ReleaseState.QUARANTINED: (f"If the reason is right, do not wait for the decision. {_RAISE}",),
    ReleaseState.REVOKED: (
        f"If the reason is right, fix it. {_RAISE} This version cannot be published again.",
    ),
}
