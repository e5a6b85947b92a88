"""People whom SCIM provisioned sign in with a connection of the same organization."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions.suspend_account import suspend_account
from accounts.models import (
    AuditEntry,
    Organization,
    OwnerDomain,
    SsoConnection,
    SsoFailure,
    SsoIdentity,
    User,
)
from tests.support.identity_providers import (
    OidcProvider,
    create_oidc_connection,
    find_signed_in,
    sign_in,
)
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.scim import Provider, build_provider

pytestmark = pytest.mark.django_db
CLOSE = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def owner(db: None) -> User:
    """The owner of the organization."""
    return create_user("ona")


@pytest.fixture
def harbor(owner: User) -> Organization:
    """The organization `harbor`."""
    return build_organization(owner, "harbor")


@pytest.fixture
def connection(harbor: Organization, provider: OidcProvider) -> SsoConnection:
    """A connection of the organization that creates no accounts."""
    return create_oidc_connection(
        provider.url, name="Harbor", owner=harbor.owner, creates_accounts=False
    )


@pytest.fixture
def scim(harbor: Organization, owner: User) -> Provider:
    """The SCIM client of the organization."""
    return build_provider(harbor, owner)


def expect_refusal(reason: str, connection: SsoConnection, *args: Any, **claims: Any) -> None:
    client = Client()
    count = SsoIdentity.objects.count()
    assert sign_in(client, connection, *args, **claims).status_code == 403
    assert connection.failures.latest("id").reason == reason
    assert find_signed_in(client) is None
    assert SsoIdentity.objects.count() == count


@pytest.mark.parametrize(
    ("user", "claims"),
    [
        (("someone", {"externalId": "00u1"}), {"sub": "00u1"}),
        (("Ada@Corp.example", {}), {"sub": "ada@corp.EXAMPLE"}),
        (("Ada@corp.example", {}), {"preferred_username": "unknown"}),
        (("00u1", {"emails": [{"value": "Ada@corp.example"}]}), {}),
    ],
)
def test_a_person_signs_in_to_the_provisioned_account(
    scim: Provider,
    connection: SsoConnection,
    provider: OidcProvider,
    user: tuple[str, dict[str, Any]],
    claims: dict[str, Any],
) -> None:
    """By the subject or the verified address; afterwards by the subject alone."""
    name, values = user
    OwnerDomain.objects.create(
        owner=connection.owner, domain="corp.example", token="t", verified_at=timezone.now()
    )
    account = scim.get_account(scim.create_user(name, **values)["id"])
    SsoConnection.objects.update(email_domains=["corp.example"])
    connection.refresh_from_db()
    client = Client()
    assert sign_in(client, connection, provider, **claims).status_code == 302
    assert find_signed_in(client) == account
    identity = SsoIdentity.objects.get()
    # It is the only way to the account: its link cannot be removed.
    assert (identity.user, identity.is_provisioned) == (account, True)
    assert AuditEntry.objects.filter(action="sso.linked").count() == 1
    again = Client()
    changed = {**claims, "sub": claims.get("sub", "person-1"), "preferred_username": "other"}
    sign_in(again, connection, provider, **{**changed, "email": "other@corp.example"})
    assert find_signed_in(again) == account
    assert SsoIdentity.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        # Not verified: the domain is not proven.
        ("ada@corp.example", {"preferred_username": "x", "email_verified": True}),
        # People may be able to choose it.
        ("ADA", {"preferred_username": "ada"}),
        ("lovelace", {"preferred_username": "x", "name": "lovelace"}),
        ("lady", {"preferred_username": "x", "nickname": "lady"}),
        ("ada-harbor", {}),
        ("ona", {"preferred_username": "o\0na"}),
    ],
)
def test_other_claims_find_nobody(
    scim: Provider,
    connection: SsoConnection,
    provider: OidcProvider,
    name: str,
    claims: dict[str, Any],
) -> None:
    scim.create_user(name)
    expect_refusal("not-provisioned", connection, provider, **claims)


def test_accounts_of_others_are_never_found(
    scim: Provider, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """Neither accounts without SCIM, nor users of another organization."""
    User.objects.filter(pk=owner.pk).update(email="ona@corp.example")
    rival = create_user("rival")
    canyon = build_provider(build_organization(rival, "canyon"), rival)
    canyon.create_user("ada", externalId="person-1")
    expect_refusal("not-provisioned", connection, provider)
    claims = {"preferred_username": "ona", "email": "ona@corp.example", "sub": "ona"}
    expect_refusal("not-provisioned", connection, provider, **claims)
    # Nor by a connection of the whole registry.
    whole = create_oidc_connection(provider.url, name="Whole", settings={"client_id": "whole"})
    client = Client()
    scim.create_user("ada", externalId="person-1")
    sign_in(client, whole, provider, aud="whole")
    found = find_signed_in(client)
    assert found is not None
    assert found.username == "ada"
    assert not found.scim_users.exists()


def test_an_answer_that_fits_several_people_is_refused(
    scim: Provider, connection: SsoConnection, provider: OidcProvider
) -> None:
    """A person who can change the address at the provider becomes nobody else."""
    OwnerDomain.objects.create(
        owner=connection.owner, domain="corp.example", token="t", verified_at=timezone.now()
    )
    SsoConnection.objects.update(email_domains=["corp.example"])
    connection.refresh_from_db()
    ada = scim.create_user("ada@corp.example", externalId="person-1")
    bob = scim.create_user("bob@corp.example")
    expect_refusal("ambiguous-person", connection, provider, email="bob@corp.example")
    # Not even if that one is deactivated.
    scim.patch(f"Users/{bob['id']}", CLOSE)
    expect_refusal("ambiguous-person", connection, provider, email="bob@corp.example")
    client = Client()
    sign_in(client, connection, provider)
    assert find_signed_in(client) == scim.get_account(ada["id"])
    # Nor the account of somebody who has signed in.
    expect_refusal("already-linked", connection, provider, sub="person-2")


def test_deactivated_people_are_refused(
    scim: Provider, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Before their first sign-in and after it, also if the connection creates accounts."""
    SsoConnection.objects.update(creates_accounts=True)
    user = scim.create_user("ada", active=False, externalId="person-1")
    count = User.objects.count()
    expect_refusal("deactivated", connection, provider)
    assert User.objects.count() == count
    path = f"Users/{user['id']}"
    scim.patch(path, {**CLOSE, "value": True})
    client = Client()
    sign_in(client, connection, provider)
    assert find_signed_in(client) == scim.get_account(user["id"])
    scim.patch(path, CLOSE)
    assert find_signed_in(client) is None
    expect_refusal("deactivated", connection, provider)
    failure = SsoFailure.objects.latest("id")
    assert "deactivated the account `ada-harbor`" in failure.detail


