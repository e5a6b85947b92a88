"""Staged publishing: a release that waits for a person (A-05)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEntry, User
from registry.actions.decide_staged import STAGED_DAYS, expire_staged
from registry.actions.moderate_release import approve_release
from registry.jobs.runner import run_pending_jobs
from registry.models import JournalEntry, Member, Plugin, Release, Role
from registry.models.states import ReleaseState
from registry.publishing.decision_mails import send_decision_mails
from registry.storage.local import LocalObjectStore
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

NAME = "@ada/chat"
RELEASE = f"/plugins/{NAME}/2.0.0"


@pytest.fixture(scope="module")
def plugin(module_publisher: Publisher) -> Plugin:
    """A published plugin of `ada`."""
    return module_publisher.publish(NAME).plugin


@pytest.fixture
def owner(db: None, plugin: Plugin, module_publisher: Publisher) -> User:
    """The owner of the plugin."""
    return module_publisher.copy_actor()


def stage(caller: Api, version: str = "2.0.0", name: str = NAME) -> dict[str, Any]:
    """Send a staged release, run its checks, and return its status."""
    response = caller.publish(build_package(name, version), "/plugins?stage=true")
    assert response.status_code == 202, response.content
    run_pending_jobs()
    document: dict[str, Any] = caller.get(response.json()["statusUrl"].partition("8000")[2]).json()
    return document


def test_a_staged_release_waits_for_approval(author: Api, api: Api) -> None:
    status = stage(author)
    assert (status["state"], status["verdict"]) == ("staged", "All checks passed.")
    expect_problem(api.get(RELEASE), 404, "unknown-release")
    expect_problem(api.get(f"{RELEASE}/download"), 404, "unknown-release")
    assert api.get(f"/plugins/{NAME}").json()["latestVersion"] == "1.0.0"
    assert not JournalEntry.objects.filter(version="2.0.0").exists()
    approved = author.post(f"{RELEASE}/approve").json()
    assert (approved["state"], approved["verdict"]) == ("published", "Approved by ada.")
    release = api.get(RELEASE).json()
    assert (release["state"], release["trust"]) == ("published", "community")
    assert api.get(f"{RELEASE}/download").status_code == 200
    assert JournalEntry.objects.get(version="2.0.0").event == "release.published"
    actions = AuditEntry.objects.filter(target=f"{NAME}@2.0.0").order_by("id")
    assert list(actions.values_list("action", "actor_name")) == [
        ("release.recorded", "ada"),
        ("release.staged", "system"),
        ("release.published", "ada"),
    ]
    expect_problem(author.post(f"{RELEASE}/approve"), 409, "state-conflict")
    expect_problem(author.post(f"{RELEASE}/discard"), 409, "state-conflict")


def test_a_new_plugin_can_be_staged(author: Api, api: Api) -> None:
    stage(author, "1.0.0", "@ada/fresh")
    expect_problem(api.get("/plugins/@ada/fresh"), 404, "unknown-plugin")
    author.post("/plugins/@ada/fresh/1.0.0/approve")
    assert api.get("/plugins/@ada/fresh").json()["latestVersion"] == "1.0.0"


def test_a_discarded_version_is_free_again(author: Api, api: Api) -> None:
    stage(author)
    # The same bytes are the same release, and others are refused.
    assert author.publish(build_package(NAME, "2.0.0"), "/plugins?stage=true").status_code == 200
    other = build_package(NAME, "2.0.0", files={"more.txt": "x"})
    expect_problem(author.publish(other), 409, "version-taken")
    assert author.post(f"{RELEASE}/discard").json()["state"] == "rejected"
    assert author.publish(other).status_code == 202
    run_pending_jobs()
    assert api.get(RELEASE).json()["state"] == "published"


def test_owners_and_maintainers_approve(
    plugin: Plugin, author: Api, stranger: Api, judge: Api, api: Api, owner: User
) -> None:
    stage(author)
    people = {}
    for name, role in (("mia", Role.MAINTAINER), ("pat", Role.PUBLISHER)):
        user = create_user(name)
        Member.objects.create(plugin=plugin, holder=user.owner, role=role)
        people[name] = Api(create_api_token(user))
    for action in ("approve", "discard"):
        path = f"{RELEASE}/{action}"
        expect_problem(api.post(path), 401, "unauthenticated")
        for caller in (stranger, judge, people["pat"]):
            expect_problem(caller.post(path), 403, "not-a-member")
        for scope in ("read", "publish"):
            expect_problem(Api(create_api_token(owner, scope)).post(path), 403, "token-scope")
    assert people["mia"].post(f"{RELEASE}/approve").status_code == 200


def test_strangers_do_not_learn_which_versions_wait(
    author: Api, stranger: Api, outsider: User
) -> None:
    stage(author)
    for caller in (stranger, Api(create_api_token(outsider, "read"))):
        for action in ("approve", "discard"):
            answers = {
                caller.post(f"/plugins/{NAME}/{version}/{action}").content
                for version in ("2.0.0", "3.0.0")
            }
            assert len(answers) == 1
    expect_problem(author.post(f"/plugins/{NAME}/3.0.0/approve"), 404, "unknown-release")


def test_members_see_it_and_others_do_not(author: Api, stranger: Api, api: Api) -> None:
    status = stage(author)
    path = f"/publications/{status['id']}"
    assert author.get(path).json()["state"] == "staged"
    expect_problem(stranger.get(path), 404, "unknown-publication")
    versions = author.get(f"/plugins/{NAME}/versions").json()["versions"]
    assert [row["version"] for row in versions] == ["1.0.0"]


def test_a_held_release_is_staged_by_the_moderator(author: Api, moderator: User) -> None:
    status = stage(author)
    release = Release.objects.get(public_id=status["id"])
    Release.objects.filter(pk=release.pk).update(state=ReleaseState.HELD)
    release.refresh_from_db()
    approve_release(actor=moderator, release=release, reason="Looks good.")
    assert release.state == ReleaseState.STAGED
    author.post(f"{RELEASE}/approve")
    assert Release.objects.get(pk=release.pk).state == ReleaseState.PUBLISHED


def test_what_nobody_approves_expires(author: Api, owner: User) -> None:
    status = stage(author)
    send_decision_mails()
    mail.outbox.clear()
    assert expire_staged() == 0
    long_ago = timezone.now() - dt.timedelta(days=STAGED_DAYS, minutes=1)
    Release.objects.filter(public_id=status["id"]).update(staged_at=long_ago)
    assert expire_staged() == 1
    release = Release.objects.get(public_id=status["id"])
    assert release.state == ReleaseState.REJECTED
    send_decision_mails()
    (message,) = mail.outbox
    assert "Nobody approved the release within 30 days." in message.body
    assert "The same version can be published again." in message.body


def test_owners_get_mails(author: Api, plugin: Plugin) -> None:
    mia = create_user("mia")
    Member.objects.create(plugin=plugin, holder=mia.owner, role=Role.OWNER)
    stage(author)
    send_decision_mails()
    assert {message.to[0] for message in mail.outbox} == {"ada@example.test", "mia@example.test"}
    assert f"plugport approve {NAME}@2.0.0" in mail.outbox[0].body
    assert "waits for approval" in mail.outbox[0].subject
    mail.outbox.clear()
    Api(create_api_token(mia)).post(f"{RELEASE}/approve")
    send_decision_mails()
    assert "Approved by mia." in mail.outbox[0].body
    assert "moderator" not in mail.outbox[0].body


def test_releases_of_jobs_can_always_wait(author: Api, plugin: Plugin) -> None:
    """The rule is for trusted publishers, and a person's release is not concerned."""
    path = f"/plugins/{NAME}/publishing"
    changed = author.call("PATCH", path, {"stageTrustedReleases": True}).json()
    assert changed["stageTrustedReleases"] is True
    author.publish(build_package(NAME, "2.0.0"))
    run_pending_jobs()
    assert Release.objects.get(version="2.0.0").state == ReleaseState.PUBLISHED


