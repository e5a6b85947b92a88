"""Groups: members, and the teams and roles to which owners map them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.actions.organizations.teams import add_team_member, create_team
from accounts.actions.scim.map_group import map_scim_group
from accounts.errors import OrganizationRequestError, OrganizationRightError
from accounts.models import AuditEntry, Organization, OrganizationMember, TeamMember, User
from tests.support.people import create_user
from tests.support.scim import GROUP_SCHEMA, Provider


def list_team(name: str = "dev") -> set[str]:
    rows = TeamMember.objects.filter(team__name=name)
    names = rows.values_list("member__user__username", flat=True)
    return {name.removesuffix("-harbor") for name in names}


@pytest.fixture
def users(provider: Provider) -> list[str]:
    return [provider.create_user(f"{name}@harbor.example")["id"] for name in ("ann", "bob", "cid")]


def test_members_come_and_go(provider: Provider, users: list[str]) -> None:
    group = provider.create_group("Engineers", users[0], externalId="g1")
    assert [each["value"] for each in group["members"]] == users[:1]
    ann = provider.send("GET", f"Users/{users[0]}")
    assert ann.json["groups"][0]["display"] == "Engineers"
    assert ann.headers["ETag"] != 'W/"1"'
    path = f"Groups/{group['id']}"
    answer = provider.patch(path, {"op": "add", "path": "members", "value": [{"value": users[1]}]})
    assert [each["value"] for each in answer.json["members"]] == users[:2]
    answer = provider.patch(path, {"op": "remove", "path": f'members[value eq "{users[0]}"]'})
    assert [each["value"] for each in answer.json["members"]] == users[1:2]
    body = {
        "schemas": [GROUP_SCHEMA],
        "displayName": "Engineering",
        "members": [{"value": users[2]}],
    }
    answer = provider.send("PUT", path, body)
    assert answer.json["displayName"] == "Engineering"
    assert [each["value"] for each in answer.json["members"]] == users[2:]
    assert provider.patch(path, {"op": "remove", "path": "members"}).json.get("members") is None
    assert provider.send("DELETE", path).status == 204
    assert provider.send("GET", path).status == 404


def test_a_group_gives_what_owners_map_it_to(
    provider: Provider, harbor: Organization, owner: User, users: list[str]
) -> None:
    create_team(actor=owner, organization=harbor, name="dev")
    group = provider.create_group("Engineers", users[0])
    assert list_team() == set()
    map_scim_group(
        actor=owner, organization=harbor, public_id=group["id"], team="dev", role="manager"
    )
    assert list_team() == {"ann"}
    role = harbor.memberships.get(user__username="ann-harbor").role
    assert role == "manager"
    path = f"Groups/{group['id']}"
    provider.patch(
        path, {"op": "replace", "path": "members", "value": [{"value": i} for i in users[1:]]}
    )
    assert list_team() == {"bob", "cid"}
    roles = dict(harbor.memberships.values_list("user__username", "role"))
    assert roles == {
        "acme": "owner",
        "ann-harbor": "member",
        "bob-harbor": "manager",
        "cid-harbor": "manager",
    }
    # Deactivated and activated again, a person has them again.
    for active in (False, True):
        provider.patch(f"Users/{users[1]}", {"op": "replace", "value": {"active": active}})
    assert list_team() == {"bob", "cid"}
    assert harbor.memberships.get(user__username="bob-harbor").role == "manager"
    # Another group keeps what it gives.
    second = provider.create_group("Writers", users[2])
    map_scim_group(actor=owner, organization=harbor, public_id=second["id"], team="dev", role="")
    provider.send("DELETE", path)
    assert list_team() == {"cid"}
    assert harbor.memberships.get(user__username="cid-harbor").role == "member"
    map_scim_group(actor=owner, organization=harbor, public_id=second["id"], team="", role="")
    assert list_team() == set()
    entry = AuditEntry.objects.filter(action="scim-group.mapped").latest("id")
    assert entry.before == {"team": "dev", "role": ""}


def test_who_was_added_by_hand_leaves_a_team_with_the_group_only(
    provider: Provider, harbor: Organization, owner: User, users: list[str]
) -> None:
    """As the guide says: the identity provider decides about the people that it sends."""
    create_team(actor=owner, organization=harbor, name="dev")
    for name in ("ann", "bob"):
        username = f"{name}-harbor"
        add_team_member(actor=owner, organization=harbor, name="dev", username=username)
    group = provider.create_group("Engineers", users[0])
    map_scim_group(actor=owner, organization=harbor, public_id=group["id"], team="dev", role="")
    provider.patch(f"Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert list_team() == {"bob"}


def test_owners_keep_their_role(provider: Provider, harbor: Organization, owner: User) -> None:
    user = provider.create_user("jane@harbor.example")
    harbor.memberships.filter(user=provider.get_account(user["id"])).update(role="owner")
    group = provider.create_group("Billing", user["id"])
    map_scim_group(actor=owner, organization=harbor, public_id=group["id"], team="", role="billing")
    assert harbor.memberships.get(user__username="jane-harbor").role == "owner"


def test_who_maps_groups(provider: Provider, harbor: Organization, owner: User) -> None:
    group = provider.create_group("Engineers")
    manager = create_user("mina")
    OrganizationMember.objects.create(organization=harbor, user=manager, role="manager")
    with pytest.raises(OrganizationRightError):
        map_scim_group(
            actor=manager, organization=harbor, public_id=group["id"], team="", role="manager"
        )
    with pytest.raises(OrganizationRequestError):
        map_scim_group(
            actor=owner, organization=harbor, public_id=group["id"], team="", role="owner"
        )


def test_members_of_other_organizations_are_unknown(
    provider: Provider, other: Provider, users: list[str]
) -> None:
    foreign = other.create_user("eve@canyon.example")["id"]
    group = provider.create_group("Engineers", users[0])
    path = f"Groups/{group['id']}"
    for value in (foreign, "0" * 32):
        answer = provider.patch(path, {"op": "add", "path": "members", "value": [{"value": value}]})
        assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
        assert "no user" in answer.json["detail"]
        body = {"schemas": [GROUP_SCHEMA], "displayName": "x", "members": [{"value": value}]}
        assert provider.send("POST", "Groups", body).status == 400
    for method, path in (
        ("GET", f"Users/{foreign}"),
        ("PUT", f"Users/{foreign}"),
        ("PATCH", f"Users/{foreign}"),
        ("DELETE", f"Users/{foreign}"),
    ):
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "x"}
        if method == "PATCH":
            body = {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "value": {"active": False}}],  # type: ignore[dict-item]
            }
        answer, unknown = (
            provider.send(method, target, body) for target in (path, f"Users/{'0' * 32}")
        )
        assert (answer.status, answer.json) == (404, unknown.json)
    assert other.send("GET", f"Groups/{group['id']}").status == 404
    assert other.send("DELETE", f"Groups/{group['id']}").status == 404


def test_groups_are_bounded(provider: Provider, users: list[str]) -> None:
    group = provider.create_group("Engineers")
    path = f"Groups/{group['id']}"
    operation = {"op": "add", "path": "members", "value": [{"value": users[0]}]}
    many = provider.patch(path, *[operation] * 101)
    assert (many.status, many.json["scimType"]) == (400, "invalidSyntax")
    assert "at most 100" in many.json["detail"]
    huge = provider.patch(
        path,
        {"op": "add", "path": "members", "value": [{"value": f"{n:032}"} for n in range(20_100)]},
    )
    assert huge.status in (400, 413)
    nested = provider.patch(
        path, {"op": "add", "path": "members", "value": [{"value": users[0], "type": "Group"}]}
    )
    assert nested.status == 400
    taken = provider.send("POST", "Groups", {"schemas": [GROUP_SCHEMA], "displayName": "ENGINEERS"})
    assert (taken.status, taken.json["scimType"]) == (409, "uniqueness")
    for value in ("", "x" * 151, None, "a\u0000"):
        answer = provider.patch(path, {"op": "replace", "path": "displayName", "value": value})
        assert answer.status == 400, value


def list_changes(since: int) -> list[tuple[str, str, str]]:
    """The entries about people after that one: the action, the person, and the team or the new role."""
    rows = AuditEntry.objects.filter(pk__gt=since, subject__isnull=False).order_by("pk")
    return [
        (
            row.action,
            row.subject.username.removesuffix("-harbor") if row.subject else "",
            row.details.get("team") or row.after,
        )
        for row in rows
    ]


def test_each_person_who_gets_or_loses_something_has_an_entry(
    provider: Provider, harbor: Organization, owner: User, users: list[str]
) -> None:
    create_team(actor=owner, organization=harbor, name="dev")
    create_team(actor=owner, organization=harbor, name="ops")
    add_team_member(actor=owner, organization=harbor, name="dev", username="bob-harbor")
    group = provider.create_group("Engineers", *users[:2])
    path = f"Groups/{group['id']}"

    def change(team: str, role: str) -> None:
        map_scim_group(
            actor=owner, organization=harbor, public_id=group["id"], team=team, role=role
        )

    def remove_ann() -> None:
        provider.patch(path, {"op": "remove", "path": f'members[value eq "{users[0]}"]'})

    def add_cid() -> None:
        provider.patch(path, {"op": "add", "path": "members", "value": [{"value": users[2]}]})

    got, lost, role = "team.member-added", "team.member-removed", "organization.role-changed"
    steps: list[tuple[Callable[[], object], list[tuple[str, str, str]]]] = [
        # Bob was in the team before.
        (lambda: change("dev", ""), [(got, "ann", "dev")]),
        (lambda: change("dev", "manager"), [(role, "ann", "manager"), (role, "bob", "manager")]),
        (add_cid, [(got, "cid", "dev"), (role, "cid", "manager")]),
        (remove_ann, [(lost, "ann", "dev"), (role, "ann", "member")]),
        (remove_ann, []),
        (
            lambda: change("ops", "manager"),
            [(lost, "bob", "dev"), (lost, "cid", "dev"), (got, "bob", "ops"), (got, "cid", "ops")],
        ),
        (
            lambda: provider.send("DELETE", path),
            [
                (lost, "bob", "ops"),
                (lost, "cid", "ops"),
                (role, "bob", "member"),
                (role, "cid", "member"),
            ],
        ),
    ]
    for step, expected in steps:
        last = AuditEntry.rows.latest("pk").pk
        step()
        assert list_changes(last) == expected
    kinds = dict(AuditEntry.rows.filter(action=got).values_list("details__team", "actor_kind"))
    assert kinds["ops"] == "account"
    removed = AuditEntry.rows.filter(action=lost).latest("pk")
    assert (removed.actor_kind, removed.target_name) == ("scim", "harbor")
