"""A SAML identity provider of tests that can write every wrong answer, and a real one (pysaml2)."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.test import Client
from lxml import etree

from accounts.models import SsoConnection
from accounts.security.encryption import encrypt_secret
from accounts.sso.saml.settings import build_own_key
from tests.support.identity_providers import in_seconds

ENTITY_ID = "https://idp.corp.example/metadata"
SIGN_IN_URL = "https://idp.corp.example/sso"
SIGN_OUT_URL = "https://idp.corp.example/slo"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def build_key() -> tuple[str, str]:
    """A private key and its certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.corp.example")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode(), certificate.public_bytes(Encoding.PEM).decode()


KEY, CERTIFICATE = build_key()
OTHER_KEY, OTHER_CERTIFICATE = build_key()
_OWN_KEY, _OWN_CERTIFICATE = build_own_key()


def strip_pem(pem: str) -> str:
    """The base64 of a PEM certificate."""
    return "".join(pem.strip().splitlines()[1:-1])


def create_saml_connection(**values: Any) -> SsoConnection:
    """A connection that is switched on."""
    return SsoConnection.objects.create(
        kind="saml",
        name=values.pop("name", "Corp"),
        settings={
            "entity_id": ENTITY_ID,
            "sign_in_url": SIGN_IN_URL,
            "sign_out_url": SIGN_OUT_URL,
            "certificates": [strip_pem(CERTIFICATE)],
            "own_certificate": _OWN_CERTIFICATE,
            **values.pop("settings", {}),
        },
        secret=encrypt_secret(_OWN_KEY),
        email_domains=["corp.example"],
        is_enabled=True,
        **values,
    )


def get_addresses(connection: SsoConnection) -> dict[str, str]:
    """Entity id, and addresses, of this registry."""
    base = f"{settings.BASE_URL}/sso/{connection.public_id}/saml"
    return {name: f"{base}/{name}" for name in ("metadata", "acs", "logout")}


def start(client: Client, connection: SsoConnection, **query: str) -> str:
    """Start a sign-in; the id of the request."""
    response = client.get(f"/sso/{connection.public_id}/start?{urlencode(query)}")
    assert response.status_code == 302, response.content
    return str(read_message(response["Location"], "SAMLRequest").get("ID"))


def read_message(url: str, name: str) -> Any:
    """The XML of a message in a URL."""
    text = parse_qs(urlsplit(url).query)[name][0]
    return etree.fromstring(zlib.decompress(base64.b64decode(text), -15))


def build_answer(connection: SsoConnection, request_id: str, **changes: Any) -> str:
    """The XML of an answer, with a placeholder for the signature of the assertion."""
    own = get_addresses(connection)
    values: dict[str, Any] = {
        "request": f'InResponseTo="{request_id}"',
        "confirmed": f'InResponseTo="{request_id}"',
        "response_id": f"_{uuid.uuid4().hex}",
        "assertion_id": f"_{uuid.uuid4().hex}",
        "destination": f'Destination="{own["acs"]}"',
        "recipient": f'Recipient="{own["acs"]}"',
        "issuer": ENTITY_ID,
        "status": "Success",
        "name_id": "person-1",
        "format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "now": in_seconds(0),
        "not_before": in_seconds(-60),
        "until": in_seconds(300),
        "confirmed_until": f'NotOnOrAfter="{in_seconds(300)}"',
        "audience": f"<saml:AudienceRestriction><saml:Audience>{own['metadata']}</saml:Audience>"
        "</saml:AudienceRestriction>",
        "session": "session-1",
        "attributes": build_attributes({"email": ["ada@corp.example"], "username": ["ada"]}),
        **changes,
    }
    return _ANSWER.format(**values)


def build_attributes(attributes: Mapping[str, list[str]]) -> str:
    """An attribute statement."""
    rows = "".join(
        f'<saml:Attribute Name="{name}">'
        + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, values in attributes.items()
    )
    return f"<saml:AttributeStatement>{rows}</saml:AttributeStatement>"


