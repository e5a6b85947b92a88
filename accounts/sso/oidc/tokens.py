"""Verification of ID tokens and logout tokens (RFC 7519, RFC 8725).

The algorithm comes from a fixed list and must be that of the key. The registry asks the provider's
token endpoint itself, but the signature is verified anyway.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt

from accounts.models import SsoConnection
from accounts.sso.errors import SsoRefusedError
from accounts.sso.oidc.provider import (
    GOOGLE,
    MICROSOFT_HOSTS,
    OidcSettings,
    get_oidc_settings,
    list_keys,
)
from accounts.sso.person import require_subject
from plugport.spec.text import quote_text

LEEWAY_SECONDS = 60
LOGOUT_SECONDS = 600
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_MAX_CHARS = 32 * 1024
# Asymmetric only. With `HS256`, the public key of the provider would be the secret.
_KEY_TYPES = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
_MIN_MODULUS_CHARS = 342  # 2,048 bits in base64url
_REASONS: tuple[tuple[type[jwt.PyJWTError], str, str], ...] = (
    (jwt.ExpiredSignatureError, "expired", "The token has expired."),
    (
        jwt.ImmatureSignatureError,
        "not-yet-valid",
        "The token is not valid yet: compare the clocks.",
    ),
    (jwt.InvalidAudienceError, "wrong-audience", "The token is for another client."),
    (jwt.InvalidIssuerError, "wrong-issuer", "The token is from another issuer."),
    (jwt.InvalidSignatureError, "wrong-signature", "The provider has not signed the token."),
    (jwt.MissingRequiredClaimError, "missing-claim", "The token lacks a required claim."),
)


def verify_id_token(connection: SsoConnection, token: str, *, nonce: str) -> Mapping[str, Any]:
    """The claims of an ID token for this sign-in. Raises `SsoRefusedError`."""
    claims = _verify(
        connection, token, types=("JWT",), required=("iss", "sub", "aud", "exp", "iat")
    )
    settings = get_oidc_settings(connection)
    require_subject(claims["sub"])
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise SsoRefusedError(
            "wrong-nonce", "The token belongs to another sign-in: its nonce differs."
        )
    # A logout token has the same issuer, audience and key (Back-Channel Logout 1.0, section 2.4).
    if "events" in claims:
        raise SsoRefusedError("wrong-type", "The token is a logout token.")
    _check_tenant(settings, claims)
    return claims


def verify_logout_token(connection: SsoConnection, token: str) -> Mapping[str, Any]:
    """The claims of a logout token (Back-Channel Logout 1.0, section 2.6). Raises `SsoRefusedError`."""
    claims = _verify(
        connection,
        token,
        types=("JWT", "LOGOUT+JWT"),
        required=("iss", "aud", "iat", "jti", "events"),
    )
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise SsoRefusedError("wrong-event", "The token does not announce the end of a session.")
    # An ID token has a nonce, and must not end sessions.
    if "nonce" in claims:
        raise SsoRefusedError("has-nonce", "A logout token must not have a nonce.")
    if not any(isinstance(claims.get(name), str) and claims[name] for name in ("sid", "sub")):
        raise SsoRefusedError("no-subject", "The token names neither a session nor a person.")
    if not isinstance(claims["jti"], str) or not claims["jti"]:
        raise SsoRefusedError("missing-claim", "The token has no id.")
    # Longer than it is remembered that the token was used, it must not count.
    if claims["iat"] < time.time() - LOGOUT_SECONDS:
        raise SsoRefusedError("expired", "The token was issued too long ago.")
    _check_tenant(get_oidc_settings(connection), claims)
    return claims


def _verify(
    connection: SsoConnection, token: str, *, types: tuple[str, ...], required: tuple[str, ...]
) -> dict[str, Any]:
    settings = get_oidc_settings(connection)
    if len(token) > _MAX_CHARS or not token.isascii():
        raise SsoRefusedError(
            "malformed", f"The token is no JWT of at most {_MAX_CHARS} characters."
        )
    algorithm, key = _find_key(connection, token, types)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=key,
            algorithms=[algorithm],
            audience=settings.client_id,
            issuer=settings.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(required)},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        for kind, reason, detail in _REASONS:
            if isinstance(error, kind):
                raise SsoRefusedError(reason, detail) from error
        raise SsoRefusedError("malformed", "The token is not valid.") from error
    # One that is for others too could be used by them (Core 1.0, section 3.1.3.7).
    is_own = claims["aud"] in (settings.client_id, [settings.client_id])
    if not is_own or claims.get("azp", settings.client_id) != settings.client_id:
        raise SsoRefusedError("wrong-audience", "The token is for other clients too.")
    return claims


def _find_key(
    connection: SsoConnection, token: str, types: tuple[str, ...]
) -> tuple[str, jwt.PyJWK]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise SsoRefusedError("malformed", "The token is not a signed JWT.") from error
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _KEY_TYPES:
        shown = algorithm if isinstance(algorithm, str) else type(algorithm).__name__
        raise SsoRefusedError("wrong-algorithm", f"The token is signed with {quote_text(shown)}.")
    if "crit" in header or "b64" in header:
        raise SsoRefusedError("malformed", "The token uses an unknown extension.")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in types:
        raise SsoRefusedError("wrong-type", "The token is of another type.")
    kid = str(header.get("kid", ""))
    keys = [key for key in list_keys(connection, kid) if _is_key_for(key, algorithm)]
    # Without an id, only if there is no choice.
    if len(keys) != 1:
        raise SsoRefusedError(
            "unknown-key", f"The provider has no key {quote_text(kid)} for {algorithm}."
        )
    try:
        return algorithm, jwt.PyJWK(dict(keys[0]), algorithm=algorithm)
    except (jwt.PyJWTError, ValueError) as error:
        raise SsoRefusedError("unknown-key", "The provider's key is not valid.") from error


def _is_key_for(key: Mapping[str, str], algorithm: str) -> bool:
    key_type, curve = _KEY_TYPES[algorithm]
    if key.get("kty") != key_type or key.get("alg", algorithm) != algorithm:
        return False
    return len(key.get("n", "")) >= _MIN_MODULUS_CHARS if curve is None else key.get("crv") == curve


def _check_tenant(settings: OidcSettings, claims: Mapping[str, Any]) -> None:
    """Providers with one set of keys for all their customers name the customer in a claim."""
    parts = urlsplit(settings.issuer)
    if parts.hostname in MICROSOFT_HOSTS and claims.get("tid") not in parts.path.split("/"):
        raise SsoRefusedError("wrong-tenant", "The person belongs to another tenant of Entra.")
    if settings.issuer == GOOGLE and claims.get("hd") != settings.hosted_domain:
        raise SsoRefusedError("wrong-tenant", "The person is not in the Google Workspace domain.")
