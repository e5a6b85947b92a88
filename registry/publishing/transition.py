"""The one place that changes a release's state."""

from __future__ import annotations

from django.db import transaction

from accounts.audit import record_act
from accounts.models import User
from registry.errors import TransitionError
from registry.models import Release
from registry.publishing.states import TRANSITIONS, ReleaseState, can_change


def move_release(
    release: Release, to: ReleaseState, *, actor: User | None, reason: str = ""
) -> None:
    """Change the state along the table, write the audit entry; nothing else.

    Call it inside a transaction. The update names the state it starts from, so of two callers
    exactly one succeeds. Raises `TransitionError` for a change the table does not allow, or that
    somebody else made first. `actor` None is the pipeline itself.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a state changes inside a transaction")
    before = ReleaseState(release.state)
    moved = can_change(before, to) and Release.objects.filter(pk=release.pk, state=before).update(
        state=to, verdict_reason=reason[:500]
    )
    if not moved:
        allowed = ", ".join(sorted(TRANSITIONS[before])) or "nothing"
        raise TransitionError(
            f"`{release}` is {before}; it cannot become {to}.",
            hint=f"From {before} it may become {allowed}.",
            context={"state": str(before)},
        )
    release.state = to
    release.verdict_reason = reason[:500]
    record_act(
        actor=actor, action=f"release.{to}", target=str(release), before=str(before), reason=reason
    )
