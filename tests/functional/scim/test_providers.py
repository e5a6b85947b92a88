"""Requests as Okta and Entra ID send them, in their order and spelling. They are not recorded."""

from __future__ import annotations

from urllib.parse import quote

from accounts.models import Organization, User
from tests.support.scim import GROUP_SCHEMA, PATCH_SCHEMA, USER_SCHEMA, Provider

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def find(provider: Provider, path: str, text: str) -> list[dict[str, object]]:
    answer = provider.send("GET", f"{path}?filter={quote(text)}&startIndex=1&count=100")
    assert answer.status == 200, answer.json
    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert answer.json["totalResults"] == len(answer.json["Resources"])
    return list(answer.json["Resources"])


def test_okta(provider: Provider, harbor: Organization) -> None:
    assert provider.send("GET", "Users?startIndex=1&count=2").json["totalResults"] == 0
    assert find(provider, "Users", 'userName eq "jane@harbor.example"') == []
    created = provider.send(
        "POST",
        "Users",
        {
            "schemas": [USER_SCHEMA],
            "userName": "jane@harbor.example",
            "name": {"givenName": "Jane", "familyName": "Doe"},
            "emails": [{"primary": True, "value": "jane@harbor.example", "type": "work"}],
            "displayName": "Jane Doe",
            "locale": "en-US",
            "externalId": "00ujl29u0le5T6Aj10h7",
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        },
    )
    assert created.status == 201
    user_id = created.json["id"]
    assert created.headers["Location"] == created.json["meta"]["location"]
    assert [
        each["id"] for each in find(provider, "Users", 'userName eq "JANE@harbor.example"')
    ] == [user_id]
    body = {**provider.send("GET", f"Users/{user_id}").json, "displayName": "Jane D."}
    assert provider.send("PUT", f"Users/{user_id}", body).json["displayName"] == "Jane D."
    for active in (False, True):
        changed = provider.send(
            "PATCH",
            f"Users/{user_id}",
            {
                "schemas": [PATCH_SCHEMA],
                "Operations": [{"op": "replace", "value": {"active": active}}],
            },
        )
        assert (changed.status, changed.json["active"]) == (200, active)
    assert find(provider, "Groups", 'displayName eq "Engineers"') == []
    group = provider.send(
        "POST",
        "Groups",
        {
            "schemas": [GROUP_SCHEMA],
            "displayName": "Engineers",
            "members": [{"value": user_id, "display": "jane@harbor.example"}],
        },
    )
    assert group.status == 201
    path = f"Groups/{group.json['id']}"
    renamed = provider.patch(
        path,
        {"op": "replace", "value": {"id": group.json["id"], "displayName": "Engineering"}},
    )
    assert renamed.json["displayName"] == "Engineering"
    other = provider.create_user("joe@harbor.example")["id"]
    changed = provider.patch(
        path,
        {"op": "remove", "path": f'members[value eq "{user_id}"]'},
        {"op": "add", "path": "members", "value": [{"value": other, "display": "joe"}]},
    )
    assert [each["value"] for each in changed.json["members"]] == [other]
    changed = provider.patch(
        path, {"op": "replace", "path": "members", "value": [{"value": user_id}]}
    )
    assert [each["value"] for each in changed.json["members"]] == [user_id]
    assert provider.send("DELETE", path).status == 204


def test_entra(provider: Provider, harbor: Organization) -> None:
    # The test of the connection looks for a user that cannot exist.
    assert find(provider, "Users", 'userName eq "5e8f1a2c-0000-4000-8000-000000000000"') == []
    assert find(provider, "Users", 'externalId eq "jane"') == []
    created = provider.send(
        "POST",
        "Users",
        {
            "schemas": [USER_SCHEMA, ENTERPRISE],
            "externalId": "jane",
            "userName": "jane@harbor.example",
            "active": "True",
            "displayName": "Jane",
            "emails": [{"primary": True, "type": "work", "value": "jane@harbor.example"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Jane Doe", "familyName": "Doe", "givenName": "Jane"},
            "roles": [],
            "addresses": [{"type": "work", "primary": True, "country": "NO"}],
            ENTERPRISE: {"department": "Sales", "manager": {"value": "1"}},
        },
    )
    assert created.status == 201, created.json
    assert created.json["active"] is True
    user_id = created.json["id"]
    path = f"Users/{user_id}"
    by_email = find(provider, "Users", 'emails[type eq "work"].value eq "JANE@harbor.example"')
    assert [each["id"] for each in by_email] == [user_id]
    assert [each["id"] for each in find(provider, "Users", 'externalId eq "jane"')] == [user_id]
    changed = provider.patch(
        path,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "jd@harbor.example"},
        {"op": "Add", "path": 'emails[type eq "home"].value', "value": "jane@home.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Roe"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Tech"},
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": {"value": "2"}},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"},
        {"op": "Replace", "path": 'addresses[type eq "work"].country', "value": "SE"},
    )
    assert changed.status == 200, changed.json
    assert changed.json["name"]["familyName"] == "Roe"
    assert {each["type"]: each["value"] for each in changed.json["emails"]} == {
        "work": "jd@harbor.example",
        "home": "jane@home.example",
    }
    changed = provider.patch(
        path,
        {
            "op": "Replace",
            "value": {
                'emails[type eq "work"].value': "jane@harbor.example",
                "name.givenName": "Janet",
                "displayName": "Janet",
            },
        },
    )
    assert changed.json["name"]["givenName"] == "Janet"
    assert changed.json["emails"][0]["value"] == "jane@harbor.example"
    # Booleans as texts, and operations with capitals.
    for text, active in (("False", False), ("True", True)):
        changed = provider.patch(path, {"op": "Replace", "path": "active", "value": text})
        assert (changed.status, changed.json["active"]) == (200, active)
        assert provider.get_account(user_id).is_active is active
    group = provider.send(
        "POST",
        "Groups",
        {
            "schemas": [GROUP_SCHEMA],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "Engineers",
            "members": [],
            "meta": {"resourceType": "Group"},
        },
    )
    assert group.status == 201, group.json
    path = f"Groups/{group.json['id']}"
    assert "members" not in provider.send("GET", f"{path}?excludedAttributes=members").json
    by_name = quote('displayName eq "Engineers"')
    found = provider.send("GET", f"Groups?excludedAttributes=members&filter={by_name}")
    assert found.json["totalResults"] == 1
    changed = provider.patch(
        path, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user_id}]}
    )
    assert [each["value"] for each in changed.json["members"]] == [user_id]
    has_member = f'id eq "{group.json["id"]}" and members eq "{user_id}"'
    assert len(find(provider, "Groups", has_member)) == 1
    changed = provider.patch(
        path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": user_id}]}
    )
    assert "members" not in changed.json
    provider.patch(path, {"op": "Add", "path": "members", "value": [{"value": user_id}]})
    changed = provider.patch(path, {"op": "Remove", "path": f'members[value eq "{user_id}"]'})
    assert "members" not in changed.json
    changed = provider.patch(path, {"op": "Replace", "path": "displayName", "value": "Makers"})
    assert changed.json["displayName"] == "Makers"
    assert provider.send("DELETE", f"Users/{user_id}").status == 204
    assert not User.objects.get(username="jane-harbor").is_active
