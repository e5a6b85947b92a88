"""SAML single logout by redirect: requests of this registry, and of the provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request as LogoutRequest
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Xml

from accounts.models import SsoConnection
from accounts.models.sso import SUBJECT_CHARS
from accounts.sso.errors import SsoRefusedError
from accounts.sso.saml.settings import (
    SIGNATURE_ALGORITHMS,
    build_auth,
    build_url,
    get_saml_settings,
)

_MAX_CHARS = 16_000
_MAX_AGE = dt.timedelta(minutes=10)
_ERRORS = (etree.LxmlError, OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, ValueError)


@dataclass(frozen=True, slots=True)
class SignOut:
    """A genuine request of the provider, and the URL that confirms it there."""

    name_id: str
    sessions: tuple[str, ...]
    message_id: str
    expires_at: dt.datetime
    reply_url: str


def build_sign_in_url(connection: SsoConnection, *, is_forced: bool) -> tuple[str, str]:
    """The URL of the provider at which the person signs in, and the id of the request.

    `is_forced` requests that the person signs in there again.
    """
    auth = build_auth(connection, "sso-saml-acs")
    # No RelayState: where the browser goes afterwards is in its session.
    return auth.login(return_to="", force_authn=is_forced), auth.get_last_request_id()


def find_sign_out_url(
    connection: SsoConnection, *, name_id: str, name_id_format: str, session: str
) -> str:
    """The URL at which the person signs out at the provider, empty if it has none."""
    if not get_saml_settings(connection).sign_out_url or not name_id:
        return ""
    url: str = build_auth(connection, "sso-saml-logout").logout(
        return_to="",
        name_id=name_id,
        name_id_format=name_id_format or None,
        session_index=session or None,
    )
    return url


def verify_sign_out(
    connection: SsoConnection, query: Mapping[str, str], query_string: str
) -> SignOut:
    """Verify a `SAMLRequest` in the query. Raises `SsoRefusedError`."""
    if len(query_string) > _MAX_CHARS:
        raise SsoRefusedError("malformed", f"The request has more than {_MAX_CHARS:,} characters.")
    if query.get("SigAlg") not in SIGNATURE_ALGORITHMS or not query.get("Signature"):
        raise SsoRefusedError("unsigned", "The request to sign out has no signature with SHA-256 or better.")  # fmt: skip
    auth = build_auth(connection, "sso-saml-logout", get=dict(query), query_string=query_string)
    try:
        reply_url = auth.process_slo(keep_local_session=True)
        message = auth.get_last_request_xml()
        if not reply_url or not message or auth.get_errors():
            reason = (auth.get_errors() or ["invalid"])[0]
            raise SsoRefusedError(
                "wrong-signature" if "signature" in reason else "malformed",
                f"The request to sign out is not valid: {reason}.",
            )
        root = Xml.to_etree(message)
        name_id = LogoutRequest.get_nameid(root)
        sessions = LogoutRequest.get_session_indexes(root)
        issuer = LogoutRequest.get_issuer(root)
        issued = dt.datetime.fromtimestamp(
            Utils.parse_SAML_to_time(root.get("IssueInstant")), dt.UTC
        )
    except _ERRORS as error:
        raise SsoRefusedError("malformed", "The request to sign out cannot be read.") from error
    if issuer != get_saml_settings(connection).entity_id:
        raise SsoRefusedError("wrong-issuer", "The request to sign out is from another issuer.")
    if root.get("Destination") != build_url("sso-saml-logout", connection):
        raise SsoRefusedError("wrong-recipient", "The request was sent to another address.")
    if abs(dt.datetime.now(dt.UTC) - issued) > _MAX_AGE:
        raise SsoRefusedError("expired", "The request to sign out is too old, or from the future.")
    return SignOut(
        name_id=str(name_id)[:SUBJECT_CHARS],
        sessions=tuple(str(each) for each in sessions[:100]),
        message_id=root.get("ID"),
        expires_at=issued + _MAX_AGE,
        reply_url=reply_url,
    )
