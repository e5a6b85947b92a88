"""The one place that changes a release's state."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from plugport.spec.text import shorten_text
from registry.errors import TransitionError
from registry.models import Release
from registry.models.states import TRANSITIONS, ReleaseState, can_transition
from registry.publishing.decision_mails import add_decision_mails
from registry.publishing.purge import enqueue_purge

MAX_REASON_CHARS = 500


def change_release_state(
    release: Release, to: ReleaseState, *, actor: User | None, reason: str = ""
) -> None:
    """Change the state along the table `TRANSITIONS`; write the audit entry and mails to owners.

    A release that becomes blocked is purged from shared caches (`registry.publishing.purge`).
    Call it inside a transaction. `actor` is None for the pipeline itself. Raises `TransitionError`
    for a change that the table does not allow, or when another caller changed the state first. A
    longer `reason` than `MAX_REASON_CHARS` is cut and ends with `…`.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "release states must be changed in a transaction"
        )
    # The texts of findings may be longer.
    reason = shorten_text(reason, MAX_REASON_CHARS)
    before = ReleaseState(release.state)
    # Compare and swap: the update names the state it starts from, so of two callers one succeeds.
    is_changed = can_transition(before, to) and Release.objects.filter(
        pk=release.pk, state=before
    ).update(state=to, verdict_reason=reason)
    if not is_changed:
        raise _build_refusal(release, before, to)
    # Only after the update: an object whose change was refused keeps its state.
    release.state = to
    release.verdict_reason = reason
    if release.is_blocked:
        enqueue_purge(release)
    # The owners' own decisions are not a moderator's.
    is_of_owners = before is ReleaseState.STAGED
    add_decision_mails(
        release,
        to,
        is_by_moderator=actor is not None and not is_of_owners,
        is_of_owners=is_of_owners,
        reason=reason,
    )
    record_audit_entry(
        actor=actor,
        action=f"release.{to}",
        target=release,
        before=str(before),
        after=str(to),
        reason=reason,
    )


def _build_refusal(release: Release, before: ReleaseState, to: ReleaseState) -> TransitionError:
    if can_transition(before, to):
        now = Release.objects.filter(pk=release.pk).values_list("state", flat=True).first()
        return TransitionError(
            f"`{release}` was {before} and is {now or 'deleted'} now.",
            hint="Another decision came first. Load the release again.",
            context={"state": now},
        )
    allowed = ", ".join(sorted(TRANSITIONS[before])) or "nothing"
    return TransitionError(
        f"`{release}` is {before} and cannot become {to}.",
        hint=f"Allowed from {before}: {allowed}.",
        context={"state": str(before)},
    )
