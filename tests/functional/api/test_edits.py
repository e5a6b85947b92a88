"""`PATCH` and `PUT /plugins/{name}`: the author's edits override the manifest."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from registry.models import JournalEntry, Member, Plugin, Role
from tests.functional.api.calls import Api, expect_problem, read_refusal
from tests.support.people import create_api_token
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
    """The publisher."""
    return module_publisher.copy_actor()


def patch(caller: Api, body: Any) -> Any:
    return caller.call("PATCH", PATH, body)


@pytest.mark.usefixtures("chat")
def test_patch_changes_what_it_names(author: Api, api: Api) -> None:
    response = patch(author, EDITS)
    document = response.json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert {name: document[name] for name in EDITS} == EDITS
    assert api.get(PATH).json() == document | {"proofs": [], "repositoryProven": False}
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
def test_put_resets_omitted_fields(author: Api) -> None:
    patch(author, EDITS)
    document = author.call("PUT", PATH, {"displayName": "Only this"}).json()
    assert document["displayName"] == "Only this"
    assert document["description"] == "From the manifest."
    document = author.call("PUT", PATH, {}).json()
    assert document["displayName"] == "@ada/chat"


@pytest.mark.usefixtures("chat")
def test_empty_lists_are_edits(author: Api) -> None:
    assert patch(author, {"tags": [], "categories": []}).json()["tags"] == []


@pytest.mark.usefixtures("chat")
def test_edits_outlive_releases(author: Api, api: Api, publisher: Publisher) -> None:
    patch(author, {"description": "Mine."})
    publisher.publish("@ada/chat", "2.0.0", description="New in the manifest.")
    assert api.get(PATH).json()["description"] == "Mine."
    assert api.get(f"{PATH}/2.0.0").json()["manifest"]["description"] == "New in the manifest."


INVALID_EDITS: list[tuple[dict[str, Any], str]] = [
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
]


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_invalid_edits_are_reported(author: Api, api: Api, method: str) -> None:
    before = api.get(PATH).json()
    reported: list[tuple[Any, ...]] = []
    for body, _ in INVALID_EDITS:
        problem = expect_problem(author.call(method, PATH, body), 400, "invalid")
        reported.append((body, *(error["field"] for error in problem["errors"])))
        assert all(error["detail"] for error in problem["errors"]), body
    assert reported == INVALID_EDITS
    assert api.get(PATH).json() == before


@pytest.mark.usefixtures("chat")
def test_all_errors_are_reported_at_once(author: Api) -> None:
    body = {"displayName": "", "homepage": "x", "tags": ["A", "b", "C"]}
    problem = expect_problem(patch(author, body), 400, "invalid")
    fields = {error["field"] for error in problem["errors"]}
    assert fields == {"displayName", "homepage", "tags.0", "tags.2"}


def test_roles(chat: Plugin, stranger: Api, outsider: User) -> None:
    refused, allowed = (403, "not-a-member"), (200, "")
    expected = {
        None: refused,
        Role.PUBLISHER: refused,
        Role.MAINTAINER: allowed,
        Role.OWNER: allowed,
    }
    for role, response in expected.items():
        if role:
            Member.objects.update_or_create(
                plugin=chat, holder=outsider.owner, defaults={"role": role}
            )
        for method in ("PATCH", "PUT"):
            edited = stranger.call(method, PATH, {"displayName": f"By {role}"})
            assert read_refusal(edited) == response, (method, role)


@pytest.mark.usefixtures("chat")
def test_moderators_may_edit_and_anonymous_users_may_not(judge: Api, api: Api) -> None:
    assert patch(judge, {"displayName": "Calm"}).status_code == 200
    expect_problem(patch(api, {"displayName": "x"}), 401, "unauthenticated")


@pytest.mark.usefixtures("chat")
def test_tokens(owner: User) -> None:
    refused, allowed = (403, "token-scope"), (200, "")
    for scopes, limit, expected in (
        (("publish", "read"), "", refused),
        (("manage",), "@ada/talk", refused),
        (("manage",), "", allowed),
        (("manage",), "@ada", allowed),
    ):
        caller = Api(create_api_token(owner, *scopes, limit=limit))
        assert read_refusal(patch(caller, {"displayName": "x"})) == expected, (scopes, limit)


@pytest.mark.usefixtures("chat")
def test_edits_are_recorded(author: Api) -> None:
    patch(author, {"tags": ["a"], "description": "x"})
    entry = JournalEntry.objects.get(event="plugin.edited")
    assert (entry.plugin, entry.data) == ("@ada/chat", {"fields": ["description", "tags"]})
    audit = AuditEntry.objects.get(action="plugin.edited")
    assert (audit.actor_name, audit.details) == ("ada", {"fields": ["description", "tags"]})


def test_unknown_plugin(author: Api) -> None:
    expect_problem(author.call("PATCH", "/plugins/@ada/none", {}), 404, "unknown-plugin")
