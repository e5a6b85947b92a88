"""Answers and messages for the connection of an organization: other tenants, and the end of sessions."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, SsoConnection, SsoIdentity
from accounts.sso.oidc.tokens import LOGOUT_EVENT
from tests.functional.sso.test_saml_logout import build_request
from tests.support import saml
from tests.support.identity_providers import (
    OidcProvider,
    create_oidc_connection,
    find_signed_in,
    sign_in,
)
from tests.support.organizations import build_organization
from tests.support.people import create_user

pytestmark = pytest.mark.django_db
TENANT, FOREIGN = (f"{digit * 8}-2222-3333-4444-555555555555" for digit in "19")


@pytest.fixture
def harbor(db: None) -> Organization:
    """The organization with the connection."""
    return build_organization(create_user("ona"), "harbor")


@pytest.fixture
def other(db: None) -> Organization:
    """Another organization."""
    return build_organization(create_user("otto"), "other")


def create_entra(organization: Organization, provider: OidcProvider, tenant: str) -> SsoConnection:
    """A connection to a tenant of Entra, whose document and keys are those of the provider."""
    document = {
        **provider.document,
        "keys": provider.keys,
        "token_endpoint_auth_methods_supported": [],
        "authorization_response_iss_parameter_supported": False,
    }
    return create_oidc_connection(
        build_issuer(tenant),
        owner=organization.owner,
        document=document,
        document_at=timezone.now(),
    )


def build_issuer(tenant: str) -> str:
    """The issuer of a tenant."""
    return f"https://login.microsoftonline.com/{tenant}/v2.0"


def test_people_of_another_tenant_are_refused(
    harbor: Organization, other: Organization, provider: OidcProvider
) -> None:
    """Entra signs for all tenants with the same keys, also for that of another organization here."""
    connection = create_entra(harbor, provider, TENANT)
    second = create_entra(other, provider, FOREIGN)
    issuer = build_issuer(TENANT)
    for changes, reason in (
        ({"iss": build_issuer(FOREIGN), "tid": FOREIGN}, "wrong-issuer"),
        ({"iss": issuer, "tid": FOREIGN}, "wrong-tenant"),
        ({"iss": issuer, "tid": None}, "wrong-tenant"),
        ({"iss": issuer, "tid": "v2.0/"}, "wrong-tenant"),
    ):
        client = Client()
        assert sign_in(client, connection, provider, **changes).status_code == 403
        assert find_signed_in(client) is None
        assert connection.failures.latest("id").reason == reason
    assert not SsoIdentity.objects.exists()
    assert not second.failures.exists()
    # The same subject in both tenants is two people.
    for each, tenant in ((connection, TENANT), (second, FOREIGN)):
        sign_in(Client(), each, provider, iss=build_issuer(tenant), tid=tenant)
    names = set(SsoIdentity.objects.values_list("user__username", flat=True))
    assert names == {"ada-harbor", "ada-other"}


def send_logout(connection: SsoConnection, token: str) -> int:
    """Send a logout token as the provider does."""
    path = f"/sso/{connection.public_id}/oidc/logout"
    return Client(enforce_csrf_checks=True).post(path, {"logout_token": token}).status_code


@pytest.mark.parametrize("named", ["sid", "sub"])
def test_back_channel_logout_ends_sessions_of_its_organization_alone(
    harbor: Organization, other: Organization, provider: OidcProvider, named: str
) -> None:
    """A token for the client of one organization ends no session of another, though the person is the same."""
    connection = create_oidc_connection(provider.url, owner=harbor.owner)
    second = create_oidc_connection(
        provider.url, owner=other.owner, settings={"client_id": "other"}
    )
    first, elsewhere = Client(), Client()
    sign_in(first, connection, provider)
    sign_in(elsewhere, second, provider, aud="other")
    now = int(time.time())
    subject: dict[str, Any] = {"sid": "session-1"} if named == "sid" else {"sub": "person-1"}
    claims = {
        "iss": provider.url,
        "aud": "plugport",
        "iat": now,
        "exp": now + 120,
        "jti": "logout-1",
        "events": {LOGOUT_EVENT: {}},
        **subject,
    }
    token = provider.sign(claims, typ="logout+jwt")
    assert send_logout(second, token) == 400
    assert second.failures.get().reason == "wrong-audience"
    assert find_signed_in(first) is not None
    assert send_logout(connection, token) == 200
    assert find_signed_in(first) is None
    assert first.get("/organizations/harbor/teams").status_code == 302
    assert find_signed_in(elsewhere) is not None
    assert send_logout(connection, token) == 400
    assert connection.failures.get().reason == "replayed"


def test_single_logout_ends_sessions_of_its_organization_alone(
    harbor: Organization, other: Organization
) -> None:
    """Both organizations have the same SAML provider, and the person the same NameID and session there."""
    connection = saml.create_saml_connection(owner=harbor.owner)
    second = saml.create_saml_connection(owner=other.owner)
    clients = []
    for each in (connection, second):
        client = Client()
        text = saml.build_answer(each, saml.start(client, each))
        assert client.get(saml.send(each, saml.sign(text))["Location"]).status_code == 302
        clients.append(client)
    query = saml.build_signed_query("SAMLRequest", build_request(connection))
    # To the address of another connection.
    refused = Client().get(f"/sso/{second.public_id}/saml/logout?{query}")
    assert refused.status_code == 403
    assert [find_signed_in(client) is not None for client in clients] == [True, True]
    unsigned = saml.build_signed_query("SAMLRequest", build_request(connection), key=saml.OTHER_KEY)
    assert Client().get(f"/sso/{connection.public_id}/saml/logout?{unsigned}").status_code == 403
    answer = Client().get(f"/sso/{connection.public_id}/saml/logout?{query}")
    assert answer["Location"].startswith(saml.SIGN_OUT_URL)
    assert [find_signed_in(client) is not None for client in clients] == [False, True]
    # And from here to the provider.
    assert clients[1].post("/logout")["Location"] == "/sso/signed-out"
    url = clients[1].get("/sso/signed-out").context["provider_url"]
    assert url.startswith(saml.SIGN_OUT_URL)
