"""The number of SQL queries of each request does not depend on the number of people."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions.organizations.teams import create_team
from accounts.actions.scim.map_group import map_scim_group
from accounts.models import Organization, OrganizationMember, ScimGroup, ScimUser, User
from tests.support.scim import GROUP_SCHEMA, Provider, build_user

# One of them finds the token. The first use of a token in five minutes writes one more.
LIST_USERS, GET_USER, FIND_USER = 4, 3, 4
LIST_GROUPS, GET_GROUP = 4, 3
# Added, replaced and removed members of a group with a team and a role.
CHANGES = (18, 18, 18)
DELETED_GROUP = 18
# A person who is created, deactivated, activated and deleted.
PEOPLE = (14, 36, 21, 37)
# PostgreSQL locks the name of the new account. An address in the request would be another lock.
NAME_LOCKS = 1


def add_people(organization: Organization, first: int, count: int) -> list[str]:
    """Add people without requests: creating hundreds of accounts one by one takes long."""
    names = [f"person-{number}" for number in range(first, first + count)]
    users = User.objects.bulk_create(
        User(username=f"{name}-harbor", collision_key=f"{name}-harbor", password="!")
        for name in names
    )
    OrganizationMember.objects.bulk_create(
        OrganizationMember(organization=organization, user=user, role="member") for user in users
    )
    rows = ScimUser.objects.bulk_create(
        ScimUser(organization=organization, user=user, user_name=name, user_name_key=name)
        for name, user in zip(names, users, strict=True)
    )
    return [row.public_id for row in rows]


def count(provider: Provider, status: int, *request: Any) -> int:
    """Send the request; returns its number of queries."""
    with CaptureQueriesContext(connection) as queries:
        answer = provider.send(*request)
    assert answer.status == status, answer.json
    return len(queries)


@pytest.fixture
def mapped(provider: Provider, harbor: Organization, owner: User) -> str:
    """The id of a group that gives a team and a role."""
    create_team(actor=owner, organization=harbor, name="dev")
    group = str(provider.create_group("Engineers")["id"])
    map_scim_group(actor=owner, organization=harbor, public_id=group, team="dev", role="manager")
    return group


def test_reads(provider: Provider, harbor: Organization, mapped: str) -> None:
    ids: list[str] = []
    for size in (10, 100):
        ids += add_people(harbor, len(ids), size - len(ids))
        body = {"schemas": [GROUP_SCHEMA], "displayName": "Engineers"}
        body["members"] = [{"value": each} for each in ids]
        assert provider.send("PUT", f"Groups/{mapped}", body).status == 200
        answer = provider.send("GET", "Users?count=200")
        assert len(answer.json["Resources"]) == size
        assert all(each["groups"] for each in answer.json["Resources"])
        assert count(provider, 200, "GET", "Users?count=200") == LIST_USERS
        assert count(provider, 200, "GET", f"Users/{ids[-1]}") == GET_USER
        path = "Users?filter=userName%20eq%20%22PERSON-1%22"
        assert count(provider, 200, "GET", path) == FIND_USER
        assert count(provider, 200, "GET", "Groups?count=200") == LIST_GROUPS
        assert count(provider, 200, "GET", f"Groups/{mapped}") == GET_GROUP
        assert len(provider.send("GET", f"Groups/{mapped}").json["members"]) == size


def _patch(op: str, ids: list[str]) -> dict[str, Any]:
    operation = {"op": op, "path": "members", "value": [{"value": each} for each in ids]}
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [operation],
    }


def test_changes_of_members(provider: Provider, harbor: Organization, mapped: str) -> None:
    """As many queries for 24 new, former or replaced members as for 5.

    Each has two entries of the audit log, of which 50 are one insert.
    """
    path = f"Groups/{mapped}"
    ids = add_people(harbor, 0, 100)
    found = []
    for size in (5, 24):
        few = ids[:size]
        added = count(provider, 200, "PATCH", path, _patch("add", few))
        assert harbor.teams.get().members.count() == size
        assert harbor.memberships.filter(role="manager").count() == size
        body = {"schemas": [GROUP_SCHEMA], "displayName": "Engineers"}
        replaced = count(provider, 200, "PUT", path, {**body, "members": []})
        assert not harbor.memberships.filter(role="manager").exists()
        provider.send("PATCH", path, _patch("add", few))
        removed = count(provider, 200, "PATCH", path, _patch("remove", few))
        assert not ScimGroup.objects.get().members.exists()
        found.append((added, replaced, removed))
    assert found == [CHANGES, CHANGES]


def test_deleted_groups(provider: Provider, harbor: Organization, owner: User) -> None:
    """As many queries for a group of 200 people as for one of 10, but for the batches of audit entries.

    Nobody keeps what it gave.
    """
    create_team(actor=owner, organization=harbor, name="dev")
    ids, found = add_people(harbor, 0, 200), []
    for size in (10, 200):
        group = str(provider.create_group("Engineers", *ids[:size])["id"])
        map_scim_group(
            actor=owner, organization=harbor, public_id=group, team="dev", role="manager"
        )
        assert harbor.teams.get().members.count() == size
        found.append(count(provider, 204, "DELETE", f"Groups/{group}"))
        assert not harbor.teams.get().members.exists()
        assert not harbor.memberships.filter(role="manager").exists()
    assert found[0] == DELETED_GROUP
    # Two inserts for 50 people.
    assert found[1] <= DELETED_GROUP + 2 * 200 // 50


def test_changes_of_people(provider: Provider, harbor: Organization, mapped: str) -> None:
    """In an organization with 10 and 100 people, who are all in a group."""
    ids: list[str] = []
    found = []
    for size in (10, 100):
        ids += add_people(harbor, len(ids), size - len(ids))
        provider.send("PATCH", f"Groups/{mapped}", _patch("add", ids))
        created = count(provider, 201, "POST", "Users", build_user(f"new-{size}"))
        row = ScimUser.objects.get(user_name=f"new-{size}")
        path = f"Users/{row.public_id}"
        provider.send("PATCH", f"Groups/{mapped}", _patch("add", [row.public_id]))
        operation = {"op": "replace", "path": "active", "value": False}
        body = {**_patch("add", []), "Operations": [operation]}
        closed = count(provider, 200, "PATCH", path, body)
        operation["value"] = True
        opened = count(provider, 200, "PATCH", path, body)
        assert harbor.memberships.get(user=row.user).role == "manager"
        deleted = count(provider, 204, "DELETE", path)
        found.append((created, closed, opened, deleted))
    created, *others = PEOPLE
    locks = NAME_LOCKS if connection.vendor == "postgresql" else 0
    expected = (created + locks, *others)
    assert found == [expected, expected]
