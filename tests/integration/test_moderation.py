"""Decisions of moderators: who may take them, from which states, with what effect (REL-4)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from accounts.models import AuditEntry, User
from registry.actions.moderate_release import (
    approve_release,
    quarantine_release,
    reject_release,
    restore_release,
    revoke_release,
)
from registry.errors import NotMemberError, TransitionError
from registry.models import Job, JournalEntry, Release
from registry.models.states import ReleaseState
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_module_packages")]

S = ReleaseState
Act = Callable[..., None]
# For each decision: the states from which it is allowed, and the resulting state.
DECISIONS: dict[Act, tuple[set[S], S]] = {
    approve_release: ({S.HELD}, S.PUBLISHED),
    reject_release: ({S.HELD}, S.REJECTED),
    quarantine_release: ({S.PUBLISHED}, S.QUARANTINED),
    restore_release: ({S.QUARANTINED}, S.PUBLISHED),
    revoke_release: ({S.PUBLISHED, S.QUARANTINED}, S.REVOKED),
}


@pytest.fixture(scope="module")
def undecided(module_publisher: Publisher) -> Release:
    """A release in the state `checking` that no job will check."""
    release = publish_bytes(module_publisher.actor, build_package("@acme/undecided"))
    Job.objects.all().delete()
    return release


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The publisher."""
    return module_publisher.copy_actor()


@pytest.fixture
def release(undecided: Release, db: None) -> Release:
    return Release.objects.get(pk=undecided.pk)


@pytest.mark.parametrize(("act", "before"), list(product(DECISIONS, S)))
def test_every_decision_from_every_state(
    release: Release, moderator: User, act: Act, before: S
) -> None:
    Release.objects.filter(pk=release.pk).update(state=before)
    release.refresh_from_db()
    sources, target = DECISIONS[act]
    if before not in sources:
        with pytest.raises(TransitionError):
            act(actor=moderator, release=release, reason="because")
        release.refresh_from_db()
        assert release.state == before
        assert not JournalEntry.objects.exists()
        return
    act(actor=moderator, release=release, reason="because")
    release.refresh_from_db()
    assert (release.state, release.verdict_reason) == (target, "because")
    entry = AuditEntry.objects.get(action=f"release.{target}")
    assert (entry.actor, entry.details["reason"]) == (moderator, "because")


@pytest.mark.parametrize("act", DECISIONS)
def test_owners_cannot_moderate_their_own_releases(owner: User, release: Release, act: Act) -> None:
    for state in S:
        Release.objects.filter(pk=release.pk).update(state=state)
        release.refresh_from_db()
        with pytest.raises(NotMemberError):
            act(actor=owner, release=release, reason="mine")
    assert not AuditEntry.objects.filter(action__in=[f"release.{s}" for s in S]).exists()


def test_a_decision_affects_one_release_only(publisher: Publisher, moderator: User) -> None:
    first = publisher.publish(version="1.0.0")
    second = publisher.publish(version="1.1.0")
    quarantine_release(actor=moderator, release=second, reason="look")
    first.refresh_from_db()
    assert (first.state, second.state) == (S.PUBLISHED, S.QUARANTINED)
    assert first.is_served
    assert not second.is_served


def test_a_quarantine_keeps_the_time_of_publication(publisher: Publisher, moderator: User) -> None:
    release = publisher.publish()
    published_at = release.published_at
    quarantine_release(actor=moderator, release=release, reason="look")
    restore_release(actor=moderator, release=release, reason="fine")
    release.refresh_from_db()
    assert release.published_at == published_at
    assert release.trust == "community"
