"""Operators connect identity providers; people link them."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.actions.sso.connections import mark_tested
from accounts.models import AuditEntry, SsoConnection, SsoIdentity, User
from accounts.sso.errors import REASONS, ConnectionSettingsError
from tests.support import saml
from tests.support.data import ROOT
from tests.support.identity_providers import (
    SECRET,
    OidcProvider,
    create_oidc_connection,
    find_signed_in,
    open_callback,
    sign_in,
)
from tests.support.odd_server import build_response
from tests.support.people import create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(operator: User) -> Client:
    """The operator's."""
    client = Client()
    client.force_login(operator, backend="accounts.sign_in.SignInBackend")
    return client


def build_values(provider: OidcProvider, **changes: str) -> dict[str, str]:
    """The form for the provider."""
    return {
        "name": "Corp",
        "issuer": provider.url,
        "client_id": "plugport",
        "client_secret": SECRET,
        "groups_claim": "groups",
        "email_domains": "Corp.example\n",
        "group_rules": "mods = moderator",
        **changes,
    }


def follow(client: Client, provider: OidcProvider, url: str, **changes: Any) -> Any:
    """Follow a link that starts a sign-in to the provider, and come back."""
    query = parse_qs(urlsplit(client.get(url)["Location"]).query)
    claims = provider.build_claims(**{"nonce": query["nonce"][0], **changes})
    provider.issue(provider.sign(claims))
    connection = SsoConnection.objects.get()
    return open_callback(client, connection, state=query["state"][0], code="c")


def test_only_operators_see_the_pages(connection: SsoConnection, moderator: User) -> None:
    """For others, there is nothing to see."""
    client = Client()
    path = f"/sso/connections/{connection.public_id}"
    paths = ("/sso/connections", "/sso/connections/new/oidc", path)
    assert {client.get(each).status_code for each in paths} == {302}
    client.force_login(moderator, backend="accounts.sign_in.SignInBackend")
    assert {client.get(each).status_code for each in paths} == {404}
    for action in ("enable", "disable", "delete"):
        assert client.post(f"{path}/change", {"action": action}).status_code == 404
    assert SsoConnection.objects.get().is_enabled


def test_set_up_test_and_switch_on(browser: Client, provider: OidcProvider, operator: User) -> None:
    """The whole way, which only a successful test opens."""
    response = browser.post("/sso/connections/new/oidc", build_values(provider))
    connection = SsoConnection.objects.get()
    path = f"/sso/connections/{connection.public_id}"
    assert response["Location"] == path
    page = browser.get(path)
    text = page.content.decode()
    assert f"/sso/{connection.public_id}/oidc/callback" in text
    # Stored encrypted, and never shown or logged.
    assert SECRET not in text + connection.secret + str(list(AuditEntry.objects.values()))
    assert (connection.is_enabled, connection.email_domains) == (False, ["corp.example"])
    response = browser.post(f"{path}/change", {"action": "enable"})
    assert (response.status_code, SsoConnection.objects.get().is_enabled) == (400, False)

    response = follow(browser, provider, page.context["start_url"], nonce="wrong")
    assert response.status_code == 403
    assert [each.reason for each in browser.get(path).context["failures"]] == ["wrong-nonce"]
    response = follow(browser, provider, page.context["start_url"], groups=["mods"])
    assert response["Location"] == path
    page = browser.get(path).content.decode()
    assert "person-1" in page
    assert "ada@corp.example" in page
    # The test creates nothing, and the operator is still signed in.
    assert (User.objects.count(), find_signed_in(browser)) == (1, operator)
    browser.post(f"{path}/change", {"action": "enable"})
    assert [each.name for each in Client().get("/login").context["connections"]] == ["Corp"]
    assert sign_in(Client(), connection, provider, groups=["mods"]).status_code == 302


