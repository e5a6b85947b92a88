"""States change along one table, in one place, once (REL-4)."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import transaction

from accounts.models import AuditEntry, User
from registry.errors import TransitionError
from registry.journal import append_entry
from registry.models import Release
from registry.publishing.states import DECIDED_STATES, PUBLIC_STATES, ReleaseState, can_change
from registry.publishing.transition import move_release
from tests.support.publishing import make_package, publish_bytes

S = ReleaseState
ALLOWED = {
    (S.CHECKING, S.PUBLISHED),
    (S.CHECKING, S.HELD),
    (S.CHECKING, S.REJECTED),
    (S.HELD, S.PUBLISHED),
    (S.HELD, S.REJECTED),
    (S.PUBLISHED, S.QUARANTINED),
    (S.PUBLISHED, S.REVOKED),
    (S.QUARANTINED, S.PUBLISHED),
    (S.QUARANTINED, S.REVOKED),
}


@pytest.fixture
def release(owner: User) -> Release:
    return publish_bytes(owner, make_package())


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_every_pair_of_states(release: Release, before: S, after: S) -> None:
    Release.objects.filter(pk=release.pk).update(state=before)
    release.refresh_from_db()
    assert can_change(before, after) == ((before, after) in ALLOWED)
    if (before, after) in ALLOWED:
        move_release(release, after, actor=None, reason="because")
        release.refresh_from_db()
        assert (release.state, release.verdict_reason) == (after, "because")
        entry = AuditEntry.objects.get(action=f"release.{after}")
        assert entry.actor_name == "system"
        assert entry.details == {"before": before, "reason": "because"}
        return
    with pytest.raises(TransitionError) as caught:
        move_release(release, after, actor=None)
    assert caught.value.context["state"] == before
    assert str(before) in str(caught.value.hint)
    release.refresh_from_db()
    assert release.state == before
    assert not AuditEntry.objects.filter(action=f"release.{after}").exists()


def test_two_callers_with_the_same_picture_get_one_change(release: Release, owner: User) -> None:
    other = Release.objects.get(pk=release.pk)
    move_release(release, S.PUBLISHED, actor=owner)
    with pytest.raises(TransitionError):
        move_release(other, S.REJECTED, actor=owner)
    other.refresh_from_db()
    assert other.state == S.PUBLISHED
    assert AuditEntry.objects.get(action="release.published").actor_name == owner.username


def test_long_reasons_are_cut_to_their_column(release: Release) -> None:
    move_release(release, S.HELD, actor=None, reason="x" * 900)
    release.refresh_from_db()
    assert release.verdict_reason == "x" * 500


def test_every_state_is_public_decided_or_neither() -> None:
    assert set(S) - set(DECIDED_STATES) == {S.CHECKING}
    assert set(PUBLIC_STATES) == {S.PUBLISHED, S.QUARANTINED, S.REVOKED}


def test_states_and_journal_change_inside_transactions_only() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        move_release(Release(state=S.CHECKING), S.HELD, actor=None)
    with pytest.raises(transaction.TransactionManagementError):
        append_entry("plugin.edited", "@acme/chat")
