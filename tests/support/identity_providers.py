"""Identity providers for tests of single sign-on, on this machine."""

from __future__ import annotations

import datetime as dt
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from accounts.models import SsoConnection, User
from accounts.security.encryption import encrypt_secret
from common.http.safe import PrivateHosts
from tests.support.odd_server import OddServer, build_response

SECRET = "s3cr3t"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def allow_provider(settings: Any, url: str) -> None:
    """Allow the host of the URL, as an operator would."""
    settings.SSO_PRIVATE_HOSTS = PrivateHosts.parse([urlsplit(url).netloc])


def build_jwk(key: rsa.RSAPrivateKey = KEY, kid: str = "one") -> dict[str, Any]:
    """The public key as a provider publishes it."""
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    jwk = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": kid, "use": "sig", "alg": "RS256"}


class OidcProvider:
    """An OpenID Connect provider that answers with what a test sets."""

    def __init__(self, server: OddServer) -> None:
        self.server = server
        self.url = server.url
        self.keys = [build_jwk()]
        self.document: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
            "jwks_uri": f"{self.url}/keys",
        }
        self.publish()

    def publish(self) -> None:
        """Serve the document and the keys."""
        self.serve("/.well-known/openid-configuration", self.document)
        self.serve("/keys", {"keys": self.keys})

    def serve(self, path: str, value: Any, status: str = "200 OK") -> None:
        """Answer requests for the path with the JSON value."""
        body = orjson.dumps(value)
        self.server.answers[path] = build_response(
            body, media_type="application/json", status=status
        )

    def build_claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of an ID token for this registry; a change to None removes one."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "person-1",
            "aud": "plugport",
            "iat": now,
            "exp": now + 300,
            "email": "ada@corp.example",
            "email_verified": True,
            "preferred_username": "ada",
            "sid": "session-1",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        key: Any = KEY,
        algorithm: str = "RS256",
        kid: str = "one",
        **headers: Any,
    ) -> str:
        """A JWT with the claims."""
        return jwt.encode(dict(claims), key, algorithm=algorithm, headers={"kid": kid, **headers})

    def issue(self, token: str, **values: Any) -> None:
        """Answer the next exchange of a code with the ID token."""
        self.serve(
            "/token", {"id_token": token, "access_token": "at", "token_type": "Bearer", **values}
        )


def create_oidc_connection(issuer: str, **values: Any) -> SsoConnection:
    """A connection that is switched on; `settings` are added to those of the protocol."""
    settings = {"issuer": issuer, "client_id": "plugport", **values.pop("settings", {})}
    return SsoConnection.objects.create(
        kind="oidc",
        name=values.pop("name", "Corp"),
        settings=settings,
        secret=encrypt_secret(SECRET),
        is_enabled=values.pop("is_enabled", True),
        **values,
    )


def start_sign_in(client: Client, connection: SsoConnection, **query: str) -> dict[str, str]:
    """Start a sign-in, and return the query that the provider receives."""
    path = reverse("sso-start", args=[connection.public_id])
    response = client.get(f"{path}?{urlencode(query)}")
    assert response.status_code == 302, response.content
    found = parse_qs(urlsplit(response["Location"]).query)
    return {name: values[0] for name, values in found.items()}


def sign_in(
    client: Client, connection: SsoConnection, provider: OidcProvider, **changes: Any
) -> Any:
    """A whole sign-in at the provider, whose ID token has the changed claims."""
    query = start_sign_in(client, connection)
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"], **changes)))
    return open_callback(client, connection, state=query["state"], code="c")


def open_callback(client: Client, connection: SsoConnection, **query: str) -> Any:
    """Come back from the provider."""
    path = reverse("sso-oidc-callback", args=[connection.public_id])
    return client.get(f"{path}?{urlencode(query)}")


def find_signed_in(client: Client) -> User | None:
    """The account of the client's session."""
    user_id = client.session.get("_auth_user_id")
    session_exists = client.session.exists(client.session.session_key or "")
    return User.objects.get(pk=user_id) if user_id and session_exists else None


@contextmanager
def run_oidc_provider_mock() -> Iterator[str]:
    """`oidc-provider-mock` on this machine; its URL."""
    with warnings.catch_warnings():
        # The library uses deprecated parts of its own libraries.
        warnings.simplefilter("ignore")
        from oidc_provider_mock import run_server_in_thread

        with run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


def authorize(url: str, subject: str) -> dict[str, str]:
    """Sign in at the form of the mock, and return the query of the callback."""
    response = httpx.post(url, data={"sub": subject, "action": "authorize"}, trust_env=False)
    assert response.status_code == 302, response.text
    found = parse_qs(urlsplit(response.headers["Location"]).query)
    return {name: values[0] for name, values in found.items()}


def in_seconds(seconds: float) -> str:
    """A time from now as SAML writes it."""
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
