"""Single sign-on with SAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import xmlsec
from django.test import Client

from accounts.models import SsoConnection, SsoFailure, SsoIdentity, User
from tests.support import saml
from tests.support.identity_providers import find_signed_in, in_seconds
from tests.support.people import create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(db: None) -> SsoConnection:
    """A connection that is switched on."""
    return saml.create_saml_connection()


def finish(client: Client, response: Any) -> Any:
    """Follow the redirect after the answer, with the cookie."""
    assert response.status_code == 303, response.content.decode()
    return client.get(response["Location"])


def refuse(connection: SsoConnection, response: Any, reason: str) -> None:
    """The answer was refused for the reason, which is recorded, and has created nothing."""
    failure = SsoFailure.objects.filter(connection=connection).first()
    assert failure is not None
    assert (response.status_code, failure.reason) == (403, reason), failure.detail
    assert response.context["error"].code == "sso-refused"
    assert not SsoIdentity.objects.exists()


def test_signs_in_at_a_real_provider(
    tmp_path: Path, client: Client, connection: SsoConnection, settings: Any
) -> None:
    """pysaml2 reads our metadata, checks our signed request, and answers."""
    settings.BASE_URL = "https://plugins.example"
    path = f"/sso/{connection.public_id}/saml/metadata"
    # From the setting, whatever the request says.
    metadata = client.get(path, HTTP_HOST="localhost").content.decode()
    assert f"https://plugins.example{path}" in metadata
    assert "localhost" not in metadata
    provider = saml.RealProvider(tmp_path, metadata)
    response = client.get(f"/sso/{connection.public_id}/start?next=/account/tokens")
    assert response["Location"].startswith(saml.SIGN_IN_URL)
    text = provider.answer(
        response["Location"], "ada-1", {"mail": ["ada@corp.example"], "uid": ["ada"]}
    )
    response = finish(client, saml.send(connection, text))
    assert (response.status_code, response["Location"]) == (302, "/account/tokens")
    user = find_signed_in(client)
    assert user is not None
    assert (user.username, user.email) == ("ada", "ada@corp.example")


def test_the_same_person_gets_the_same_account(connection: SsoConnection) -> None:
    """By the NameID, whatever else changed."""
    clients = [Client(), Client()]
    for client, name in zip(clients, ("ada", "other"), strict=True):
        attributes = saml.build_attributes({"username": [name]})
        text = saml.build_answer(connection, saml.start(client, connection), attributes=attributes)
        finish(client, saml.send(connection, saml.sign(text)))
    assert User.objects.count() == 1
    assert find_signed_in(clients[0]) == find_signed_in(clients[1])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"audience": ""}, "wrong-audience"),
        (
            {
                "audience": "<saml:AudienceRestriction><saml:Audience>https://other.example"
                "</saml:Audience></saml:AudienceRestriction>"
            },
            "wrong-audience",
        ),
        ({"destination": 'Destination="https://other.example/acs"'}, "wrong-recipient"),
        ({"recipient": 'Recipient="https://other.example/acs"'}, "wrong-recipient"),
        ({"recipient": ""}, "wrong-recipient"),
        ({"confirmed": ""}, "wrong-recipient"),
        ({"confirmed": 'InResponseTo="_another"'}, "wrong-recipient"),
        ({"request": ""}, "no-request"),
        ({"confirmed_until": ""}, "wrong-recipient"),
        ({"confirmed_until": 'NotOnOrAfter="2020-01-01T00:00:00Z"'}, "expired"),
        ({"until": "2020-01-01T00:00:00Z"}, "expired"),
        ({"until": "2999-01-01T00:00:00Z"}, "valid-too-long"),
        ({"not_before": in_seconds(3600), "until": in_seconds(7200)}, "not-yet-valid"),
        ({"issuer": "https://evil.example"}, "wrong-issuer"),
        ({"status": "Responder"}, "provider-refused"),
        ({"name_id": ""}, "no-subject"),
        ({"name_id": "x" * 256}, "too-large"),
        ({"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}, "no-subject"),
    ],
)
def test_refuses_content(
    client: Client, connection: SsoConnection, changes: dict[str, str], reason: str
) -> None:
    """What is signed, but not for this registry, this request and this moment."""
    text = saml.build_answer(connection, saml.start(client, connection), **changes)
    refuse(connection, saml.send(connection, saml.sign(text)), reason)


def test_recipients_are_compared_whole(client: Client, connection: SsoConnection) -> None:
    """Another address that begins with, or contains, this one."""
    acs = saml.get_addresses(connection)["acs"]
    for changes in (
        {"recipient": f'Recipient="{acs}.evil"'},
        {"recipient": f'Recipient="https://evil.example/?{acs}"'},
        {"destination": f'Destination="{acs}/more"'},
    ):
        text = saml.build_answer(connection, saml.start(client, connection), **changes)
        refuse(connection, saml.send(connection, saml.sign(text)), "wrong-recipient")


def _break_signature(text: str) -> str:
    found = re.search(r"<ds:SignatureValue>\s*(.)", text)
    assert found
    letter = "B" if found[1] == "A" else "A"
    return text[: found.end() - 1] + letter + text[found.end() :]


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda text: text, "unsigned"),
        (lambda text: saml.sign(text, path="/*"), "unsigned"),
        (lambda text: saml.sign(text, key=saml.OTHER_KEY), "wrong-signature"),
        (
            lambda text: saml.sign(text, method=xmlsec.constants.TransformRsaSha1),
            "weak-algorithm",
        ),
        (lambda text: saml.sign(text, digest=xmlsec.constants.TransformSha1), "weak-algorithm"),
        (
            lambda text: saml.sign(text, transform=xmlsec.constants.TransformInclC14N),
            "wrong-signature",
        ),
        (lambda text: saml.sign(text).replace("person-1", "person-2"), "wrong-signature"),
        (lambda text: saml.sign(text).replace("ada@", "eve@"), "wrong-signature"),
        (lambda text: _break_signature(saml.sign(text)), "wrong-signature"),
    ],
    ids=["none", "message only", "other key", "sha1", "sha1 digest", "transform", "subject", "attribute", "value"],
)  # fmt: skip
def test_refuses_signatures(
    client: Client, connection: SsoConnection, build: Any, reason: str
) -> None:
    """Missing, foreign, weak and broken signatures."""
    text = saml.build_answer(connection, saml.start(client, connection))
    refuse(connection, saml.send(connection, build(text)), reason)


def _split(text: str) -> tuple[str, str, str]:
    """Before, the assertion, and after."""
    start, end = text.index("<saml:Assertion"), text.index("</samlp:Response>")
    return text[:start], text[start:end], text[end:]


def _evil(assertion: str) -> str:
    """The assertion about another person, without the signature and with another id."""
    unsigned = re.sub(r"<ds:Signature.*?</ds:Signature>", "", assertion, flags=re.DOTALL)
    return re.sub(r'ID="[^"]+"', 'ID="_evil"', unsigned, count=1).replace("person-1", "admin-1")


def _wrap_before(text: str) -> str:
    head, assertion, tail = _split(text)
    return head + _evil(assertion) + assertion + tail


def _wrap_after(text: str) -> str:
    head, assertion, tail = _split(text)
    return head + assertion + _evil(assertion) + tail


def _wrap_in_extensions(text: str) -> str:
    head, assertion, tail = _split(text)
    status = head.index("<samlp:Status>")
    wrapped = f"<samlp:Extensions>{assertion}</samlp:Extensions>"
    return head[:status] + wrapped + head[status:] + _evil(assertion) + tail


def _wrap_in_signature(text: str) -> str:
    """The signature moves to the false assertion, and the true one into its `Object`."""
    head, assertion, tail = _split(text)
    found = re.search(r"<ds:Signature.*?</ds:Signature>", assertion, re.DOTALL)
    assert found
    original = assertion.replace(found[0], "")
    moved = found[0].replace("</ds:Signature>", f"<ds:Object>{original}</ds:Object></ds:Signature>")
    evil = _evil(assertion).replace("</saml:Issuer>", f"</saml:Issuer>{moved}", 1)
    return head + evil + tail


def _wrap_with_same_id(text: str) -> str:
    head, assertion, tail = _split(text)
    found = re.search(r'ID="([^"]+)"', assertion)
    assert found
    return head + _evil(assertion).replace("_evil", found[1]) + assertion + tail


@pytest.mark.parametrize(
    ("wrap", "reason"),
    [
        (_wrap_before, "wrapped-signature"),
        (_wrap_after, "wrapped-signature"),
        (_wrap_in_extensions, "wrapped-signature"),
        (_wrap_in_signature, "wrapped-signature"),
        (_wrap_with_same_id, "duplicate-id"),
    ],
)
def test_refuses_wrapped_signatures(
    client: Client, connection: SsoConnection, wrap: Any, reason: str
) -> None:
    """A true signature beside a false assertion (XML signature wrapping)."""
    text = saml.sign(saml.build_answer(connection, saml.start(client, connection)))
    refuse(connection, saml.send(connection, wrap(text)), reason)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("person-1", "per<!-- -->son-1"),
        lambda text: '<!DOCTYPE r [<!ENTITY a "b">]>' + text,
        lambda text: text.replace("person-1", "<![CDATA[person-1]]>"),
        lambda text: text.replace("person-1", "per<?x y?>son-1"),
        lambda text: '<?xml version="1.0" encoding="iso-8859-1"?>' + text,
        lambda text: '<?xml version="1.0" encoding = "iso-8859-1"?>' + text,
        # As UTF-16 it has a comment.
        lambda text: "".join(f"{char}\0" for char in text.replace("person-1", "per<!-- -->son-1")),
    ],
    ids=[
        *("comment", "doctype", "cdata", "instruction", "encoding"),
        *("encoding with spaces", "encoding without declaration"),
    ],
)
def test_refuses_hidden_markup(client: Client, connection: SsoConnection, change: Any) -> None:
    """Comments do not change what is signed, and have truncated names elsewhere."""
    text = saml.sign(saml.build_answer(connection, saml.start(client, connection)))
    refuse(connection, saml.send(connection, change(text)), "hidden-markup")


@pytest.mark.parametrize("text", ["", "<a/>", "no xml", "<a" * 200_000])
def test_refuses_other_documents(connection: SsoConnection, text: str) -> None:
    """Never a traceback."""
    response = saml.send(connection, text)
    assert (response.status_code, User.objects.count()) == (403, 0)
    response = Client().post(f"/sso/{connection.public_id}/saml/acs", {"SAMLResponse": "%%"})
    assert response.status_code == 403


def test_refuses_encrypted_assertions(client: Client, connection: SsoConnection) -> None:
    """Named, so that the administrator knows what to switch off."""
    text = saml.build_answer(connection, saml.start(client, connection))
    text = text.replace("saml:Assertion", "saml:EncryptedAssertion")
    refuse(connection, saml.send(connection, text), "encrypted")


def test_an_assertion_counts_once(client: Client, connection: SsoConnection) -> None:
    """Replayed before or after the browser came back, also inside another message."""
    text = saml.build_answer(connection, saml.start(client, connection))
    signed = saml.sign(text)
    response = saml.send(connection, signed)
    again = saml.send(connection, signed)
    refuse(connection, again, "replayed")
    assert finish(client, response).status_code == 302
    changed = re.sub(r'(<samlp:Response[^>]*) ID="[^"]+"', r'\1 ID="_new"', signed)
    assert saml.send(connection, changed).status_code == 403
    assert client.get(response["Location"]).status_code == 403
    assert SsoFailure.objects.filter(reason="replayed").count() == 2


def test_only_the_browser_that_asked_is_signed_in(
    client: Client, connection: SsoConnection
) -> None:
    """An attacker cannot sign a victim in (login CSRF), nor use a stolen ticket."""
    text = saml.build_answer(connection, saml.start(client, connection))
    response = saml.send(connection, saml.sign(text))
    victim = Client()
    refuse(connection, finish(victim, response), "unknown-request")
    assert find_signed_in(victim) is None
    # The ticket is used up.
    assert client.get(response["Location"]).status_code == 403
    # A request that nobody made.
    text = saml.build_answer(connection, "_of-the-provider")
    response = saml.send(connection, saml.sign(text))
    refuse(connection, finish(client, response), "unknown-request")


def test_an_answer_for_another_connection(client: Client, connection: SsoConnection) -> None:
    """Two connections to one provider: each has its own audience and address."""
    other = saml.create_saml_connection(name="Other")
    text = saml.build_answer(connection, saml.start(client, connection))
    refuse(other, saml.send(other, saml.sign(text)), "wrong-audience")
    foreign = saml.create_saml_connection(
        name="Foreign",
        settings={
            "entity_id": "https://foreign.example",
            "certificates": [saml.strip_pem(saml.OTHER_CERTIFICATE)],
        },
    )
    text = saml.build_answer(foreign, saml.start(client, foreign))
    refuse(foreign, saml.send(foreign, saml.sign(text)), "wrong-issuer")


@pytest.mark.parametrize("state", ["https://evil.example/", "//evil.example", "/account/tokens"])
def test_relay_state_leads_nowhere(client: Client, connection: SsoConnection, state: str) -> None:
    """It comes from outside, and is ignored."""
    text = saml.build_answer(connection, saml.start(client, connection))
    response = saml.send(connection, saml.sign(text), RelayState=state)
    assert urlsplit(response["Location"]).netloc == ""
    assert finish(client, response)["Location"] == "/account"


def test_addresses_outside_the_domains_are_not_kept(
    client: Client, connection: SsoConnection
) -> None:
    """SAML does not say that an address is verified; no account is taken over by one."""
    create_user("ada")
    attributes = saml.build_attributes({"email": ["ada@example.test"], "username": ["ada"]})
    text = saml.build_answer(connection, saml.start(client, connection), attributes=attributes)
    finish(client, saml.send(connection, saml.sign(text)))
    user = find_signed_in(client)
    assert user is not None
    assert (user.username, user.email) == ("ada-2", "")


def test_groups_and_the_chosen_attributes(client: Client) -> None:
    """The subject and the groups can be in attributes."""
    connection = saml.create_saml_connection(
        settings={"subject_attribute": "oid", "name_attribute": "nick", "groups_attribute": "g"},
        group_rules=[{"group": "mods", "right": "moderator"}],
    )
    attributes = saml.build_attributes({"oid": ["42"], "nick": ["lady"], "g": ["a", "mods"]})
    text = saml.build_answer(
        connection,
        saml.start(client, connection),
        attributes=attributes,
        format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    )
    finish(client, saml.send(connection, saml.sign(text)))
    identity = SsoIdentity.objects.get()
    assert (identity.subject, identity.user.username) == ("42", "lady")
    assert identity.user.is_moderator
