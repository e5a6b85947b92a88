"""Users: creation, changes, deactivation and deletion, and what they do to accounts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationMember,
    OwnerDomain,
    ScimUser,
    Token,
    User,
)
from accounts.queries.users import list_recoverable_accounts
from accounts.sso.ways_in import has_provider_account
from registry.models import Role
from tests.support.organizations import build_team
from tests.support.people import bearer, create_api_token, create_user
from tests.support.publishing import Publisher, build_package
from tests.support.scim import Provider, build_user


def prove(organization: Organization, domain: str) -> None:
    OwnerDomain.objects.create(
        owner=organization.owner, domain=domain, token="t", verified_at=timezone.now()
    )


def test_a_user_becomes_a_member(provider: Provider, harbor: Organization) -> None:
    user = provider.create_user(
        "Jane@harbor.example",
        externalId="00u1",
        name={"givenName": "Jane", "familyName": "Doe"},
        displayName="Jane Doe",
        active=True,
    )
    assert user["userName"] == "Jane@harbor.example"
    assert user["meta"]["location"].endswith(f"/scim/v2/harbor/Users/{user['id']}")
    account = provider.get_account(user["id"])
    assert (account.username, account.email, account.is_verified) == ("jane-harbor", "", False)
    assert (account.first_name, account.last_name) == ("Jane", "Doe")
    assert not account.has_usable_password()
    assert has_provider_account(account)
    assert harbor.memberships.get(user=account).role == "member"
    assert provider.send("GET", f"Users/{user['id']}").json == user
    entry = AuditEntry.objects.filter(action="scim-user.created").latest("id")
    assert entry.actor_kind == "scim"
    assert entry.credential.startswith("scim-token:")
    assert entry.actor_name == "SCIM token Okta"
    assert entry.via == "api"


def test_an_address_of_a_proven_domain_is_verified(
    provider: Provider, harbor: Organization
) -> None:
    prove(harbor, "harbor.example")
    account = provider.get_account(provider.create_user("jane@harbor.example")["id"])
    assert (account.email, account.is_verified) == ("jane@harbor.example", True)
    # A password would be a way around the identity provider.
    assert list_recoverable_accounts("jane@harbor.example") == []
    other = provider.get_account(provider.create_user("joe@other.example")["id"])
    assert (other.email, other.is_verified) == ("", False)
    create_user("kim")
    User.objects.filter(username="kim").update(email="kim@harbor.example")
    taken = provider.get_account(provider.create_user("kim@harbor.example")["id"])
    assert (taken.username, taken.email, taken.is_verified) == ("kim-harbor", "", False)


def test_an_address_is_verified_once(provider: Provider, harbor: Organization) -> None:
    """Also by a change, which takes the former address away."""
    prove(harbor, "harbor.example")
    emails = [{"value": "Office@harbor.example", "primary": True}]
    first = provider.get_account(provider.create_user("jane", emails=emails)["id"])
    assert (first.email, first.is_verified) == ("Office@harbor.example", True)
    second = provider.create_user("joe@harbor.example")
    emails = [{"value": "office@HARBOR.example"}]
    third = provider.get_account(provider.create_user("jim", emails=emails)["id"])
    assert (third.email, third.is_verified) == ("", False)
    change = {"op": "replace", "path": "emails", "value": emails}
    assert provider.patch(f"Users/{second['id']}", change).status == 200
    account = provider.get_account(second["id"])
    assert (account.email, account.is_verified) == ("", False)


def test_an_existing_account_is_never_taken_over(
    provider: Provider, harbor: Organization, owner: User
) -> None:
    victim = create_user("jane-harbor")
    User.objects.filter(pk=victim.pk).update(email="jane@harbor.example")
    user = provider.create_user("jane@harbor.example", active=True)
    account = provider.get_account(user["id"])
    assert account.pk != victim.pk
    assert account.username == "jane-2-harbor"
    assert not harbor.memberships.filter(user=victim).exists()
    provider.send("DELETE", f"Users/{user['id']}")
    victim.refresh_from_db()
    assert victim.is_active
    # Nor by a change of the user name.
    second = provider.create_user("john@harbor.example")
    provider.patch(f"Users/{second['id']}", {"op": "replace", "path": "userName", "value": "acme"})
    assert provider.get_account(second["id"]).username == "john-harbor"
    owner.refresh_from_db()
    assert owner.is_active


def test_rights_cannot_be_set(provider: Provider) -> None:
    user = provider.create_user(
        "jane",
        is_superuser=True,
        is_staff=True,
        isModerator=True,
        roles=[{"value": "owner", "primary": True}],
        entitlements=[{"value": "admin"}],
        password="Sesame-open-1",
        id="0" * 32,
        is_verified=True,
        groups=[{"value": "0" * 32}],
        meta={"version": "x", "created": "1999-01-01T00:00:00Z"},
    )
    assert user["id"] != "0" * 32
    account = provider.get_account(user["id"])
    assert not any((account.is_superuser, account.is_staff, account.is_moderator))
    assert not account.is_verified
    assert not account.has_usable_password()
    assert account.organization_memberships.get().role == "member"
    assert {"password", "roles", "groups", "entitlements"}.isdisjoint(user)
    changed = provider.patch(
        f"Users/{user['id']}",
        {"op": "add", "value": {"roles": [{"value": "owner"}], "is_staff": True}},
        {"op": "replace", "path": "password", "value": "Sesame-open-1"},
    )
    assert changed.status == 200
    assert not provider.get_account(user["id"]).has_usable_password()
    refused = provider.patch(
        f"Users/{user['id']}", {"op": "replace", "path": "id", "value": "1" * 32}
    )
    assert (refused.status, refused.json["scimType"]) == (400, "mutability")
    refused = provider.patch(
        f"Users/{user['id']}", {"op": "add", "path": "groups", "value": [{"value": "1" * 32}]}
    )
    assert (refused.status, refused.json["scimType"]) == (400, "mutability")


@pytest.mark.parametrize("same", ["userName", "externalId"])
def test_a_name_is_taken_within_the_organization_only(
    provider: Provider, other: Provider, same: str
) -> None:
    provider.create_user("Jane@harbor.example", externalId="1")
    body = {
        "userName": build_user("jane@HARBOR.example", externalId="2"),
        "externalId": build_user("joe@harbor.example", externalId="1"),
    }[same]
    refused = provider.send("POST", "Users", body)
    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")
    assert other.send("POST", "Users", body).status == 201
    second = provider.create_user("max@harbor.example", externalId="3")
    refused = provider.patch(
        f"Users/{second['id']}",
        {"op": "replace", "path": same, "value": body[same]},
    )
    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")
    assert provider.send("GET", f"Users/{second['id']}").json["userName"] == "max@harbor.example"


@pytest.mark.parametrize("way", ["patch", "put", "delete"])
def test_deactivation_ends_everything_at_once(
    publisher: Publisher, provider: Provider, harbor: Organization, owner: User, way: str
) -> None:
    publisher.publish("@harbor/pier")
    user = provider.create_user("jane@harbor.example")
    account = provider.get_account(user["id"])
    User.objects.filter(pk=account.pk).update(is_verified=True)
    account.refresh_from_db()
    build_team(owner, harbor, "@harbor/pier", Role.PUBLISHER, account.username)
    text = create_api_token(account)
    browser = Client()
    browser.force_login(account)
    assert browser.get("/account/sessions").status_code == 200
    assert browser.get("/api/v1/me", **bearer(text)).status_code == 200
    if way == "delete":
        assert provider.send("DELETE", f"Users/{user['id']}").status == 204
        assert provider.send("GET", f"Users/{user['id']}").status == 404
    elif way == "put":
        body = {**user, "active": False}
        assert provider.send("PUT", f"Users/{user['id']}", body).json["active"] is False
    else:
        answer = provider.patch(
            f"Users/{user['id']}", {"op": "replace", "value": {"active": False}}
        )
        assert answer.json["active"] is False
    account.refresh_from_db()
    assert not account.is_active
    assert not account.organization_memberships.exists()
    assert not account.tokens.filter(revoked_at=None).exists()
    assert browser.get("/account/sessions").status_code == 302
    assert Client().get("/api/v1/me", **bearer(text)).status_code == 401
    upload = Client().post(
        "/api/v1/plugins",
        {"package": build_package("@harbor/pier", version="9.0.0")},
        **bearer(text),
    )
    assert upload.status_code in (400, 401)
    actions = set(AuditEntry.objects.filter(subject=account).values_list("action", flat=True))
    assert {"organization.removed", "sessions.ended", "token.revoked"} <= actions


def test_activation_restores_the_membership(
    provider: Provider, harbor: Organization, owner: User
) -> None:
    user = provider.create_user("jane@harbor.example", active=False)
    account = provider.get_account(user["id"])
    assert not account.is_active
    assert not account.organization_memberships.exists()
    path = f"Users/{user['id']}"
    assert provider.patch(path, {"op": "replace", "path": "active", "value": True}).status == 200
    account.refresh_from_db()
    assert account.is_active
    assert account.organization_memberships.get().role == "member"
    # What an operator closed stays closed.
    User.objects.filter(pk=account.pk).update(is_active=False)
    provider.patch(path, {"op": "replace", "path": "active", "value": False})
    answer = provider.patch(path, {"op": "replace", "path": "active", "value": True})
    assert (answer.status, answer.json["scimType"]) == (400, "mutability")
    assert "closed forever" in answer.json["detail"]
    account.refresh_from_db()
    assert not account.is_active
    assert not account.organization_memberships.exists()


def test_a_deleted_user_leaves_no_names_and_may_return(provider: Provider) -> None:
    user = provider.create_user("jane@harbor.example", name={"familyName": "Doe"})
    account = provider.get_account(user["id"])
    assert provider.send("DELETE", f"Users/{user['id']}").status == 204
    account.refresh_from_db()
    assert (account.last_name, account.email, account.is_active) == ("", "", False)
    assert not ScimUser.objects.exists()
    again = provider.create_user("jane@harbor.example")
    assert provider.get_account(again["id"]).username == "jane-2-harbor"


def test_the_last_owner_stays(provider: Provider, harbor: Organization, owner: User) -> None:
    user = provider.create_user("jane@harbor.example")
    account = provider.get_account(user["id"])
    harbor.memberships.filter(user=account).update(role="owner")
    OrganizationMember.objects.filter(organization=harbor, user=owner).delete()
    path = f"Users/{user['id']}"
    for answer in (
        provider.patch(path, {"op": "replace", "path": "active", "value": False}),
        provider.send("DELETE", path),
    ):
        assert answer.status == 409
        assert "last owner" in answer.json["detail"]
    account.refresh_from_db()
    assert account.is_active
    assert provider.send("GET", path).json["active"] is True


def test_versions(provider: Provider) -> None:
    user = provider.create_user("jane@harbor.example")
    path, version = f"Users/{user['id']}", user["meta"]["version"]
    first = provider.send("GET", path)
    assert first.headers["ETag"] == version
    assert provider.send("GET", path, If_None_Match=version).status == 304
    operation = {"op": "replace", "path": "displayName", "value": "Jane"}
    changed = provider.patch(path, operation, If_Match=version)
    assert changed.status == 200
    assert changed.headers["ETag"] != version
    for answer in (
        provider.patch(path, operation, If_Match=version),
        provider.send("PUT", path, user, If_Match=version),
        provider.send("DELETE", path, If_Match=version),
    ):
        assert answer.status == 412
    assert provider.send("GET", path, If_None_Match=version).status == 200
    assert provider.send("DELETE", path, If_Match=changed.headers["ETag"]).status == 204


def test_put_replaces_everything(provider: Provider) -> None:
    user = provider.create_user("jane@harbor.example", displayName="Jane", externalId="1")
    body = build_user("jane2@harbor.example")
    replaced = provider.send("PUT", f"Users/{user['id']}", body).json
    assert replaced["userName"] == "jane2@harbor.example"
    assert {"displayName", "externalId"}.isdisjoint(replaced)
    assert replaced["active"] is True


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"userName": ""}, "invalidValue"),
        ({"userName": "a" * 255}, "invalidValue"),
        ({"userName": "a\u0000b"}, "invalidValue"),
        ({"userName": ["a"]}, "invalidValue"),
        ({"userName": "a", "active": "maybe"}, "invalidValue"),
        ({"userName": "a", "externalId": "x" * 256}, "invalidValue"),
        ({"userName": "a", "externalId": "x\u0000"}, "invalidValue"),
        ({"userName": "a", "name": {"givenName": "x" * 151}}, "invalidValue"),
        ({"userName": "a", "name": "Jane"}, "invalidValue"),
        ({"userName": "a", "emails": [{"value": "x y"}]}, "invalidValue"),
        ({"userName": "a", "emails": [{"value": "x@y.z", "type": "\u0000"}]}, "invalidValue"),
        ({"userName": "a", "emails": [{"value": "x@y.z"}] * 11}, "invalidValue"),
        ({"userName": "a", "emails": [{"value": "\ud800@y.z"}]}, "invalidValue"),
        ({"userName": "a", "schemas": ["urn:nonsense"]}, "invalidSyntax"),
    ],
)
def test_invalid_values_are_refused_by_name(
    provider: Provider, body: dict[str, Any], kind: str
) -> None:
    answer = provider.send("POST", "Users", {**build_user("a"), "emails": [], **body})
    assert (answer.status, answer.json["scimType"]) == (400, kind), answer.json
    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.json["status"] == "400"
    assert not ScimUser.objects.exists()
    assert not Token.objects.exists()
