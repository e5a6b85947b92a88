"""Deprecate, undeprecate, yank, unyank: what they change and who may (API-2, REL-4)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from registry.actions.flag_release import deprecate_release, yank_release
from registry.models import JournalEntry, Member, Plugin, Release, Role
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import make_token
from tests.support.publishing import Publisher

ACTS = ["deprecate", "undeprecate", "yank", "unyank"]
pytestmark = pytest.mark.usefixtures("_module_packages")
ONE = "/plugins/@ada/chat/1.0.0"


def body_of(act: str) -> dict[str, Any] | None:
    return {"message": "Use another."} if act == "deprecate" else None


@pytest.fixture(scope="module")
def chat(module_publisher: Publisher) -> Plugin:
    """`@ada/chat` 1.0.0 and 1.1.0."""
    module_publisher.publish("@ada/chat", "1.0.0")
    return module_publisher.publish("@ada/chat", "1.1.0").plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """Who published it."""
    return module_publisher.actor


@pytest.mark.usefixtures("chat")
def test_deprecate(author: Api, api: Api) -> None:
    answer = author.post(f"{ONE}/deprecate", {"message": " Old. ", "replacement": "ada/talk"})
    document = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert document["deprecated"].pop("at").endswith("Z")
    assert document["deprecated"] == {"message": "Old.", "replacement": "@ada/talk"}
    public = api.get(ONE).json()
    assert public["deprecated"]["message"] == "Old."
    assert public["state"] == "published"
    assert api.get(f"{ONE}/download").status_code == 200
    # The plugin itself is not deprecated as long as its newest release is not.
    assert api.get("/plugins/@ada/chat").json()["deprecated"] is None


@pytest.mark.usefixtures("chat")
def test_deprecated_latest_shows_on_the_plugin(author: Api, api: Api) -> None:
    author.post("/plugins/@ada/chat/latest/deprecate", {"message": "Old."})
    plugin = api.get("/plugins/@ada/chat").json()
    assert plugin["deprecated"]["message"] == "Old."
    assert plugin["deprecated"]["replacement"] is None
    author.post("/plugins/@ada/chat/1.1.0/undeprecate")
    assert api.get("/plugins/@ada/chat").json()["deprecated"] is None


@pytest.mark.usefixtures("chat")
def test_deprecating_again_changes_the_words_not_the_time(author: Api) -> None:
    first = author.post(f"{ONE}/deprecate", {"message": "Old.", "replacement": "x1"}).json()
    again = author.post(f"{ONE}/deprecate", {"message": "Very old."}).json()
    assert again["deprecated"]["at"] == first["deprecated"]["at"]
    assert again["deprecated"]["message"] == "Very old."
    assert again["deprecated"]["replacement"] is None


@pytest.mark.usefixtures("chat")
def test_yank_takes_it_from_latest(author: Api, api: Api) -> None:
    document = author.post("/plugins/@ada/chat/1.1.0/yank", {"reason": "Broken."}).json()
    assert document["yanked"]["reason"] == "Broken."
    plugin = api.get("/plugins/@ada/chat").json()
    assert (plugin["latestVersion"], plugin["distTags"]) == ("1.0.0", {"latest": "1.0.0"})
    versions = api.get("/plugins/@ada/chat/versions").json()["versions"]
    assert [bool(version["yanked"]) for version in versions] == [True, False]
    # Lockfiles still get it.
    assert api.get("/plugins/@ada/chat/1.1.0/download").status_code == 200
    assert author.post("/plugins/@ada/chat/1.1.0/unyank").json()["yanked"] is None
    assert api.get("/plugins/@ada/chat").json()["latestVersion"] == "1.1.0"


@pytest.mark.usefixtures("chat")
def test_plugin_with_everything_yanked_stays_findable(author: Api, api: Api) -> None:
    for version in ("1.0.0", "1.1.0"):
        author.post(f"/plugins/@ada/chat/{version}/yank")
    assert api.get("/plugins/@ada/chat").json()["latestVersion"] == "1.1.0"


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("act", ACTS)
def test_acts_are_idempotent_and_recorded(author: Api, act: str) -> None:
    journal = JournalEntry.objects.count()
    first = author.post(f"{ONE}/{act}", body_of(act))
    again = author.post(f"{ONE}/{act}", body_of(act))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    verb = f"release.{act}ed" if not act.endswith("e") else f"release.{act}d"
    assert JournalEntry.objects.filter(event=verb).count() == 2
    assert JournalEntry.objects.count() == journal + 2
    assert AuditEntry.objects.filter(action=verb, actor_name="ada").count() == 2


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": ""}, "message"),
        ({"message": "   "}, "message"),
        ({"message": None}, "message"),
        ({"message": ["x"]}, "message"),
        ({"message": "x" * 501}, "message"),
        ({"message": "a\x00b"}, "message"),
        ({"message": "x", "replacement": "x" * 131}, "replacement"),
        ({"message": "x", "replacement": 7.5}, "replacement"),
        ({"message": "x", "reason": "y"}, "reason"),
    ],
)
def test_wrong_deprecations(author: Api, api: Api, body: Any, field: str) -> None:
    problem = expect_problem(author.post(f"{ONE}/deprecate", body), 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert api.get(ONE).json()["deprecated"] is None


@pytest.mark.usefixtures("chat")
def test_replacement_must_be_a_name(author: Api) -> None:
    answer = author.post(f"{ONE}/deprecate", {"message": "x", "replacement": "No Name"})
    expect_problem(answer, 400, "invalid-name")


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("body", [{"reason": "x" * 501}, {"reason": None}, {"reason": "\x00"}])
def test_wrong_yanks(author: Api, body: Any) -> None:
    problem = expect_problem(author.post(f"{ONE}/yank", body), 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == ["reason"]


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("act", ACTS)
def test_anonymous_may_not(api: Api, act: str) -> None:
    expect_problem(api.post(f"{ONE}/{act}", body_of(act)), 401, "unauthenticated")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.MAINTAINER, 200), (Role.PUBLISHER, 403), (None, 403)],
)
def test_roles(
    chat: Plugin, stranger: Api, outsider: User, act: str, role: Role | None, status: int
) -> None:
    if role:
        Member.objects.create(plugin=chat, user=outsider, role=role)
    answer = stranger.post(f"{ONE}/{act}", body_of(act))
    assert answer.status_code == status
    if status == 403:
        problem = expect_problem(answer, 403, "not-a-member")
        assert "owners and maintainers" in problem["detail"]


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("act", ACTS)
def test_moderators_may(judge: Api, act: str) -> None:
    assert judge.post(f"{ONE}/{act}", body_of(act)).status_code == 200


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize(
    ("scopes", "limit", "status"),
    [
        (("manage",), "", 200),
        (("publish",), "", 200),
        (("read",), "", 403),
        (("manage",), "@ada/chat", 200),
        (("manage",), "@ada", 200),
        (("manage",), "@ada/other", 403),
    ],
)
def test_tokens(owner: User, scopes: tuple[str, ...], limit: str, status: int) -> None:
    answer = Api(make_token(owner, *scopes, limit=limit)).post(f"{ONE}/yank")
    assert answer.status_code == status
    if status == 403:
        expect_problem(answer, 403, "token-scope")


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("act", ACTS)
def test_unknown_targets(author: Api, act: str) -> None:
    expect_problem(
        author.post(f"/plugins/@ada/chat/9.0.0/{act}", body_of(act)), 404, "unknown-release"
    )
    expect_problem(
        author.post(f"/plugins/@ada/talk/1.0.0/{act}", body_of(act)), 404, "unknown-plugin"
    )


@pytest.mark.usefixtures("chat")
def test_bodies_must_be_json_objects(author: Api) -> None:
    for body in (b"[1]", b"{", b"\xff", b"nul", b'"x"', b'{"message": "\\ud800"}'):
        answer = author.call("POST", f"{ONE}/deprecate", data=body, content_type="application/json")
        expect_problem(answer, 400, "malformed-request")
    deep = b'{"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = author.call("POST", f"{ONE}/deprecate", data=deep, content_type="application/json")
    expect_problem(answer, 400, "malformed-request")
    large = b'{"message": "' + b"x" * (1 << 20) + b'"}'
    answer = author.call("POST", f"{ONE}/deprecate", data=large, content_type="application/json")
    expect_problem(answer, 413, "body-too-large")
    answer = author.call("POST", f"{ONE}/deprecate", data=b"message=x", content_type="text/plain")
    expect_problem(answer, 415, "unsupported-media-type")


def test_two_acts_at_once_lose_neither(chat: Plugin, owner: User) -> None:
    """Each was decided on the release as it was before the other."""
    mine = Release.objects.select_related("plugin").get(plugin=chat, version="1.0.0")
    other = Release.objects.select_related("plugin").get(plugin=chat, version="1.0.0")
    deprecate_release(actor=owner, release=mine, message="Old.")
    yank_release(actor=owner, release=other, reason="Broken.")
    mine.refresh_from_db()
    assert (mine.deprecated_message, mine.yanked_reason) == ("Old.", "Broken.")
