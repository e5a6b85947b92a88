"""Import of the metadata of a SAML identity provider."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as Parser
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Xml

from accounts.sso.errors import ConnectionSettingsError
from accounts.sso.fetching import require_provider_url

MAX_BYTES = 256 * 1024
_MAX_CERTIFICATES = 10
_MIN_RSA_BITS = 2048


def parse_metadata(content: bytes) -> dict[str, Any]:
    """The settings that the metadata has. Raises `ConnectionSettingsError`."""
    if len(content) > MAX_BYTES:
        raise ConnectionSettingsError(
            f"The metadata has {len(content)} bytes; {MAX_BYTES} are allowed."
        )
    try:
        root = Xml.to_etree(content)
        count = len(Xml.query(root, "//md:IDPSSODescriptor"))
        provider = Parser.parse(content).get("idp", {}) if count == 1 else {}
    except (etree.LxmlError, ValueError) as error:
        raise ConnectionSettingsError("The metadata is not valid XML without a DTD.") from error
    if count != 1:
        raise ConnectionSettingsError(
            f"The metadata describes {count} identity providers; exactly one is allowed."
        )
    entity_id = provider.get("entityId", "")
    if not entity_id or len(entity_id) > 1024:
        raise ConnectionSettingsError("The metadata has no entity id of at most 1,024 characters.")
    sign_in = provider.get("singleSignOnService", {}).get("url")
    if not sign_in:
        raise ConnectionSettingsError(
            "The metadata has no address for sign-in with the binding HTTP-Redirect."
        )
    sign_out = provider.get("singleLogoutService", {}).get("url", "")
    found = provider.get("x509certMulti", {}).get("signing") or [provider.get("x509cert")]
    if not found[0] or len(found) > _MAX_CERTIFICATES:
        raise ConnectionSettingsError(
            f"The metadata has no certificate for signatures, or more than {_MAX_CERTIFICATES}."
        )
    for certificate in found:
        _check_key(parse_certificate(certificate))
    return {
        "entity_id": entity_id,
        "sign_in_url": require_provider_url(sign_in, "address for sign-in"),
        "sign_out_url": require_provider_url(sign_out, "address for sign-out") if sign_out else "",
        "certificates": found,
    }


def parse_certificate(text: str) -> x509.Certificate:
    """The certificate of base64 text. Raises `ConnectionSettingsError`."""
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise ConnectionSettingsError("A certificate of the metadata is not valid.") from error


def _check_key(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    is_strong_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS
    if not (is_strong_rsa or isinstance(key, ec.EllipticCurvePublicKey)):
        raise ConnectionSettingsError(
            f"A certificate has another key than RSA of at least {_MIN_RSA_BITS} bits, or ECDSA."
        )


def list_expiry_dates(certificates: list[str]) -> list[dt.datetime]:
    """When the certificates expire."""
    return [parse_certificate(text).not_valid_after_utc for text in certificates]