@pytest.mark.parametrize(
    ("changes", "is_enabled"),
    [
        ({"client_secret": "", "name": "Other", "group_rules": ""}, True),
        ({"client_secret": "another"}, False),
        ({"client_secret": "", "client_id": "another"}, False),
    ],
)
def test_changes_of_what_is_trusted_need_another_test(
    browser: Client,
    connection: SsoConnection,
    provider: OidcProvider,
    changes: dict[str, str],
    is_enabled: bool,
) -> None:
    """Names and rules do not."""
    settings = {**connection.settings, "groups_claim": "groups", "hosted_domain": ""}
    SsoConnection.objects.update(settings=settings)
    path = f"/sso/connections/{connection.public_id}"
    response = browser.post(path, build_values(provider, **changes))
    assert response["Location"] == path
    assert SsoConnection.objects.get().is_enabled is is_enabled


def test_a_test_counts_for_the_settings_that_were_tested(
    connection: SsoConnection, operator: User
) -> None:
    """Others may be stored while the person is at the provider, or while its answer is verified."""
    SsoConnection.objects.update(settings={**connection.settings, "client_id": "another"})
    with pytest.raises(ConnectionSettingsError, match="changed during the test"):
        mark_tested(actor=operator, connection=connection)
    assert SsoConnection.objects.get().tested_at == connection.tested_at


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"issuer": "http://idp.example"}, "https"),
        ({"issuer": "https://a:b@idp.example"}, "https"),
        ({"issuer": "https://login.microsoftonline.com/common/v2.0"}, "shared by all tenants"),
        ({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, "shared by all tenants"),
        ({"issuer": "https://accounts.google.com"}, "Google Workspace"),
        ({"issuer": "https://127.0.0.1/"}, "cannot be reached"),
        ({"issuer": "https://169.254.169.254/"}, "cannot be reached"),
        ({"email_domains": "no domain!"}, "not a domain"),
        ({"group_rules": "ops = root"}, "not a rule"),
        ({"client_id": ""}, "required"),
    ],
)
def test_names_what_is_wrong(
    browser: Client, provider: OidcProvider, changes: dict[str, str], message: str
) -> None:
    """Nothing is stored."""
    response = browser.post("/sso/connections/new/oidc", build_values(provider, **changes))
    assert response.status_code == 400
    assert message in response.content.decode()
    assert not SsoConnection.objects.exists()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("issuer", "https://other.example", "that of the issuer"),
        ("token_endpoint", "http://idp.example/token", "token_endpoint"),
        ("jwks_uri", None, "jwks_uri"),
    ],
)
def test_names_what_is_wrong_at_the_provider(
    browser: Client, provider: OidcProvider, name: str, value: Any, message: str
) -> None:
    """Its document must be its own, and lead to https."""
    provider.document[name] = value
    provider.publish()
    response = browser.post("/sso/connections/new/oidc", build_values(provider))
    assert response.status_code == 400
    assert message in response.content.decode()


def test_saml_by_metadata(browser: Client, provider: OidcProvider) -> None:
    """As text, or from a URL; the settings stay without another import."""
    values = {"name": "Corp", "groups_attribute": "groups", "metadata": saml.build_metadata()}
    browser.post("/sso/connections/new/saml", values)
    connection = SsoConnection.objects.get()
    path = f"/sso/connections/{connection.public_id}"
    assert connection.settings["sign_in_url"] == saml.SIGN_IN_URL
    assert "PRIVATE KEY" not in connection.secret
    page = browser.get(path)
    assert f"/sso/{connection.public_id}/saml/acs" in page.content.decode()
    assert len(page.context["expiry_dates"]) == 1
    start = browser.get(page.context["start_url"])
    request_id = saml.read_message(start["Location"], "SAMLRequest").get("ID")
    answer = saml.sign(saml.build_answer(connection, str(request_id)))
    assert browser.get(saml.send(connection, answer)["Location"])["Location"] == path
    browser.post(f"{path}/change", {"action": "enable"})
    browser.post(path, {"name": "New name", "groups_attribute": "groups"})
    connection.refresh_from_db()
    assert (connection.name, connection.is_enabled) == ("New name", True)

    content = saml.build_metadata(certificate=saml.strip_pem(saml.OTHER_CERTIFICATE))
    provider.server.answers["/metadata"] = build_response(content.encode())
    values = {"name": "x", "groups_attribute": "g", "metadata_url": f"{provider.url}/metadata"}
    browser.post(path, values)
    connection.refresh_from_db()
    assert connection.settings["certificates"] == [saml.strip_pem(saml.OTHER_CERTIFICATE)]
    assert not connection.is_enabled


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("", "Enter the URL"),
        ("no xml", "not valid XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + saml.build_metadata(), "not valid XML"),
        ("<a/>", "describes 0 identity providers"),
        (f"<a>{saml.build_metadata()}{saml.build_metadata()}</a>", "describes 2"),
        (saml.build_metadata(certificate="AAAA"), "certificate"),
        (saml.build_metadata(entity_id=""), "entity id"),
        (saml.build_metadata(url="http://idp.corp.example"), "https"),
        (saml.build_metadata(binding="x"), "HTTP-Redirect"),
    ],
    # Not the metadata, which differs in each process of a test run.
    ids=["none", "text", "entity", "other", "two", "certificate", "entity id", "http", "binding"],
)
def test_names_what_is_wrong_with_metadata(browser: Client, metadata: str, message: str) -> None:
    """Nothing is stored."""
    values = {"name": "Corp", "groups_attribute": "groups", "metadata": metadata}
    response = browser.post("/sso/connections/new/saml", values)
    assert response.status_code == 400
    assert message in response.content.decode()


