"""Verification of an identity token: a JWT (RFC 7519) that an issuer signed for this registry.

Follows RFC 8725: the algorithm comes from a fixed list and must be that of the key, and what the
header says about keys is not read, except for the id of one.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
import orjson
from django.conf import settings
from django.utils import timezone

from accounts.errors import AssertionRefusedError
from accounts.trusted_publishing.keys import list_issuer_keys
from plugport.spec.text import quote_text

MAX_TOKEN_CHARS = 16 * 1024
# Clocks of CI systems differ from ours by seconds.
LEEWAY = dt.timedelta(seconds=30)
# How long the id of a used token has to be remembered is limited by this.
MAX_LIFETIME = dt.timedelta(hours=24)
# Asymmetric only. With `HS256`, the public key of the issuer would be the secret.
_KEY_TYPES: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
ALGORITHMS = tuple(_KEY_TYPES)
# An RSA modulus of 2,048 bits in base64url; shorter ones are not accepted (RFC 7518, section 3.3).
_MIN_MODULUS_CHARS = 342


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """A genuine identity token for this registry. `sha256` identifies it; see `UsedAssertion`."""

    issuer: str
    claims: Mapping[str, Any]
    sha256: str
    expires_at: dt.datetime


def get_audience() -> str:
    """The `aud` claim that identity tokens for this registry have: its host, as in its URLs."""
    return urlsplit(settings.BASE_URL).netloc.lower()


def read_issuer(token: str) -> str:
    """The issuer that a token claims to be from, which is not verified.

    Raises `AssertionRefusedError`.
    """
    issuer = _parse(token)[1].get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise AssertionRefusedError("no-issuer", "The identity token has no `iss` claim.")
    return issuer


def verify_assertion(token: str, *, issuers: Collection[str]) -> VerifiedAssertion:
    """Verify signature, issuer, audience and times. Whether it is used again is not checked here.

    `issuers` are those that are configured: keys of no other one are fetched. Raises
    `AssertionRefusedError` and `IssuerUnavailableError`.
    """
    header, claims, signing_input = _parse(token)
    issuer = read_issuer(token)
    if issuer not in issuers:
        raise AssertionRefusedError(
            "unknown-issuer", f"No trusted publisher has the issuer {quote_text(issuer)}."
        )
    _check_header(header)
    # Before the signature, which needs keys: what is wrong for sure needs no work.
    _check_audience(claims.get("aud"))
    expires_at = _check_times(claims)
    _check_signature(token, header, issuer)
    return VerifiedAssertion(issuer, claims, _identify(issuer, claims, signing_input), expires_at)


def _parse(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Header, claims, and what was signed; nothing of it is verified."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN_CHARS or len(parts) != 3 or not token.isascii():
        raise AssertionRefusedError(
            "malformed",
            f"The identity token is not a signed JWT of at most {MAX_TOKEN_CHARS:,} characters.",
        )
    header, claims = (_decode_part(part) for part in parts[:2])
    return header, claims, f"{parts[0]}.{parts[1]}"


def _decode_part(part: str) -> dict[str, Any]:
    try:
        value = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        value = None
    if not isinstance(value, dict):
        raise AssertionRefusedError("malformed", "The identity token is not a signed JWT.")
    return value


def _show(value: object) -> str:
    """A value of a token for a message. Nested ones may be too deep to be formatted."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, list | dict) for part in parts):
        return "nested values"
    return quote_text(str(value))


def _check_header(header: Mapping[str, Any]) -> None:
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise AssertionRefusedError(
            "wrong-algorithm",
            f"The identity token is signed with {_show(algorithm)}. Accepted are"
            f" {', '.join(ALGORITHMS)}.",
        )
    # Extensions that must be understood (RFC 7515, section 4.1.11): none of them is here.
    if "crit" in header or header.get("b64", True) is not True:
        raise AssertionRefusedError("malformed", "The identity token uses an unknown extension.")
    # A logout token or an access token of the same issuer is no proof of a job.
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise AssertionRefusedError("wrong-type", "The JWT is not an identity token.")


