"""An issuer of identity tokens: a server on this machine with real keys, as CI systems have them."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from common.http.safe import PrivateHosts
from tests.support.odd_server import OddServer, build_response, open_server

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
AUDIENCE = "127.0.0.1:8000"
_numbers = itertools.count(1)


@cache
def get_rsa_key(number: int = 1) -> rsa.RSAPrivateKey:
    """Return one of several RSA keys. Generating one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def get_small_rsa_key() -> rsa.RSAPrivateKey:
    """Return an RSA key that is too short to be accepted."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@cache
def get_ec_key() -> ec.EllipticCurvePrivateKey:
    """Return a key for ES256."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def get_ed25519_key() -> ed25519.Ed25519PrivateKey:
    """Return a key for EdDSA."""
    return ed25519.Ed25519PrivateKey.generate()


_ALGORITHMS: dict[type, Any] = {
    rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
    ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
    ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
}


def build_jwk(key: PrivateKey, kid: str, **members: str) -> dict[str, Any]:
    """Return the public key as a JWK."""
    library = next(each for kind, each in _ALGORITHMS.items() if isinstance(key, kind))
    document: dict[str, Any] = json.loads(library.to_jwk(key.public_key()))
    document.pop("key_ops", None)
    return {**document, "kid": kid, "use": "sig", **members}


def encode_part(value: object) -> str:
    """Return one part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class Issuer:
    """A server that publishes keys, and the tokens that it signs."""

    server: OddServer

    def __post_init__(self) -> None:
        self.url = self.server.url
        self.publish(build_jwk(get_rsa_key(), "one"))

    def publish(self, *keys: dict[str, Any], **discovery: Any) -> None:
        """Publish these keys, and the discovery document with other values."""
        document = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", **discovery}
        self.serve("/.well-known/openid-configuration", document)
        self.serve("/jwks", {"keys": list(keys)})

    def serve(self, path: str, document: object) -> None:
        """Answer requests for the path with the document."""
        body = json.dumps(document).encode()
        self.server.answers[path] = build_response(body, media_type="application/json")

    def count_requests(self, path: str = "/jwks") -> int:
        """Return how often the path was requested."""
        return sum(request.split()[1] == path for request in self.server.requests)

    def build_claims(self, **claims: Any) -> dict[str, Any]:
        """Return claims that are valid now, each time with another `jti`; None leaves one out."""
        now = int(time.time())
        values = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "job",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": f"id-{next(_numbers)}",
            **claims,
        }
        return {name: value for name, value in values.items() if value is not None}

    def sign(
        self,
        key: PrivateKey | None = None,
        *,
        algorithm: str = "RS256",
        headers: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Return a signed token."""
        return jwt.encode(
            self.build_claims(**claims),
            key or get_rsa_key(),
            algorithm=algorithm,
            headers={"kid": "one", **(headers or {})},
        )


def get_public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return the public key as everybody can get it."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@contextlib.contextmanager
def open_issuer(settings: Any) -> Iterator[Issuer]:
    """Start an issuer, whose host the operator allows."""
    with open_server() as server:
        settings.CI_ISSUER_PRIVATE_HOSTS = PrivateHosts.parse([f"127.0.0.1:{server.port}"])
        yield Issuer(server)
