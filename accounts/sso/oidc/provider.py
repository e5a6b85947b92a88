"""What an OpenID Connect provider publishes: its endpoints and keys (Discovery 1.0)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.utils import timezone

from accounts.models import SsoConnection
from accounts.sso.errors import ConnectionSettingsError, SsoRefusedError
from accounts.sso.fetching import fetch_json, require_provider_url

_log = structlog.get_logger("plugport.sso")
_MAX_AGE = dt.timedelta(hours=1)
# While the provider cannot be reached, its document and keys are used for longer.
_MAX_AGE_WITHOUT_PROVIDER = dt.timedelta(hours=24)
# Tokens with unknown keys can be made by everyone, and must not make this registry fetch each time.
_FETCH_INTERVAL = dt.timedelta(seconds=60)
_MAX_KEYS = 50
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")
_METHODS = "token_endpoint_auth_methods_supported"
_ISS_PARAMETER = "authorization_response_iss_parameter_supported"
GOOGLE = "https://accounts.google.com"
MICROSOFT_HOSTS = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")  # fmt: skip
# One document for the people of all tenants: its issuer says nothing about who signs in.
_SHARED_TENANTS = ("common", "organizations", "consumers")


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The settings of a connection of the kind `oidc`.

    `hosted_domain` is required for Google, whose issuer is the same for all people: the `hd` claim.
    """

    issuer: str
    client_id: str
    groups_claim: str = "groups"
    hosted_domain: str = ""


def get_oidc_settings(connection: SsoConnection) -> OidcSettings:
    """The settings of the connection."""
    return OidcSettings(**connection.settings)


def check_issuer(settings: OidcSettings) -> None:
    """Raise `ConnectionSettingsError` for an issuer that cannot be trusted alone."""
    parts = urlsplit(require_provider_url(settings.issuer, "issuer"))
    if parts.query:
        raise ConnectionSettingsError("The issuer must be a URL without a query.")
    segments = parts.path.strip("/").split("/")
    if parts.hostname in MICROSOFT_HOSTS and (
        segments[0] in _SHARED_TENANTS or "{" in parts.path or not segments[0]
    ):
        raise ConnectionSettingsError(
            "This issuer is shared by all tenants of Microsoft Entra.",
            hint=f"Use the one with the id of your tenant: https://{parts.hostname}/TENANT-ID/v2.0",
        )
    if settings.issuer == GOOGLE and not settings.hosted_domain:
        raise ConnectionSettingsError(
            "All people with a Google account have this issuer.",
            hint="Enter the domain of your Google Workspace.",
        )


def fetch_document(settings: OidcSettings) -> dict[str, Any]:
    """Fetch and check the discovery document and the keys of the provider.

    Raises `SsoRefusedError` and `ConnectionSettingsError`.
    """
    check_issuer(settings)
    found = fetch_json(settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
    # Section 4.3: otherwise one issuer could speak for another.
    if found.get("issuer") != settings.issuer:
        raise ConnectionSettingsError(
            f"The document of the provider is that of the issuer `{str(found.get('issuer'))[:200]}`.",
            hint="Enter the issuer exactly as it is there.",
        )
    document = {
        name: require_provider_url(found.get(name), f"address `{name}`") for name in _ENDPOINTS
    }
    for name in _OPTIONAL_ENDPOINTS:
        if found.get(name):
            document[name] = require_provider_url(found[name], f"address `{name}`")
    methods = found.get(_METHODS)
    return {
        **document,
        _METHODS: [str(each) for each in methods[:20]] if isinstance(methods, list) else [],
        _ISS_PARAMETER: found.get(_ISS_PARAMETER) is True,
        "keys": _fetch_keys(document["jwks_uri"]),
    }


def _fetch_keys(url: str) -> list[dict[str, str]]:
    rows = fetch_json(url).get("keys")
    if not isinstance(rows, list) or len(rows) > _MAX_KEYS:
        raise ConnectionSettingsError(f"The provider's keys are no list of at most {_MAX_KEYS}.")
    # The public members only: a key that is published with its private part must not be stored.
    members = ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y")
    keys = [
        {name: row[name] for name in members if isinstance(row.get(name), str)}
        for row in rows
        if isinstance(row, dict)
    ]
    return [key for key in keys if key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"]  # fmt: skip


def load_document(connection: SsoConnection) -> Mapping[str, Any]:
    """The stored document, fetched again if it is old. Raises `SsoRefusedError`."""
    age = _get_age(connection)
    if age is None or age > _MAX_AGE:
        try:
            _refresh(connection)
        except (SsoRefusedError, ConnectionSettingsError) as error:
            if age is None or age > _MAX_AGE_WITHOUT_PROVIDER:
                raise SsoRefusedError("provider-unavailable", error.detail) from error
            _log.warning("sso_provider_unavailable", connection=connection.public_id)
    document: Mapping[str, Any] = connection.document
    return document


def list_keys(connection: SsoConnection, kid: str) -> Sequence[Mapping[str, str]]:
    """The keys with that id, or all without an id; fetched again if none has it, once a minute."""
    found = _select(load_document(connection), kid)
    age = _get_age(connection)
    if not found and age is not None and age > _FETCH_INTERVAL:
        _refresh(connection)
        found = _select(connection.document, kid)
    return found


def _select(document: Mapping[str, Any], kid: str) -> list[Mapping[str, str]]:
    return [key for key in document["keys"] if not kid or key.get("kid") == kid]


def _get_age(connection: SsoConnection) -> dt.timedelta | None:
    return timezone.now() - connection.document_at if connection.document_at else None


def _refresh(connection: SsoConnection) -> None:
    connection.document = fetch_document(get_oidc_settings(connection))
    connection.document_at = timezone.now()
    # The settings may have been changed meanwhile, and with them the provider.
    SsoConnection.objects.filter(pk=connection.pk, settings=connection.settings).update(
        document=connection.document, document_at=connection.document_at
    )