def test_the_parameter_is_a_boolean(author: Api) -> None:
    response = author.publish(build_package(NAME, "2.0.0"), "/plugins?stage=yes")
    expect_problem(response, 400, "invalid-query")


def test_an_approval_can_name_the_package_that_was_reviewed(author: Api, plugin: Plugin) -> None:
    """The version was discarded and sent again with other content since the review."""
    reviewed = hashlib.sha256(build_package(NAME, "2.0.0")).hexdigest()
    stage(author)
    author.post(f"{RELEASE}/discard")
    other = build_package(NAME, "2.0.0", files={"other.txt": "other"})
    author.publish(other, "/plugins?stage=true")
    run_pending_jobs()
    problem = expect_problem(
        author.post(f"{RELEASE}/approve", {"sha256": reviewed}), 409, "state-conflict"
    )
    found = hashlib.sha256(other).hexdigest()
    assert problem["sha256"] == found
    expect_problem(author.post(f"{RELEASE}/approve", {"sha256": "x"}), 400, "invalid")
    approved = author.post(f"{RELEASE}/approve", {"sha256": found}).json()
    assert approved["state"] == "published"


def _lose_role(user: User) -> None:
    Member.objects.filter(holder=user.owner).update(role=Role.PUBLISHER)


def _lose_token(user: User) -> None:
    user.tokens.update(revoked_at=timezone.now())


def _lose_password(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password="another")


@pytest.mark.parametrize(
    ("lose", "status", "code"),
    [
        (_lose_role, 403, "not-a-member"),
        (_lose_token, 401, "invalid-token"),
        (_lose_password, 403, "password-changed"),
    ],
)
def test_rights_that_end_during_the_approval_approve_nothing(
    author: Api,
    plugin: Plugin,
    monkeypatch: pytest.MonkeyPatch,
    lose: Callable[[User], None],
    status: int,
    code: str,
) -> None:
    """Copying a large package takes seconds, in which another owner ends what the approver has."""
    stage(author)
    mia = create_user("mia")
    Member.objects.create(plugin=plugin, holder=mia.owner, role=Role.MAINTAINER)
    caller, promote = Api(create_api_token(mia)), LocalObjectStore.promote

    def lose_first(store: LocalObjectStore, *keys: str) -> None:
        lose(mia)
        promote(store, *keys)

    monkeypatch.setattr(LocalObjectStore, "promote", lose_first)
    expect_problem(caller.post(f"{RELEASE}/approve"), status, code)
    assert Release.objects.get(version="2.0.0").state == ReleaseState.STAGED
    expect_problem(Api().get(f"{RELEASE}/download"), 404, "unknown-release")
    monkeypatch.undo()
    assert author.post(f"{RELEASE}/approve").json()["state"] == "published"
    assert Api().get(f"{RELEASE}/download").status_code == 200
