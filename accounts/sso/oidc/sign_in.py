"""One sign-in: to the provider, and back with a code."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings as django_settings
from django.urls import reverse

from accounts.models import SsoConnection
from accounts.models.sso import SUBJECT_CHARS
from accounts.security.encryption import UnreadableSecretError, decrypt_secret
from accounts.sso.attempts import CONFIRM, Attempt
from accounts.sso.errors import SsoRefusedError
from accounts.sso.fetching import fetch_json, post_form
from accounts.sso.oidc.provider import get_oidc_settings, load_document
from accounts.sso.oidc.tokens import verify_id_token
from accounts.sso.person import Person, select_email, select_texts
from plugport.spec.text import quote_text

# Kept in the session, to sign out at the provider.
_MAX_HINT_CHARS = 8_000


def get_redirect_uri(connection: SsoConnection) -> str:
    """The address to which the provider sends the browser back; another one for each connection."""
    return django_settings.BASE_URL + reverse("sso-oidc-callback", args=[connection.public_id])


def build_authorization_url(connection: SsoConnection, state: str, attempt: Attempt) -> str:
    """The URL of the provider at which the person signs in. Raises `SsoRefusedError`."""
    settings = get_oidc_settings(connection)
    endpoint = load_document(connection)["authorization_endpoint"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest())
    values = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": get_redirect_uri(connection),
        "scope": "openid profile email",
        "state": state,
        "nonce": attempt.nonce,
        "code_challenge": challenge.decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    if attempt.purpose == CONFIRM:
        # Not all providers follow it; a session there that is still valid counts then.
        values["prompt"] = "login"
    if settings.hosted_domain:
        values["hd"] = settings.hosted_domain
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(values)}"


def read_answer(connection: SsoConnection, attempt: Attempt, query: Mapping[str, str]) -> Person:
    """The person behind the answer in the query of the callback. Raises `SsoRefusedError`."""
    if error := query.get("error"):
        raise SsoRefusedError(
            "provider-refused", f"The identity provider answered {quote_text(error)}."
        )
    document, settings = load_document(connection), get_oidc_settings(connection)
    # RFC 9207: the answer of one provider must not be taken to another.
    iss = query.get("iss")
    is_missing = document["authorization_response_iss_parameter_supported"] and iss is None
    if is_missing or iss not in (None, settings.issuer):
        raise SsoRefusedError("wrong-issuer", "The answer is from another issuer.")
    code = query.get("code", "")
    if not code or len(code) > 4_000:
        raise SsoRefusedError("malformed", "The answer has no code.")
    tokens = _exchange_code(connection, document, code, attempt.verifier)
    id_token = tokens.get("id_token")
    if not isinstance(id_token, str):
        raise SsoRefusedError("no-id-token", "The provider sent no ID token.")
    claims = dict(verify_id_token(connection, id_token, nonce=attempt.nonce))
    claims = _add_user_info(connection, document, tokens, claims)
    return _build_person(connection, claims, id_token)


def _exchange_code(
    connection: SsoConnection, document: Mapping[str, Any], code: str, verifier: str
) -> dict[str, Any]:
    settings = get_oidc_settings(connection)
    values = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": get_redirect_uri(connection),
        "code_verifier": verifier,
    }
    headers = {}
    try:
        secret = decrypt_secret(connection.secret) if connection.secret else ""
    except UnreadableSecretError as error:
        raise SsoRefusedError(
            "unreadable-secret", "The client secret was stored with another PLUGPORT_SECRET_KEY."
        ) from error
    methods = document["token_endpoint_auth_methods_supported"]
    if not secret:
        values["client_id"] = settings.client_id
    elif "client_secret_post" in methods and "client_secret_basic" not in methods:
        values |= {"client_id": settings.client_id, "client_secret": secret}
    else:
        # RFC 6749, section 2.3.1: both are encoded before they are joined.
        pair = f"{quote(settings.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return post_form(document["token_endpoint"], values, headers)


def _add_user_info(
    connection: SsoConnection,
    document: Mapping[str, Any],
    tokens: Mapping[str, Any],
    claims: dict[str, Any],
) -> dict[str, Any]:
    """The claims, with those that only the userinfo endpoint has."""
    wanted = {"email", "preferred_username"}
    if connection.has_group_rules():
        wanted.add(get_oidc_settings(connection).groups_claim)
    access_token = tokens.get("access_token")
    if wanted <= claims.keys() or "userinfo_endpoint" not in document:
        return claims
    if not isinstance(access_token, str):
        return claims
    found = fetch_json(document["userinfo_endpoint"], access_token=access_token)
    # Core 1.0, section 5.3.2: the answer may be about another person.
    if found.get("sub") != claims["sub"]:
        raise SsoRefusedError(
            "wrong-subject", "The userinfo endpoint answers about another person."
        )
    return {**found, **claims}


def _build_person(connection: SsoConnection, claims: Mapping[str, Any], id_token: str) -> Person:
    email = claims.get("email")
    names = (claims.get("preferred_username"), claims.get("nickname"), email, claims.get("name"))
    sid = claims.get("sid")
    groups_claim = get_oidc_settings(connection).groups_claim
    return Person(
        subject=claims["sub"],
        # Some providers send the text "true".
        email=select_email(
            connection, email, is_verified=claims.get("email_verified") in (True, "true")
        ),
        names=tuple(name[:254] for name in names if isinstance(name, str) and name),
        groups=select_texts(claims.get(groups_claim)),
        session=sid if isinstance(sid, str) and len(sid) <= SUBJECT_CHARS else "",
        logout_hint=id_token if len(id_token) <= _MAX_HINT_CHARS else "",
        has_unknown_groups=groups_claim not in claims and _has_overage(claims, groups_claim),
    )


def _has_overage(claims: Mapping[str, Any], groups_claim: str) -> bool:
    """Whether Entra left the groups out, because they are more than fit in a token.

    It names another place for them (Core 1.0, section 5.6.2), which only its own interface opens.
    """
    elsewhere = claims.get("_claim_names")
    is_elsewhere = isinstance(elsewhere, dict) and groups_claim in elsewhere
    return is_elsewhere or claims.get("hasgroups") in (True, "true")


def find_logout_url(connection: SsoConnection, hint: str) -> str:
    """The URL at which the person signs out at the provider, empty if it has none (RP-Initiated Logout 1.0)."""
    endpoint: str = load_document(connection).get("end_session_endpoint", "")
    if not endpoint:
        return ""
    values = {
        "client_id": get_oidc_settings(connection).client_id,
        "post_logout_redirect_uri": django_settings.BASE_URL + reverse("sso-signed-out"),
    }
    if hint:
        values["id_token_hint"] = hint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(values)}"
