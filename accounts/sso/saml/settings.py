"""The settings of both sides of a SAML connection, and this registry's own key."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings as django_settings
from django.urls import reverse
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants

from accounts.models import SsoConnection
from accounts.security.encryption import UnreadableSecretError, decrypt_secret
from accounts.sso.errors import SsoRefusedError

_CERTIFICATE_DAYS = 3650
SIGNATURE_ALGORITHMS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{name}"
    for name in (
        *("rsa-sha256", "rsa-sha384", "rsa-sha512"),
        *("ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"),
    )
)


@dataclass(frozen=True, slots=True)
class SamlSettings:
    """The settings of a connection of the kind `saml`.

    The first four are from the provider's metadata. `subject_attribute` is empty if the `NameID`
    identifies people. `own_certificate` belongs to the key that is the secret of the connection.
    """

    entity_id: str
    sign_in_url: str
    certificates: list[str]
    sign_out_url: str = ""
    subject_attribute: str = ""
    email_attribute: str = ""
    name_attribute: str = ""
    groups_attribute: str = "groups"
    own_certificate: str = field(default="", repr=False)


def get_saml_settings(connection: SsoConnection) -> SamlSettings:
    """The settings of the connection."""
    return SamlSettings(**connection.settings)


def build_url(view: str, connection: SsoConnection) -> str:
    """The address of a page of the connection, at the address that the operator set."""
    return django_settings.BASE_URL + reverse(view, args=[connection.public_id])


def build_own_key() -> tuple[str, str]:
    """A new private key, and its self-signed certificate, both as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, django_settings.BASE_HOST[:64])])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_CERTIFICATE_DAYS))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, certificate.public_bytes(Encoding.PEM).decode()


def build_auth(
    connection: SsoConnection,
    view: str,
    *,
    get: dict[str, str] | None = None,
    query_string: str = "",
) -> OneLogin_Saml2_Auth:
    """python3-saml's object for one request to the page `view` of the connection.

    Nothing of it comes from the request's headers: a client chooses those. Raises `SsoRefusedError`.
    """
    base = urlsplit(build_url(view, connection))
    request = {
        "https": "on" if base.scheme == "https" else "off",
        "http_host": base.netloc,
        "script_name": base.path,
        "get_data": get or {},
        "post_data": {},
        # The signature covers the query as it was sent.
        "query_string": query_string,
        "validate_signature_from_qs": True,
    }
    return OneLogin_Saml2_Auth(request, _build_config(connection))


def _build_config(connection: SsoConnection) -> dict[str, Any]:
    own = get_saml_settings(connection)
    try:
        key = decrypt_secret(connection.secret)
    except UnreadableSecretError as error:
        raise SsoRefusedError(
            "unreadable-secret", "The SAML key was stored with another PLUGPORT_SECRET_KEY."
        ) from error
    provider: dict[str, Any] = {
        "entityId": own.entity_id,
        "singleSignOnService": {"url": own.sign_in_url, "binding": Constants.BINDING_HTTP_REDIRECT},
        "x509certMulti": {"signing": own.certificates},
    }
    if own.sign_out_url:
        provider["singleLogoutService"] = {
            "url": own.sign_out_url,
            "binding": Constants.BINDING_HTTP_REDIRECT,
        }
    return {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": build_url("sso-saml-metadata", connection),
            "assertionConsumerService": {
                "url": build_url("sso-saml-acs", connection),
                "binding": Constants.BINDING_HTTP_POST,
            },
            "singleLogoutService": {
                "url": build_url("sso-saml-logout", connection),
                "binding": Constants.BINDING_HTTP_REDIRECT,
            },
            "x509cert": own.own_certificate,
            "privateKey": key,
        },
        "idp": provider,
        "security": {
            "authnRequestsSigned": True,
            "logoutRequestSigned": True,
            "logoutResponseSigned": True,
            # Of messages of sign-out; answers are checked without (`answers`).
            "wantMessagesSigned": True,
            "wantAssertionsSigned": True,
            "wantAttributeStatement": False,
            "allowRepeatAttributeName": True,
            "allowSingleLabelDomains": True,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "signatureAlgorithm": Constants.RSA_SHA256,
            "digestAlgorithm": Constants.SHA256,
        },
    }


def build_own_metadata(connection: SsoConnection) -> bytes:
    """This registry's metadata for the provider."""
    settings = build_auth(connection, "sso-saml-metadata").get_settings()
    # In answers, the assertion must be signed; the message around it may be.
    text: bytes | str = settings.get_sp_metadata()
    return text.encode() if isinstance(text, str) else text
