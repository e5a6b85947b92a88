"""`PATCH` and `PUT /plugins/{name}`: the author's words over the manifest's (API-2)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from registry.models import JournalEntry, Member, Plugin, Role
from tests.functional.api.calls import Api, expect_problem
from tests.support.people import make_token
from tests.support.publishing import Publisher

PATH = "/plugins/@ada/chat"
EDITS: dict[str, Any] = {
    "displayName": "Chat!",
    "description": "Better words.",
    "homepage": "https://chat.example.test/",
    "repository": {"url": "https://git.example.test/a/b", "type": "git", "directory": "plugin"},
    "categories": ["messaging"],
    "tags": ["chat", "talk"],
}


@pytest.fixture(scope="module")
def chat(module_publisher: Publisher) -> Plugin:
    """`@ada/chat` 1.0.0."""
    return module_publisher.publish(
        "@ada/chat", description="From the manifest.", tags=["first"]
    ).plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """Who published it."""
    return module_publisher.actor


def patch(caller: Api, body: Any) -> Any:
    return caller.call("PATCH", PATH, body)


@pytest.mark.usefixtures("chat")
def test_patch_changes_what_it_names(author: Api, api: Api) -> None:
    answer = patch(author, EDITS)
    document = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert {name: document[name] for name in EDITS} == EDITS
    assert api.get(PATH).json() == document
    patch(author, {"description": "Third."})
    document = api.get(PATH).json()
    assert (document["description"], document["displayName"]) == ("Third.", "Chat!")


@pytest.mark.usefixtures("chat")
def test_edits_are_found(author: Api, api: Api) -> None:
    patch(author, EDITS)
    for query in ("q=better", "tag=talk", "category=messaging"):
        assert api.get(f"/plugins?{query}").json()["pagination"]["total"] == 1
    assert api.get("/plugins?tag=first").json()["pagination"]["total"] == 0


@pytest.mark.usefixtures("chat")
def test_null_gives_a_field_back(author: Api) -> None:
    patch(author, EDITS)
    document = patch(author, {"description": None, "tags": None}).json()
    assert document["description"] == "From the manifest."
    assert document["tags"] == ["first"]
    assert document["displayName"] == "Chat!"


@pytest.mark.usefixtures("chat")
def test_put_gives_back_what_it_leaves_out(author: Api) -> None:
    patch(author, EDITS)
    document = author.call("PUT", PATH, {"displayName": "Only this"}).json()
    assert document["displayName"] == "Only this"
    assert document["description"] == "From the manifest."
    document = author.call("PUT", PATH, {}).json()
    assert document["displayName"] == "@ada/chat"


@pytest.mark.usefixtures("chat")
def test_empty_lists_are_words_too(author: Api) -> None:
    assert patch(author, {"tags": [], "categories": []}).json()["tags"] == []


@pytest.mark.usefixtures("chat")
def test_edits_outlive_releases(author: Api, api: Api, publisher: Publisher) -> None:
    patch(author, {"description": "Mine."})
    publisher.publish("@ada/chat", "2.0.0", description="New in the manifest.")
    assert api.get(PATH).json()["description"] == "Mine."
    assert api.get(f"{PATH}/2.0.0").json()["manifest"]["description"] == "New in the manifest."


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"displayName": ""}, "displayName"),
        ({"displayName": "x" * 201}, "displayName"),
        ({"displayName": {}}, "displayName"),
        ({"description": "x" * 2001}, "description"),
        ({"description": "a\x00b"}, "description"),
        ({"homepage": "javascript:alert(1)"}, "homepage"),
        ({"homepage": "https://"}, "homepage"),
        ({"homepage": "https://a\u202eb/"}, "homepage"),
        ({"homepage": "https://a b/"}, "homepage"),
        ({"homepage": "https://[::1"}, "homepage"),
        ({"homepage": "https://x/" + "y" * 500}, "homepage"),
        ({"repository": "https://x/"}, "repository"),
        ({"repository": {}}, "repository.url"),
        ({"repository": {"url": "ssh://x/"}}, "repository.url"),
        ({"repository": {"url": "https://x/", "branch": "main"}}, "repository.branch"),
        ({"categories": "messaging"}, "categories"),
        ({"categories": ["a", "b", "c", "d", "e", "f"]}, "categories"),
        ({"categories": ["Not A Slug"]}, "categories.0"),
        ({"tags": ["-x"]}, "tags.0"),
        ({"tags": ["ok", "x" * 61]}, "tags.1"),
        ({"tags": ["ok", 7]}, "tags.1"),
        ({"tags": ["ok", None]}, "tags.1"),
        ({"name": "other"}, "name"),
        ({"trust": "official"}, "trust"),
        ({"x" * 300: 1}, "x" * 100),
    ],
)
def test_wrong_edits_are_named(author: Api, api: Api, body: Any, field: str) -> None:
    before = api.get(PATH).json()
    for method in ("PATCH", "PUT"):
        problem = expect_problem(author.call(method, PATH, body), 400, "invalid")
        assert [error["field"] for error in problem["errors"]] == [field]
        assert all(error["detail"] for error in problem["errors"])
    assert api.get(PATH).json() == before


@pytest.mark.usefixtures("chat")
def test_all_faults_come_at_once(author: Api) -> None:
    body = {"displayName": "", "homepage": "x", "tags": ["A", "b", "C"]}
    problem = expect_problem(patch(author, body), 400, "invalid")
    fields = {error["field"] for error in problem["errors"]}
    assert fields == {"displayName", "homepage", "tags.0", "tags.2"}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.MAINTAINER, 200), (Role.PUBLISHER, 403), (None, 403)],
)
def test_roles(
    chat: Plugin, stranger: Api, outsider: User, method: str, role: Role | None, status: int
) -> None:
    if role:
        Member.objects.create(plugin=chat, user=outsider, role=role)
    answer = stranger.call(method, PATH, {"displayName": "Mine"})
    assert answer.status_code == status
    if status == 403:
        expect_problem(answer, 403, "not-a-member")


@pytest.mark.usefixtures("chat")
def test_moderators_may_and_strangers_must_sign_in(judge: Api, api: Api) -> None:
    assert patch(judge, {"displayName": "Calm"}).status_code == 200
    expect_problem(patch(api, {"displayName": "x"}), 401, "unauthenticated")


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize(
    ("scopes", "limit", "status"),
    [
        (("manage",), "", 200),
        (("manage",), "@ada", 200),
        (("publish", "read"), "", 403),
        (("manage",), "@ada/talk", 403),
    ],
)
def test_tokens(owner: User, scopes: tuple[str, ...], limit: str, status: int) -> None:
    answer = patch(Api(make_token(owner, *scopes, limit=limit)), {"displayName": "x"})
    assert answer.status_code == status
    if status == 403:
        expect_problem(answer, 403, "token-scope")


@pytest.mark.usefixtures("chat")
def test_edits_are_recorded(author: Api) -> None:
    patch(author, {"tags": ["a"], "description": "x"})
    entry = JournalEntry.objects.get(event="plugin.edited")
    assert (entry.plugin, entry.data) == ("@ada/chat", {"fields": ["description", "tags"]})
    audit = AuditEntry.objects.get(action="plugin.edited")
    assert (audit.actor_name, audit.details) == ("ada", {"fields": ["description", "tags"]})


def test_unknown_plugin(author: Api) -> None:
    expect_problem(author.call("PATCH", "/plugins/@ada/none", {}), 404, "unknown-plugin")
