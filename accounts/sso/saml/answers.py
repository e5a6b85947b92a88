"""Verification of SAML answers (SAML 2.0 Profiles, section 4.1.4.3).

python3-saml verifies signatures, times and issuers. It accepts answers without an audience, a
recipient or a request, compares addresses by their beginning, and leaves the algorithms open but for
SHA-1: these things are checked here, before and after.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError as Failure
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Xml

from accounts.models import SsoConnection
from accounts.models.sso import SUBJECT_CHARS
from accounts.sso.errors import SsoRefusedError
from accounts.sso.person import (
    Person,
    require_subject,
    select_email,
    select_texts,
)
from accounts.sso.saml.settings import (
    SIGNATURE_ALGORITHMS,
    build_auth,
    build_url,
    get_saml_settings,
)

MAX_CHARS = 350_000
_DIGESTS = frozenset(
    (
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    )
)
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_TRANSFORMS = frozenset(("http://www.w3.org/2000/09/xmldsig#enveloped-signature", _EXCLUSIVE))
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_EMAIL_ID = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_EMAIL_ATTRIBUTES = (
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "email",
    "mail",
)
_NAME_ATTRIBUTES = (
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    "urn:oid:0.9.2342.19200300.100.1.1",
    "username",
    "uid",
)
# Entra sends it in place of more groups than fit in an answer.
_OVERAGE_ATTRIBUTE = "http://schemas.microsoft.com/claims/groups.link"
# Markup that hides or replaces text between verification and use: comments, DTDs, instructions.
_HIDDEN = re.compile(r"<!|<\?(?!xml\s)")
# In another encoding, the parser would see markup where there is none in UTF-8. It also finds one without a
# declaration, by the bytes NUL.
_START = re.compile(
    r"\A\s*(?:<\?xml\s+version=[\"']1\.0[\"'](?:\s+encoding=[\"']utf-8[\"'])?"
    r"(?:\s+standalone=[\"'](?:yes|no)[\"'])?\s*\?>\s*)?<[A-Za-z]",
    re.IGNORECASE,
)
_REASONS = {
    Failure.STATUS_CODE_IS_NOT_SUCCESS: "provider-refused",
    Failure.ASSERTION_TOO_EARLY: "not-yet-valid",
    Failure.ASSERTION_EXPIRED: "expired",
    Failure.SESSION_EXPIRED: "expired",
    Failure.WRONG_AUDIENCE: "wrong-audience",
    Failure.WRONG_DESTINATION: "wrong-recipient",
    Failure.EMPTY_DESTINATION: "wrong-recipient",
    Failure.WRONG_SUBJECTCONFIRMATION: "wrong-recipient",
    Failure.WRONG_ISSUER: "wrong-issuer",
    Failure.NO_SIGNED_ASSERTION: "unsigned",
    Failure.NO_SIGNATURE_FOUND: "unsigned",
    Failure.UNEXPECTED_SIGNED_ELEMENTS: "wrong-signature",
    Failure.INVALID_SIGNATURE: "wrong-signature",
    Failure.DUPLICATED_ID_IN_SIGNED_ELEMENTS: "duplicate-id",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A genuine answer to the request with the id `request_id`; the assertion counts once."""

    person: Person
    request_id: str
    assertion_id: str
    expires_at: dt.datetime


def verify_answer(connection: SsoConnection, text: str) -> Answer:
    """Verify the form field `SAMLResponse`. Raises `SsoRefusedError`.

    Whether the assertion was used before, and which browser asked, is not checked here.
    """
    response = _parse(connection, text)
    _check_structure(response.document)
    request_id = response.document.get("InResponseTo", "")
    if not request_id:
        raise SsoRefusedError(
            "no-request",
            "The answer belongs to no request.",
            hint="Start on the sign-in page of this registry. A sign-in that starts at the identity"
            " provider is not accepted.",
        )
    assertion = response.document.find("saml:Assertion", namespaces=_NAMESPACES)
    if assertion is None:
        # It says why there is none: the status of the answer.
        _run_library_checks(connection, response, request_id)
        raise SsoRefusedError("malformed", "The answer has no assertion.")
    # First, since the library has one error for several of these things.
    expires_at = _check_assertion(connection, assertion, request_id)
    _run_library_checks(connection, response, request_id)
    return Answer(
        person=_build_person(connection, response),
        request_id=request_id[:SUBJECT_CHARS],
        assertion_id=assertion.get("ID"),
        expires_at=expires_at,
    )