_ANSWER = (
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
    ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{response_id}" Version="2.0"'
    ' IssueInstant="{now}" {destination} {request}><saml:Issuer>{issuer}</saml:Issuer>'
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/>'
    '</samlp:Status><saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{now}">'
    "<saml:Issuer>{issuer}</saml:Issuer>"
    '<saml:Subject><saml:NameID Format="{format}">{name_id}</saml:NameID>'
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
    "<saml:SubjectConfirmationData {recipient} {confirmed_until} {confirmed}/>"
    "</saml:SubjectConfirmation></saml:Subject>"
    '<saml:Conditions NotBefore="{not_before}" NotOnOrAfter="{until}">{audience}</saml:Conditions>'
    '<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="{session}"><saml:AuthnContext>'
    "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
    "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>{attributes}"
    "</saml:Assertion></samlp:Response>"
)


def sign(
    text: str,
    *,
    path: str = "//*[local-name()='Assertion']",
    key: str = KEY,
    method: Any = xmlsec.constants.TransformRsaSha256,
    digest: Any = xmlsec.constants.TransformSha256,
    transform: Any = xmlsec.constants.TransformExclC14N,
) -> str:
    """Sign the element of the path, after its issuer."""
    root = etree.fromstring(text.encode())
    element = root.xpath(path)[0]
    signature = xmlsec.template.create(root, xmlsec.constants.TransformExclC14N, method, ns="ds")
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, transform)
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    return etree.tostring(root).decode()


def send(connection: SsoConnection, text: str, **values: str) -> Any:
    """Send the answer as the provider's page does: from the browser, without a cookie."""
    encoded = base64.b64encode(text.encode()).decode()
    client = Client(enforce_csrf_checks=True)
    path = f"/sso/{connection.public_id}/saml/acs"
    return client.post(path, {"SAMLResponse": encoded, **values})


def build_signed_query(name: str, text: str, *, key: str = KEY, algorithm: str = "") -> str:
    """The query with a signed message of the redirect binding."""
    deflated = zlib.compress(text.encode(), wbits=-15)
    query = urlencode(
        {
            name: base64.b64encode(deflated).decode(),
            "SigAlg": algorithm or "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        }
    )
    private = load_pem_private_key(key.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    signature = private.sign(query.encode(), padding.PKCS1v15(), SHA256())
    return f"{query}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"


def build_metadata(**changes: str) -> str:
    """The metadata of the provider."""
    values = {
        "entity_id": ENTITY_ID,
        "certificate": strip_pem(CERTIFICATE),
        "binding": REDIRECT,
        "url": SIGN_IN_URL,
        **changes,
    }
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}">'
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="{binding}" Location="{url}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    ).format(**values)


class RealProvider:
    """pysaml2's identity provider, which reads this registry's metadata and checks its signatures."""

    def __init__(self, folder: Path, own_metadata: str, *, sign_in_url: str = SIGN_IN_URL) -> None:
        with warnings.catch_warnings():
            # The library uses deprecated parts of cryptography.
            warnings.simplefilter("ignore")
            from saml2.config import IdPConfig
            from saml2.server import Server

        (folder / "key.pem").write_text(KEY)
        (folder / "certificate.pem").write_text(CERTIFICATE)
        config = {
            "entityid": ENTITY_ID,
            "key_file": str(folder / "key.pem"),
            "cert_file": str(folder / "certificate.pem"),
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "service": {
                "idp": {
                    "endpoints": {
                        "single_sign_on_service": [(sign_in_url, REDIRECT)],
                        "single_logout_service": [(SIGN_OUT_URL, REDIRECT)],
                    },
                    "want_authn_requests_signed": True,
                    "policy": {
                        "default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}
                    },
                }
            },
            "metadata": {"inline": [own_metadata]},
        }
        self._server = Server(config=IdPConfig().load(config))

    def answer(self, url: str, name_id: str, identity: Mapping[str, list[str]]) -> str:
        """The form field for a request in the URL, whose signature is checked."""
        from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID

        query = {
            name: values[0]
            for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()
        }
        request = self._server.parse_authn_request(
            query["SAMLRequest"],
            REDIRECT,
            relay_state=query.get("RelayState"),
            sigalg=query["SigAlg"],
            signature=query["Signature"],
        ).message
        answer = self._server.create_authn_response(
            dict(identity),
            in_response_to=request.id,
            destination=request.assertion_consumer_service_url,
            sp_entity_id=request.issuer.text,
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=name_id),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
            sign_assertion=True,
            sign_response=True,
            sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
        )
        return str(answer)
