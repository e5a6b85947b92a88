"""States change along the table of transitions, in one place, once (REL-4)."""

from __future__ import annotations

import pytest
from django.db import transaction

from accounts.models import AuditEntry, User
from registry.errors import TransitionError
from registry.journal import append_entry
from registry.models import Release
from registry.models.states import PUBLIC_STATES, ReleaseState, can_transition
from registry.publishing.transition import change_release_state
from tests.support.publishing import build_package, publish_bytes

S = ReleaseState
ALLOWED = {
    (S.CHECKING, S.PUBLISHED),
    (S.CHECKING, S.HELD),
    (S.CHECKING, S.REJECTED),
    (S.CHECKING, S.STAGED),
    (S.HELD, S.PUBLISHED),
    (S.HELD, S.STAGED),
    (S.STAGED, S.PUBLISHED),
    (S.STAGED, S.REJECTED),
    (S.HELD, S.REJECTED),
    (S.PUBLISHED, S.QUARANTINED),
    (S.PUBLISHED, S.REVOKED),
    (S.QUARANTINED, S.PUBLISHED),
    (S.QUARANTINED, S.REVOKED),
}


@pytest.fixture
def release(owner: User) -> Release:
    return publish_bytes(owner, build_package())


@pytest.mark.parametrize("before", S)
def test_every_pair_of_states(release: Release, before: S) -> None:
    for after in S:
        Release.objects.filter(pk=release.pk).update(state=before, verdict_reason="")
        release.refresh_from_db()
        assert can_transition(before, after) == ((before, after) in ALLOWED), after
        if (before, after) in ALLOWED:
            expect_change(release, before, after)
        else:
            expect_refusal(release, before, after)


def expect_change(release: Release, before: S, after: S) -> None:
    change_release_state(release, after, actor=None, reason="because")
    release.refresh_from_db()
    assert (release.state, release.verdict_reason) == (after, "because")
    entry = AuditEntry.objects.get(action=f"release.{after}")
    assert entry.actor_name == "system"
    assert (entry.before, entry.after, entry.details) == (before, after, {"reason": "because"})


def expect_refusal(release: Release, before: S, after: S) -> None:
    with pytest.raises(TransitionError) as caught:
        change_release_state(release, after, actor=None)
    assert caught.value.context["state"] == before
    assert str(before) in str(caught.value.hint)
    release.refresh_from_db()
    assert release.state == before
    assert not AuditEntry.objects.filter(action=f"release.{after}").exists()


def test_of_two_callers_in_the_same_state_one_succeeds(release: Release, owner: User) -> None:
    other = Release.objects.get(pk=release.pk)
    change_release_state(release, S.PUBLISHED, actor=owner)
    with pytest.raises(TransitionError):
        change_release_state(other, S.REJECTED, actor=owner)
    other.refresh_from_db()
    assert other.state == S.PUBLISHED
    assert AuditEntry.objects.get(action="release.published").actor_name == owner.username


def test_long_reasons_are_cut_to_the_column(release: Release) -> None:
    change_release_state(release, S.HELD, actor=None, reason="x" * 900)
    release.refresh_from_db()
    assert release.verdict_reason == "x" * 499 + "…"


def test_which_states_are_public() -> None:
    assert set(PUBLIC_STATES) == {S.PUBLISHED, S.QUARANTINED, S.REVOKED}


def test_states_and_journal_change_inside_transactions_only() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        change_release_state(Release(state=S.CHECKING), S.HELD, actor=None)
    with pytest.raises(transaction.TransactionManagementError):
        append_entry("plugin.edited", "@acme/chat")