def test_a_suspended_person_is_refused(
    scim: Provider, connection: SsoConnection, provider: OidcProvider
) -> None:
    account = scim.get_account(scim.create_user("ada", externalId="person-1")["id"])
    suspend_account(actor=None, account=account, reason="spam")
    expect_refusal("account-closed", connection, provider)


def test_a_suspended_person_gets_no_other_account(
    scim: Provider, connection: SsoConnection, provider: OidcProvider
) -> None:
    """The identity provider cannot get around the suspension by deleting the person."""
    user = scim.create_user("ada", externalId="person-1")
    sign_in(Client(), connection, provider)
    suspend_account(actor=None, account=scim.get_account(user["id"]), reason="spam")
    assert scim.send("DELETE", f"Users/{user['id']}").status == 204
    scim.create_user("ada", externalId="person-1")
    expect_refusal("account-closed", connection, provider)


def test_a_person_who_was_deleted_and_created_again_gets_the_new_account(
    scim: Provider, connection: SsoConnection, provider: OidcProvider
) -> None:
    first = scim.create_user("ada", externalId="person-1")
    old = scim.get_account(first["id"])
    sign_in(Client(), connection, provider)
    scim.send("DELETE", f"Users/{first['id']}")
    expect_refusal("account-closed", connection, provider)
    new = scim.get_account(scim.create_user("ada", externalId="person-1")["id"])
    client = Client()
    sign_in(client, connection, provider)
    assert find_signed_in(client) == new
    assert SsoIdentity.objects.get().user == new != old