def _check_audience(audience: object) -> None:
    expected = get_audience()
    # A token that is for others too could be replayed by them.
    if audience not in (expected, [expected]):
        raise AssertionRefusedError(
            "wrong-audience",
            f"The identity token is for {_show(audience)}, not for this registry.",
            hint=f"Request it with the audience `{expected}`.",
        )


def _check_times(claims: Mapping[str, Any]) -> dt.datetime:
    """Return when the token expires."""
    now = timezone.now()
    expires, issued = _read_time(claims, "exp"), _read_time(claims, "iat")
    if expires is None or issued is None:
        raise AssertionRefusedError(
            "no-times", "The identity token does not say when it was issued and when it expires."
        )
    if expires + LEEWAY <= now:
        raise AssertionRefusedError(
            "expired",
            f"The identity token expired at {expires:%Y-%m-%d %H:%M:%S} UTC.",
            hint="Request a new one in the job that publishes.",
        )
    starts = _read_time(claims, "nbf") or issued
    if max(starts, issued) - LEEWAY > now:
        raise AssertionRefusedError(
            "not-yet-valid",
            f"The identity token is valid from {max(starts, issued):%Y-%m-%d %H:%M:%S} UTC on.",
            hint="The clock of the CI system or of this registry is wrong.",
        )
    if expires - issued > MAX_LIFETIME:
        raise AssertionRefusedError(
            "valid-too-long", "The identity token is valid for more than 24 hours."
        )
    return expires


def _read_time(claims: Mapping[str, Any], name: str) -> dt.datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    # A NumericDate (RFC 7519, section 2). A boolean is an integer in Python.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise AssertionRefusedError("malformed", f"The claim `{name}` is no time.")
    try:
        time = dt.datetime.fromtimestamp(value, dt.UTC)
    except (OverflowError, ValueError, OSError):
        raise AssertionRefusedError("malformed", f"The claim `{name}` is no time.") from None
    # With the leeway, the first and the last year could be left.
    if not dt.MINYEAR < time.year < dt.MAXYEAR:
        raise AssertionRefusedError("malformed", f"The claim `{name}` is no time.")
    return time


def _check_signature(token: str, header: Mapping[str, Any], issuer: str) -> None:
    algorithm, kid = str(header["alg"]), header.get("kid", "")
    if not isinstance(kid, str):
        raise AssertionRefusedError("malformed", "The id of the key is not text.")
    keys = [key for key in list_issuer_keys(issuer, kid) if _is_key_for(key, algorithm)]
    # Without an id, only if there is no choice: each attempt costs time.
    if len(keys) != 1:
        raise AssertionRefusedError(
            "unknown-key",
            f"`{issuer}` has no key {quote_text(kid)} for {algorithm}."
            if kid
            else f"The identity token does not say which key of `{issuer}` has signed it.",
            hint="If the issuer has changed its keys a moment ago, try again in a minute.",
        )
    try:
        key = jwt.PyJWK(dict(keys[0]), algorithm=algorithm)
        jwt.PyJWS(algorithms=[algorithm]).decode_complete(token, key=key, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise AssertionRefusedError(
            "wrong-signature", f"`{issuer}` has not signed this identity token."
        ) from None


def _is_key_for(key: Mapping[str, Any], algorithm: str) -> bool:
    """Whether the issuer publishes the key for this algorithm (RFC 8725, section 3.1)."""
    key_type, curve = _KEY_TYPES[algorithm]
    if key.get("kty") != key_type or key.get("alg", algorithm) != algorithm:
        return False
    if key_type == "RSA":
        return len(key.get("n", "")) >= _MIN_MODULUS_CHARS and len(key.get("e", "")) <= 6
    return key.get("crv") == curve


def _identify(issuer: str, claims: Mapping[str, Any], signing_input: str) -> str:
    """What is the same whenever this token is used."""
    # Not the signature: that of ECDSA can be changed into another valid one.
    jti = claims.get("jti")
    text = f"jti\0{issuer}\0{jti}" if isinstance(jti, str) and jti else f"jws\0{signing_input}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
