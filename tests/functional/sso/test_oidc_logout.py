"""Back-channel logout: the provider ends sessions."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from django.test import Client

from accounts.models import SsoConnection, SsoFailure, User
from tests.support.identity_providers import (
    OTHER_KEY,
    OidcProvider,
    create_oidc_connection,
    find_signed_in,
    sign_in,
)

pytestmark = pytest.mark.django_db
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def build_claims(provider: OidcProvider, **changes: Any) -> dict[str, Any]:
    """The claims of a logout token; a change to None removes one."""
    now = int(time.time())
    claims = {
        "iss": provider.url,
        "aud": "plugport",
        "iat": now,
        "exp": now + 120,
        "jti": "logout-1",
        "sub": "person-1",
        "sid": "session-1",
        "events": {EVENT: {}},
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def send(connection: SsoConnection, token: str) -> Any:
    """The provider's request, which has no cookie."""
    path = f"/sso/{connection.public_id}/oidc/logout"
    return Client(enforce_csrf_checks=True).post(path, {"logout_token": token})


@pytest.mark.parametrize(
    "changes",
    [{}, {"sub": None}, {"sid": None}, {"exp": None}],
    ids=["both", "sid", "sub", "no exp"],
)
def test_ends_the_session(
    client: Client, connection: SsoConnection, provider: OidcProvider, changes: dict[str, Any]
) -> None:
    """By session, by person, or by both; other people stay."""
    sign_in(client, connection, provider)
    other = Client()
    sign_in(other, connection, provider, sub="person-2", sid="session-2", email="b@corp.example")
    response = send(connection, provider.sign(build_claims(provider, **changes), typ="logout+jwt"))
    assert (response.status_code, response["Cache-Control"].count("no-store")) == (200, 1)
    assert find_signed_in(client) is None
    assert client.get("/account").status_code == 302
    assert find_signed_in(other) is not None


def test_ends_one_session_of_a_person(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """`sid` names one of two browsers; only `sub` ends both."""
    sign_in(client, connection, provider)
    other = Client()
    sign_in(other, connection, provider, sid="session-2")
    send(connection, provider.sign(build_claims(provider)))
    assert find_signed_in(client) is None
    assert find_signed_in(other) is not None
    send(connection, provider.sign(build_claims(provider, sid=None, jti="logout-2")))
    assert find_signed_in(other) is None


@pytest.mark.parametrize("header", [{"alg": ["RS256"]}, {"alg": {}}, {"alg": "RS256", "typ": []}])
def test_odd_headers_are_refused(
    connection: SsoConnection, provider: OidcProvider, header: dict[str, Any]
) -> None:
    head, claims, signature = provider.sign(build_claims(provider)).split(".")
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    assert send(connection, f"{head}.{claims}.{signature}").status_code == 400


def test_counts_once(client: Client, connection: SsoConnection, provider: OidcProvider) -> None:
    """A recorded token must not end a later session."""
    token = provider.sign(build_claims(provider))
    sign_in(client, connection, provider)
    assert send(connection, token).status_code == 200
    sign_in(client, connection, provider)
    response = send(connection, token)
    assert response.status_code == 400
    assert SsoFailure.objects.get().reason == "replayed"
    assert find_signed_in(client) is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": "n"}, "has-nonce"),
        ({"events": None}, "missing-claim"),
        ({"events": {}}, "wrong-event"),
        ({"events": [EVENT]}, "wrong-event"),
        ({"sub": None, "sid": None}, "no-subject"),
        ({"jti": None}, "missing-claim"),
        ({"jti": ""}, "missing-claim"),
        ({"iat": None}, "missing-claim"),
        ({"exp": 1_700_000_000}, "expired"),
        ({"iat": 1_700_000_000}, "expired"),
        ({"aud": "another-client"}, "wrong-audience"),
        ({"iss": "https://evil.example"}, "wrong-issuer"),
    ],
)
def test_refuses_claims(
    client: Client,
    connection: SsoConnection,
    provider: OidcProvider,
    changes: dict[str, Any],
    reason: str,
) -> None:
    """Everything else keeps the session, and says why."""
    sign_in(client, connection, provider)
    response = send(connection, provider.sign(build_claims(provider, **changes)))
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert SsoFailure.objects.get().reason == reason
    assert find_signed_in(client) is not None


def test_refuses_other_tokens(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Another key, an ID token, nothing, and a token of another connection."""
    sign_in(client, connection, provider)
    claims = build_claims(provider)
    for token in (provider.sign(claims, key=OTHER_KEY), provider.sign(provider.build_claims()), ""):
        assert send(connection, token).status_code == 400
    other = create_oidc_connection(provider.url, name="Other", settings={"client_id": "other"})
    assert send(other, provider.sign(claims)).status_code == 400
    assert send(other, provider.sign({**claims, "aud": "other"})).status_code == 200
    assert find_signed_in(client) is not None
    assert User.objects.count() == 1
