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
from registry.errors import (
    InvalidMessageError,
    NotMemberError,
    OwnReleaseError,
    TransitionError,
)
from registry.models import Job, JournalEntry, Member, Release, Role, Scope
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


@pytest.mark.parametrize("act", DECISIONS)
def test_moderators_only_quarantine_their_own_releases(
    moderator: User, release: Release, act: Act
) -> None:
    Member.objects.create(plugin=release.plugin, holder=moderator.owner, role=Role.PUBLISHER)
    for state in DECISIONS[act][0]:
        Release.objects.filter(pk=release.pk).update(state=state)
        release.refresh_from_db()
        if act is quarantine_release:
            act(actor=moderator, release=release, reason="hacked")
            continue
        with pytest.raises(OwnReleaseError):
            act(actor=moderator, release=release, reason="mine")
        moderator.is_superuser = True
        act(actor=moderator, release=release, reason="nobody else is here")
        moderator.is_superuser = False


def test_moderators_do_not_decide_on_what_they_published(owner: User, release: Release) -> None:
    """Also after they have left the plugin."""
    User.objects.filter(pk=owner.pk).update(is_moderator=True)
    owner.refresh_from_db()
    Member.objects.filter(holder__user=owner).delete()
    Release.objects.filter(pk=release.pk).update(state=S.HELD)
    release.refresh_from_db()
    with pytest.raises(OwnReleaseError):
        approve_release(actor=owner, release=release, reason="mine")


@pytest.mark.parametrize("bond", ["scope", "earlier release"])
def test_moderators_leave_no_plugin_to_decide_on_it(
    owner: User, outsider: User, release: Release, bond: str
) -> None:
    """Somebody else has published the release, and the moderator is no longer a member."""
    User.objects.filter(pk=owner.pk).update(is_moderator=True)
    owner.refresh_from_db()
    Member.objects.filter(holder__user=owner).delete()
    if bond == "scope":
        Release.objects.filter(plugin=release.plugin).update(published_by=outsider)
    else:
        Scope.objects.filter(plugins=release.plugin).update(owner=outsider.owner)
        Release.objects.create(
            plugin=release.plugin,
            version="1.0.1",
            precedence="1.0.1",
            sort_key=b"1",
            published_by=outsider,
        )
    held = release.plugin.releases.latest("id")
    Release.objects.filter(pk=held.pk).update(state=S.HELD)
    held.refresh_from_db()
    with pytest.raises(OwnReleaseError):
        reject_release(actor=owner, release=held, reason="mine")
    assert held.published_by == outsider


@pytest.mark.parametrize("act", DECISIONS)
@pytest.mark.parametrize(
    "reason",
    [
        "",
        " \n ",
        "x" * 501,
        "one\x1b[2Jtwo",
        "a\x00b",
        "left\u202eright",
        "in\u200bvisible",
        "\u3164",
    ],
    ids=["empty", "blank", "long", "escape", "nul", "bidi", "zero width", "filler"],
)
def test_every_decision_needs_a_readable_reason(
    release: Release, moderator: User, act: Act, reason: str
) -> None:
    before = next(iter(DECISIONS[act][0]))
    Release.objects.filter(pk=release.pk).update(state=before)
    release.refresh_from_db()
    with pytest.raises(InvalidMessageError) as caught:
        act(actor=moderator, release=release, reason=reason)
    assert caught.value.fields[0].field == "reason"
    release.refresh_from_db()
    assert release.state == before


def test_reasons_are_one_line(publisher: Publisher, moderator: User) -> None:
    release = publisher.publish()
    quarantine_release(actor=moderator, release=release, reason=" It reads\r\n  keys. 🏴‍☠️ \n")
    assert release.verdict_reason == "It reads keys. 🏴‍☠️"
    revoke_release(actor=moderator, release=release, reason="é" * 500)
    assert release.verdict_reason == "é" * 500


def test_the_decision_of_somebody_else_is_named(publisher: Publisher, moderator: User) -> None:
    release = publisher.publish()
    seen = Release.objects.get(pk=release.pk)
    quarantine_release(actor=moderator, release=release, reason="look")
    with pytest.raises(TransitionError, match="was published and is quarantined now"):
        revoke_release(actor=moderator, release=seen, reason="bad")


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
