"""Deprecate, undeprecate, yank, unyank: effects and permissions."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry, Token, User
from accounts.models.token import hash_token
from registry.actions.flag_release import deprecate_release, yank_release
from registry.models import JournalEntry, Member, Plugin, Release, Role
from tests.functional.api.calls import Api, expect_problem, read_refusal
from tests.support.people import create_api_token
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
    """The publisher."""
    return module_publisher.copy_actor()


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("state", ["quarantined", "revoked"])
def test_blocked_releases_get_no_new_messages(author: Api, state: str) -> None:
    Release.objects.filter(version="1.0.0").update(state=state)
    for act in ("deprecate", "yank"):
        expect_problem(author.post(f"{ONE}/{act}", body_of(act)), 403, "release-blocked")
    release = Release.objects.get(version="1.0.0")
    assert (release.deprecated_at, release.yanked_at) == (None, None)


@pytest.mark.usefixtures("chat")
def test_deprecate(author: Api, api: Api) -> None:
    response = author.post(f"{ONE}/deprecate", {"message": " Old. ", "replacement": "ada/talk"})
    document = response.json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert document["deprecated"].pop("at").endswith("Z")
    assert document["deprecated"] == {"message": "Old.", "replacement": "@ada/talk"}
    public = api.get(ONE).json()
    assert public["deprecated"]["message"] == "Old."
    assert public["state"] == "published"
    assert api.get(f"{ONE}/download").status_code == 200
    # The plugin is deprecated only if its latest release is.
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
    # Lockfiles can still install it.
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


WRONG_DEPRECATIONS: list[tuple[dict[str, Any], str]] = [
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
]


@pytest.mark.usefixtures("chat")
def test_wrong_deprecations(author: Api, api: Api) -> None:
    wrong_fields: list[tuple[Any, ...]] = []
    for body, _ in WRONG_DEPRECATIONS:
        problem = expect_problem(author.post(f"{ONE}/deprecate", body), 400, "invalid")
        wrong_fields.append((body, *(error["field"] for error in problem["errors"])))
    assert wrong_fields == WRONG_DEPRECATIONS
    assert api.get(ONE).json()["deprecated"] is None


@pytest.mark.usefixtures("chat")
def test_replacement_must_be_a_name(author: Api) -> None:
    response = author.post(f"{ONE}/deprecate", {"message": "x", "replacement": "No Name"})
    (error,) = expect_problem(response, 400, "invalid")["errors"]
    assert (error["field"], error["code"]) == ("replacement", "invalid-name")
    assert "No Name" in error["detail"]


@pytest.mark.usefixtures("chat")
def test_all_errors_are_reported_at_once(author: Api) -> None:
    body = {"message": "", "replacement": "No Name", "reason": "x"}
    problem = expect_problem(author.post(f"{ONE}/deprecate", body), 400, "invalid")
    fields = [error["field"] for error in problem["errors"]]
    assert fields == ["reason", "message", "replacement"]


@pytest.mark.usefixtures("chat")
def test_wrong_yanks(author: Api) -> None:
    for reason in ("x" * 501, None, "\x00"):
        problem = expect_problem(author.post(f"{ONE}/yank", {"reason": reason}), 400, "invalid")
        assert [error["field"] for error in problem["errors"]] == ["reason"], reason


@pytest.mark.usefixtures("chat")
def test_anonymous_may_not(api: Api) -> None:
    refusals = {act: read_refusal(api.post(f"{ONE}/{act}", body_of(act))) for act in ACTS}
    assert refusals == dict.fromkeys(ACTS, (401, "unauthenticated"))


@pytest.mark.parametrize("role", [Role.OWNER, Role.MAINTAINER])
def test_owners_and_maintainers_may(
    chat: Plugin, stranger: Api, outsider: User, role: Role
) -> None:
    Member.objects.create(plugin=chat, holder=outsider.owner, role=role)
    statuses = {act: stranger.post(f"{ONE}/{act}", body_of(act)).status_code for act in ACTS}
    assert statuses == dict.fromkeys(ACTS, 200)


@pytest.mark.parametrize("role", [Role.PUBLISHER, None])
def test_others_may_not(chat: Plugin, stranger: Api, outsider: User, role: Role | None) -> None:
    if role:
        Member.objects.create(plugin=chat, holder=outsider.owner, role=role)
    for act in ACTS:
        response = stranger.post(f"{ONE}/{act}", body_of(act))
        problem = expect_problem(response, 403, "not-a-member")
        assert "owners and maintainers" in problem["detail"], act


@pytest.mark.usefixtures("chat")
def test_moderators_may(judge: Api) -> None:
    statuses = {act: judge.post(f"{ONE}/{act}", body_of(act)).status_code for act in ACTS}
    assert statuses == dict.fromkeys(ACTS, 200)


@pytest.mark.usefixtures("chat")
def test_yanking_again_keeps_the_reason(author: Api) -> None:
    def yank(body: Any = None) -> str:
        reason: str = author.post(f"{ONE}/yank", body).json()["yanked"]["reason"]
        return reason

    assert yank({"reason": "Loses messages."}) == "Loses messages."
    assert [yank(), yank({})] == ["Loses messages."] * 2
    assert yank({"reason": "Loses mail."}) == "Loses mail."
    assert yank({"reason": ""}) == ""


@pytest.mark.usefixtures("chat")
def test_tokens(owner: User) -> None:
    def yank(*scopes: str, limit: str = "") -> tuple[int, str]:
        caller = Api(create_api_token(owner, *scopes, limit=limit))
        return read_refusal(caller.post(f"{ONE}/yank"))

    assert {
        "read": yank("read"),
        "publish": yank("read", "publish"),
        "other": yank("manage", limit="@ada/other"),
    } == dict.fromkeys(("read", "publish", "other"), (403, "token-scope"))
    assert {
        "manage": yank("manage"),
        "plugin": yank("manage", limit="@ada/chat"),
        "scope": yank("manage", limit="@ada"),
    } == dict.fromkeys(("manage", "plugin", "scope"), (200, ""))


@pytest.mark.usefixtures("chat")
def test_older_publish_tokens_keep_what_they_had(owner: User) -> None:
    text = create_api_token(owner, "publish")
    Token.objects.filter(sha256=hash_token(text)).update(can_flag_releases=True)
    assert Api(text).post(f"{ONE}/yank").status_code == 200


@pytest.mark.usefixtures("chat")
def test_unknown_targets(author: Api) -> None:
    targets = {"chat/9.0.0": "unknown-release", "talk/1.0.0": "unknown-plugin"}
    refusals = {
        (target, act): read_refusal(author.post(f"/plugins/@ada/{target}/{act}", body_of(act)))
        for target in targets
        for act in ACTS
    }
    assert refusals == {(target, act): (404, targets[target]) for target, act in refusals}


@pytest.mark.usefixtures("chat")
def test_bodies_must_be_json_objects(author: Api) -> None:
    for body in (b"[1]", b"{", b"\xff", b"nul", b'"x"', b'{"message": "\\ud800"}'):
        response = author.call(
            "POST", f"{ONE}/deprecate", data=body, content_type="application/json"
        )
        expect_problem(response, 400, "malformed-request")
    deep = b'{"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    response = author.call("POST", f"{ONE}/deprecate", data=deep, content_type="application/json")
    expect_problem(response, 400, "malformed-request")
    large = b'{"message": "' + b"x" * (1 << 20) + b'"}'
    response = author.call("POST", f"{ONE}/deprecate", data=large, content_type="application/json")
    expect_problem(response, 413, "body-too-large")
    response = author.call("POST", f"{ONE}/deprecate", data=b"message=x", content_type="text/plain")
    expect_problem(response, 415, "unsupported-media-type")


def test_two_acts_at_once_lose_neither(chat: Plugin, owner: User) -> None:
    """Each action started with the release as it was before the other."""
    mine = Release.objects.select_related("plugin").get(plugin=chat, version="1.0.0")
    other = Release.objects.select_related("plugin").get(plugin=chat, version="1.0.0")
    deprecate_release(actor=owner, release=mine, message="Old.")
    yank_release(actor=owner, release=other, reason="Broken.")
    mine.refresh_from_db()
    assert (mine.deprecated_message, mine.yanked_reason) == ("Old.", "Broken.")