def test_export_and_deletion_include_the_link(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """What the provider calls the person is personal data."""
    sign_in(client, connection, provider)
    response = client.get("/account/export")
    data = json.loads(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    assert [each["subject"] for each in data["singleSignOn"]] == ["person-1"]
    assert client.post("/account/delete", {"username": "ada"}).status_code == 302
    assert not SsoIdentity.objects.exists()
    # The person who comes back gets a new account.
    sign_in(Client(), connection, provider)
    assert User.objects.filter(is_active=True).get().username == "ada-2"


def forget_confirmation(client: Client) -> None:
    """As five minutes later."""
    session = client.session
    del session["confirmed"]
    session.save()


def test_operators_confirm_that_it_is_them(
    browser: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """A session alone must not decide who signs in as whom."""
    forget_confirmation(browser)
    path = f"/sso/connections/{connection.public_id}"
    for response in (
        browser.get(path),
        browser.post(path, build_values(provider)),
        browser.post(f"{path}/change", {"action": "disable"}),
    ):
        assert response["Location"] == f"/account/confirm?{urlencode({'next': path})}"
    assert SsoConnection.objects.get().is_enabled


def test_people_confirm_with_the_provider(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Those without a password, and only as themselves."""
    sign_in(client, connection, provider)
    User.objects.update(is_superuser=True)
    forget_confirmation(client)
    confirm = client.get("/sso/connections", follow=True)
    url = confirm.context["providers"][0][1]
    assert parse_qs(urlsplit(client.get(url)["Location"]).query)["prompt"] == ["login"]
    assert follow(client, provider, url, sub="person-2").status_code == 403
    assert client.get("/sso/connections").status_code == 302
    assert follow(client, provider, url)["Location"] == "/sso/connections"
    assert client.get("/sso/connections").status_code == 200


@pytest.mark.parametrize("action", ["disable", "delete"])
def test_switching_off_ends_sessions(
    browser: Client, connection: SsoConnection, provider: OidcProvider, action: str
) -> None:
    """At once; accounts stay."""
    client = Client()
    sign_in(client, connection, provider)
    browser.post(f"/sso/connections/{connection.public_id}/change", {"action": action})
    assert find_signed_in(client) is None
    assert User.objects.filter(username="ada").exists()
    assert SsoConnection.objects.exists() is (action == "disable")


def _let_confirmation_expire(client: Client) -> None:
    session = client.session
    del session["confirmed"]
    session.save()


def test_who_found_a_session_links_and_connects_nothing(
    connection: SsoConnection, provider: OidcProvider, browser: Client, operator: User
) -> None:
    """Both are ways in that outlive the session, so the password or a factor is asked for."""
    _let_confirmation_expire(browser)
    assert (
        browser.get("/account/sso").context["others"][0][1]
        == "/account/confirm?next=%2Faccount%2Fsso"
    )
    pages = ("new/oidc", connection.public_id, f"{connection.public_id}/change")
    for path in (f"/sso/connections/{page}" for page in pages):
        response = browser.post(path, {**build_values(provider), "action": "disable"})
        assert response.url.startswith("/account/confirm?"), path
    assert SsoConnection.objects.get().is_enabled


def test_sign_ins_that_are_started_do_not_fill_the_database(
    connection: SsoConnection, provider: OidcProvider
) -> None:
    client = Client()
    client.get(f"/sso/{connection.public_id}/start")
    row = Session.objects.get(pk=client.session.session_key)
    assert row.expire_date < timezone.now() + dt.timedelta(hours=1)
    sign_in(client, connection, provider)
    assert find_signed_in(client)
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_owners_link_their_account(
    connection: SsoConnection, provider: OidcProvider, client: Client
) -> None:
    """While they are signed in; then the provider signs them in, until they unlink."""
    user = create_user("ada")
    client.force_login(user, backend="accounts.sign_in.SignInBackend")
    url = client.get("/account/sso").context["others"][0][1]
    # A link of one account starts nothing for another one.
    other = Client()
    other.force_login(create_user("eve"), backend="accounts.sign_in.SignInBackend")
    assert other.get(url).status_code == 403
    assert Client().get(url).status_code == 403
    assert follow(client, provider, url)["Location"] == "/account"
    assert mail.outbox[-1].to == [user.email]
    browser = Client()
    sign_in(browser, connection, provider, email=user.email)
    assert find_signed_in(browser) == user
    # The person and the account are linked once.
    url = other.get("/account/sso").context["others"][0][1]
    assert follow(other, provider, url).status_code == 403
    identity = client.get("/account/sso").context["identities"][0]
    assert other.post(f"/account/sso/{identity.pk}/unlink").status_code == 404
    client.post(f"/account/sso/{identity.pk}/unlink")
    assert find_signed_in(browser) is None
    assert find_signed_in(client) == user
    assert not SsoIdentity.objects.exists()


def test_the_link_belongs_to_who_started_it(
    connection: SsoConnection, provider: OidcProvider, client: Client
) -> None:
    """Another account that signs in to the browser meanwhile is not linked."""
    client.force_login(create_user("ada"), backend="accounts.sign_in.SignInBackend")
    url = client.get("/account/sso").context["others"][0][1]
    query = parse_qs(urlsplit(client.get(url)["Location"]).query)
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"][0])))
    session = client.session
    session["_auth_user_id"] = str(create_user("eve").pk)
    session.save()
    response = open_callback(client, connection, state=query["state"][0], code="c")
    assert response.status_code in (302, 403)
    assert not SsoIdentity.objects.exists()


def test_created_accounts_have_no_other_way_in(
    connection: SsoConnection, provider: OidcProvider, client: Client
) -> None:
    """No reset of a password, which would outlive the person at the provider."""
    sign_in(client, connection, provider)
    identity = SsoIdentity.objects.get()
    assert client.post(f"/account/sso/{identity.pk}/unlink").status_code == 403
    mail.outbox.clear()
    Client().post("/password/reset", {"email": "ada@corp.example"})
    assert "/password/reset/key/" not in mail.outbox[0].body
    for path in ("/account/password", "/account/password/new"):
        assert client.get(path, follow=True).status_code == 403


def test_a_stored_secret_of_another_key(
    connection: SsoConnection, provider: OidcProvider, client: Client, settings: Any
) -> None:
    """Says so, instead of failing."""
    settings.SECRET_KEY = "another-key-with-enough-characters-for-everything"
    response = sign_in(client, connection, provider)
    assert response.status_code == 403
    assert "PLUGPORT_SECRET_KEY" in response.content.decode()


def test_two_connections_do_not_share_people(
    connection: SsoConnection, provider: OidcProvider
) -> None:
    """The same subject at another provider is another person."""
    other = create_oidc_connection(provider.url, name="Other")
    sign_in(Client(), connection, provider)
    sign_in(Client(), other, provider, email_verified=False)
    assert User.objects.count() == 2


def test_the_guide_explains_every_reason() -> None:
    """Operators find what the list of failures says."""
    guide = (ROOT / "docs" / "guides" / "sso.md").read_text(encoding="utf-8")
    table = guide.partition("## When a sign-in fails")[2]
    assert set(re.findall(r"`([a-z-]+)`", table)) >= REASONS
