"""SAML single logout."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import SsoConnection, SsoFailure
from tests.support import saml
from tests.support.identity_providers import find_signed_in, in_seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(db: None) -> SsoConnection:
    """A connection that is switched on."""
    return saml.create_saml_connection()


def sign_in(client: Client, connection: SsoConnection, **changes: str) -> None:
    """A whole sign-in."""
    text = saml.build_answer(connection, saml.start(client, connection), **changes)
    response = client.get(saml.send(connection, saml.sign(text))["Location"])
    assert response.status_code == 302


def build_request(connection: SsoConnection, **changes: str) -> str:
    """A LogoutRequest of the provider."""
    values = {
        "id": "_logout-1",
        "now": in_seconds(0),
        "issuer": saml.ENTITY_ID,
        "destination": saml.get_addresses(connection)["logout"],
        "name_id": "person-1",
        "session": "<samlp:SessionIndex>session-1</samlp:SessionIndex>",
        **changes,
    }
    return (
        '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0"'
        ' IssueInstant="{now}" Destination="{destination}"><saml:Issuer>{issuer}</saml:Issuer>'
        "<saml:NameID>{name_id}</saml:NameID>{session}</samlp:LogoutRequest>"
    ).format(**values)


def send(connection: SsoConnection, query: str) -> Any:
    """The provider's request, in a frame without the cookie."""
    return Client().get(f"/sso/{connection.public_id}/saml/logout?{query}")


def test_signing_out_asks_the_provider(client: Client, connection: SsoConnection) -> None:
    """With a signed request for this session."""
    sign_in(client, connection)
    assert client.post("/logout")["Location"] == "/sso/signed-out"
    url = client.get("/sso/signed-out").context["provider_url"]
    message = saml.read_message(url, "SAMLRequest")
    assert url.startswith(saml.SIGN_OUT_URL)
    assert "Signature=" in url
    texts = [str(element.text) for element in message.iter() if element.text]
    assert texts[-2:] == ["person-1", "session-1"]
    assert find_signed_in(client) is None
    back = client.get(f"/sso/{connection.public_id}/saml/logout?SAMLResponse=anything")
    assert back["Location"] == "/sso/signed-out"


def test_the_provider_ends_the_session(client: Client, connection: SsoConnection) -> None:
    """That of the message, with a signed confirmation; other sessions stay."""
    sign_in(client, connection)
    other = Client()
    sign_in(other, connection, session="session-2")
    query = saml.build_signed_query("SAMLRequest", build_request(connection))
    response = send(connection, query)
    assert response["Location"].startswith(saml.SIGN_OUT_URL)
    reply = saml.read_message(response["Location"], "SAMLResponse")
    assert reply.get("InResponseTo") == "_logout-1"
    assert find_signed_in(client) is None
    assert find_signed_in(other) is not None
    # Used again, it would end later sessions.
    assert send(connection, query).status_code == 403
    everything = build_request(connection, id="_logout-2", session="")
    send(connection, saml.build_signed_query("SAMLRequest", everything))
    assert find_signed_in(other) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "https://evil.example"}, "malformed"),
        ({"destination": "https://other.example/"}, "malformed"),
        ({"now": "2020-01-01T00:00:00Z"}, "expired"),
    ],
)
def test_refuses_requests(
    client: Client, connection: SsoConnection, changes: dict[str, str], reason: str
) -> None:
    """Of another issuer, for another address, or old."""
    sign_in(client, connection)
    text = build_request(connection, **changes)
    response = send(connection, saml.build_signed_query("SAMLRequest", text))
    assert (response.status_code, SsoFailure.objects.get().reason) == (403, reason)
    assert find_signed_in(client) is not None


def test_refuses_signatures(client: Client, connection: SsoConnection) -> None:
    """None, another key, SHA-1, and a changed message."""
    sign_in(client, connection)
    text = build_request(connection)
    good = saml.build_signed_query("SAMLRequest", text)
    other = saml.build_signed_query("SAMLRequest", build_request(connection, name_id="x"))
    sha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    for query in (
        good.partition("&SigAlg")[0],
        good.partition("&Signature")[0],
        saml.build_signed_query("SAMLRequest", text, key=saml.OTHER_KEY),
        saml.build_signed_query("SAMLRequest", text, algorithm=sha1),
        good.partition("&")[0] + "&" + other.partition("&")[2],
        "SAMLRequest=AAAA&" + good.partition("&")[2],
    ):
        assert send(connection, query).status_code == 403
    assert find_signed_in(client) is not None