_NAMESPACES = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}


def _parse(connection: SsoConnection, text: str) -> OneLogin_Saml2_Response:
    if not text or len(text) > MAX_CHARS:
        raise SsoRefusedError("malformed", f"The answer has not 1 to {MAX_CHARS:,} characters.")
    try:
        document = base64.b64decode(text, validate=False).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise SsoRefusedError("malformed", "The answer is not base64 of UTF-8.") from error
    if _HIDDEN.search(document) or "\0" in document or not _START.match(document):
        raise SsoRefusedError(
            "hidden-markup", "The answer has comments, a DTD, instructions, or another encoding."
        )
    settings = build_auth(connection, "sso-saml-acs").get_settings()
    # The message around the assertion need not be signed.
    settings.get_security_data()["wantMessagesSigned"] = False
    if ":EncryptedAssertion" in document or "<EncryptedAssertion" in document:
        raise SsoRefusedError(
            "encrypted",
            "The assertion is encrypted. Switch that off at the identity provider: the answer travels"
            " over HTTPS.",
        )
    try:
        return OneLogin_Saml2_Response(settings, text)
    except (etree.LxmlError, OneLogin_Saml2_Error, Failure, ValueError) as error:
        raise SsoRefusedError("malformed", "The answer is not valid XML.") from error


def _check_structure(root: Any) -> None:
    """Raise `SsoRefusedError` unless there is one signed assertion, where it must be, and nothing else."""
    ids = [str(value) for value in root.xpath("//@ID | //@Id | //@id")]
    if len(ids) != len(set(ids)):
        raise SsoRefusedError("duplicate-id", "Two elements of the answer have the same id.")
    if Xml.query(root, "//saml:Assertion/ancestor::*[position() > 1]") or root.tag != (
        f"{{{_NAMESPACES['samlp']}}}Response"
    ):
        raise SsoRefusedError("wrapped-signature", "The assertion is not where it must be.")
    if len(Xml.query(root, "//saml:Assertion")) > 1:
        raise SsoRefusedError("wrapped-signature", "The answer has more than one assertion.")
    for signature in Xml.query(root, "//ds:Signature"):
        _check_signature_form(signature)


def _check_signature_form(signature: Any) -> None:
    """Which element a signature covers, and how: fixed lists (SAML Core, section 5.4)."""

    def list_values(path: str) -> set[str]:
        return {str(value) for value in signature.xpath(path, namespaces=_NAMESPACES)}

    parent = signature.getparent()
    references = signature.xpath("./ds:SignedInfo/ds:Reference", namespaces=_NAMESPACES)
    uris = {str(reference.get("URI")) for reference in references}
    if len(references) != 1 or uris != {f"#{parent.get('ID')}"}:
        raise SsoRefusedError(
            "wrapped-signature", "A signature covers another element than the one around it."
        )
    algorithms = list_values("./ds:SignedInfo/ds:SignatureMethod/@Algorithm")
    digests = list_values("./ds:SignedInfo/ds:Reference/ds:DigestMethod/@Algorithm")
    if not (algorithms <= SIGNATURE_ALGORITHMS and digests <= _DIGESTS):
        used = ", ".join(sorted(each.rpartition("#")[2] for each in algorithms | digests))
        raise SsoRefusedError("weak-algorithm", f"The signature uses {used[:100]}; SHA-256 or better is required.")  # fmt: skip
    transforms = list_values(".//ds:Transform/@Algorithm")
    forms = list_values("./ds:SignedInfo/ds:CanonicalizationMethod/@Algorithm")
    if not (transforms <= _TRANSFORMS and forms <= {_EXCLUSIVE}):
        raise SsoRefusedError(
            "wrong-signature", "The signature uses a transform that is not allowed."
        )


