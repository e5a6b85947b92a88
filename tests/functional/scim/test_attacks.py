"""What a hostile or broken identity provider sends: each request gets an answer, and a small one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from accounts.models import ScimUser
from tests.support.scim import PATCH_SCHEMA, USER_SCHEMA, Answer, Provider, build_user

PLAIN_USER = {"schemas": [USER_SCHEMA], "userName": "mia"}


def expect_refusal(answer: Answer, kind: str, words: str = "") -> None:
    assert (answer.status, answer.json["scimType"]) == (400, kind), answer.json
    assert words in answer.json["detail"], answer.json


@pytest.mark.parametrize(
    "text",
    [
        r'userName eq "\ud800"',
        r'emails[type eq "work" and value eq "\udfff"]',
        r'groups.value eq "\ud800"',
        'meta.created gt "0001-01-01T00:00:00+14:00"',
        'meta.lastModified lt "9999-12-31T23:59:59-14:00"',
    ],
)
def test_filters_with_values_that_no_database_has(provider: Provider, text: str) -> None:
    expect_refusal(provider.send("GET", f"Users?filter={quote(text)}"), "invalidFilter")


@pytest.mark.parametrize("value", [r"\ud800", r"\u0000", "0" * 500])
@pytest.mark.parametrize("op", ["add", "remove"])
def test_paths_with_ids_that_no_user_has(provider: Provider, op: str, value: str) -> None:
    path = f"Groups/{provider.create_group('Staff')['id']}"
    answer = provider.patch(path, {"op": op, "path": f'members[value eq "{value}"]'})
    # Who is not in the group is not in it afterwards.
    assert answer.status == (200 if op == "remove" else 400), answer.json
    assert "members" not in provider.send("GET", path).json


@pytest.mark.parametrize(
    "body",
    [
        b'{"op": "replace", "path": "active", "value": true, "value": false}',
        b'{"op": "replace", "path": "active", "value": true, "Value": false}',
        b'{"op": "replace", "value": {"active": true, "ACTIVE": false}}',
    ],
)
def test_names_that_occur_twice_are_refused(provider: Provider, body: bytes) -> None:
    """Programs differ in which one counts, so a log or a proxy would show another value."""
    user = provider.create_user()
    start = f'{{"schemas": ["{PATCH_SCHEMA}"], "Operations": ['.encode()
    answer = provider.send("PATCH", f"Users/{user['id']}", start + body + b"]}")
    expect_refusal(answer, "invalidSyntax", "twice")
    assert ScimUser.objects.get().is_active


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have(provider: Provider, number: str) -> None:
    body = json.dumps(PLAIN_USER)[:-1] + f', "x": {number}}}'
    expect_refusal(provider.send("POST", "Users", body.encode()), "invalidSyntax", "JSON")


LONG_PATH = "emails[" + " or ".join(['type eq "0"'] * 200) + "]"


def count_keys(count: int) -> dict[str, str]:
    return {f'emails[type eq "t{number}"].value': "a@harbor.example" for number in range(count)}


@pytest.mark.parametrize(
    "operation",
    [
        # Each name is parsed as a path: 60,000 took seconds.
        {"op": "replace", "value": count_keys(101)},
        {"op": "replace", "Value": count_keys(101)},
        {"op": "replace", "value": {f"x{number}": 1 for number in range(101)}},
        {"op": "remove", "path": " or ".join(['members[value eq "0"]'] * 50)},
        {"op": "remove", "PATH": LONG_PATH},
        {"op": "replace", "value": {LONG_PATH: {}}},
    ],
)
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_operations_that_take_long_are_refused(
    provider: Provider, kind: str, operation: dict[str, Any]
) -> None:
    user = provider.create_user()
    group = provider.create_group("Staff", user["id"])
    path = f"{kind}/{(user if kind == 'Users' else group)['id']}"
    before = provider.send("GET", path)
    answer = provider.patch(path, operation)
    assert answer.status == 400, answer.json
    assert "at most" in answer.json["detail"]
    assert provider.send("GET", path).json == before.json


def test_keys_of_any_case_are_paths(provider: Provider) -> None:
    """As Entra ID sends them in `value`."""
    user = provider.create_user()
    operation = {"OP": "Replace", "Value": {'emails[type eq "work"].value': "new@harbor.example"}}
    answer = provider.patch(f"Users/{user['id']}", operation)
    assert answer.json["emails"][0]["value"] == "new@harbor.example"


def test_ids_of_another_organization_are_as_unknown_as_others(
    provider: Provider, other: Provider
) -> None:
    foreign, own = other.create_user("rival@canyon.example"), provider.create_user()
    foreign_group = other.create_group("Rivals", foreign["id"])
    group = provider.create_group("Staff", own["id"])
    for method, body in (
        ("GET", None),
        ("PUT", build_user("taken@harbor.example")),
        ("PATCH", {"schemas": [PATCH_SCHEMA], "Operations": [{"op": "remove", "path": "active"}]}),
        ("DELETE", None),
    ):
        answers = [
            provider.send(method, path, body)
            for path in (f"Users/{foreign['id']}", f"Users/{'0' * 32}")
        ]
        assert [each.status for each in answers] == [404, 404]
        assert answers[0].json == answers[1].json
    assert provider.send("DELETE", f"Groups/{foreign_group['id']}").status == 404
    for op in ("add", "replace"):
        operation = {"op": op, "path": "members", "value": [{"value": foreign["id"]}]}
        expect_refusal(provider.patch(f"Groups/{group['id']}", operation), "invalidValue")
    for path, field in (("Users", "groups.value"), ("Groups", "members.value")):
        wanted = foreign_group["id"] if path == "Users" else foreign["id"]
        text = f'{field} eq "{wanted}"'
        found = provider.send("GET", f"{path}?filter={quote(text)}")
        assert found.json["totalResults"] == 0
    assert provider.send("GET", f"Groups/{group['id']}").json["members"][0]["value"] == own["id"]
    assert other.send("GET", f"Users/{foreign['id']}").json["active"]