def _run_library_checks(
    connection: SsoConnection, response: OneLogin_Saml2_Response, request_id: str
) -> None:
    auth = build_auth(connection, "sso-saml-acs")
    try:
        response.is_valid(auth._request_data, request_id, raise_exceptions=True)  # noqa: SLF001 -- what `build_auth` built
    except Failure as error:
        reason = _REASONS.get(error.code, "malformed")
        raise SsoRefusedError(reason, str(error)[:300]) from error
    except Exception as error:
        # The library raises various kinds for malformed content; none of them may accept it.
        raise SsoRefusedError("malformed", "The answer cannot be read.") from error


def _check_assertion(connection: SsoConnection, assertion: Any, request_id: str) -> dt.datetime:
    """What the library leaves open. Returns when the assertion expires."""
    own = build_url("sso-saml-metadata", connection)
    restrictions = Xml.query(assertion, "./saml:Conditions/saml:AudienceRestriction")
    for restriction in restrictions:
        audiences = [Xml.element_text(each) for each in Xml.query(restriction, "./saml:Audience")]
        if own not in audiences:
            raise SsoRefusedError("wrong-audience", "The assertion is for another service.")
    if not restrictions:
        raise SsoRefusedError(
            "wrong-audience", "The assertion does not say which service it is for."
        )
    recipient = build_url("sso-saml-acs", connection)
    destination = assertion.getparent().get("Destination", recipient)
    if destination != recipient:
        raise SsoRefusedError("wrong-recipient", "The answer was sent to another address.")
    conditions = Xml.query(assertion, "./saml:Conditions[@NotOnOrAfter]")
    times = [
        Utils.parse_SAML_to_time(data.get("NotOnOrAfter"))
        for data in Xml.query(assertion, "./saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData")
        if data.getparent().get("Method") == _BEARER
        and data.get("Recipient") == recipient
        and data.get("InResponseTo") == request_id
        and data.get("NotOnOrAfter")
    ]  # fmt: skip
    if not times:
        raise SsoRefusedError(
            "wrong-recipient", "The assertion is not for this address and this request."
        )
    if not conditions or max(times) <= Utils.now():
        raise SsoRefusedError("expired", "The assertion has expired, or never does.")
    latest = max(*times, Utils.parse_SAML_to_time(conditions[0].get("NotOnOrAfter")))
    if latest - Utils.now() > 86_400:
        raise SsoRefusedError("valid-too-long", "The assertion is valid for more than a day.")
    return dt.datetime.fromtimestamp(latest, dt.UTC)


def _build_person(connection: SsoConnection, response: OneLogin_Saml2_Response) -> Person:
    settings = get_saml_settings(connection)
    try:
        name_id = str(response.get_nameid() or "")
        name_id_format = str(response.get_nameid_format() or "")
        attributes: dict[str, list[str]] = response.get_attributes()
    except Failure as error:
        raise SsoRefusedError("no-subject", "The assertion does not name one person.") from error
    subject = (
        _find(attributes, settings.subject_attribute) if settings.subject_attribute else name_id
    )
    if not settings.subject_attribute and name_id_format == _TRANSIENT:
        raise SsoRefusedError(
            "no-subject", "The NameID is transient: it does not identify a person for long."
        )
    email = _find(attributes, settings.email_attribute, *_EMAIL_ATTRIBUTES)
    if not email and name_id_format == _EMAIL_ID:
        email = name_id
    name = _find(attributes, settings.name_attribute, *_NAME_ATTRIBUTES)
    session = str(response.get_session_index() or "")
    return Person(
        subject=require_subject(subject),
        # SAML has no sign that an address is verified: only the domains of the connection count.
        email=select_email(connection, email, is_verified=False),
        names=tuple(text[:254] for text in (name, email) if text),
        groups=select_texts(list(attributes.get(settings.groups_attribute, []))),
        session=session if len(session) <= SUBJECT_CHARS else "",
        name_id=name_id if len(name_id) <= SUBJECT_CHARS else "",
        name_id_format=name_id_format[:200],
        has_unknown_groups=settings.groups_attribute not in attributes
        and _OVERAGE_ATTRIBUTE in attributes,
    )


def _find(attributes: dict[str, list[str]], *names: str) -> str:
    values = (attributes[name] for name in names if name and attributes.get(name))
    return next((str(each[0]) for each in values if each[0]), "")
