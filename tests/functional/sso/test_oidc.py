"""Single sign-on with OpenID Connect."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions.change_groups import change_groups
from accounts.models import AuditEntry, SsoConnection, SsoFailure, SsoIdentity, User
from common.http.safe import PrivateHosts
from tests.support.identity_providers import (
    OTHER_KEY,
    SECRET,
    OidcProvider,
    allow_provider,
    authorize,
    build_jwk,
    create_oidc_connection,
    find_signed_in,
    open_callback,
    run_oidc_provider_mock,
    sign_in,
    start_sign_in,
)
from tests.support.people import create_user

pytestmark = pytest.mark.django_db


def test_signs_in_at_a_real_provider(settings: Any, client: Client) -> None:
    """From the sign-in page to the provider, back with an account, and out again at both."""
    with run_oidc_provider_mock() as url:
        allow_provider(settings, url)
        connection = create_oidc_connection(url)
        claims = {"email": "ada@corp.example", "email_verified": True, "nickname": "ada"}
        httpx.put(f"{url}/users/ada-1", json=claims, trust_env=False).raise_for_status()
        page = client.get("/login?next=/account/tokens")
        link = page.context["connections"][0]
        response = client.get(f"/sso/{link.public_id}/start?next=/account/tokens")
        answer = authorize(response["Location"], "ada-1")
        response = open_callback(client, connection, **answer)
        assert (response.status_code, response["Location"]) == (302, "/account/tokens")
        user = find_signed_in(client)
        assert user is not None
        assert (user.username, user.email, user.is_verified) == ("ada", "ada@corp.example", True)
        assert not user.has_usable_password()

        response = client.post("/logout")
        assert response["Location"] == "/sso/signed-out"
        assert find_signed_in(client) is None
        target = client.get("/sso/signed-out").context["provider_url"]
        query = parse_qs(urlsplit(target).query)
        assert target.startswith(url)
        assert query["post_logout_redirect_uri"] == [f"{settings.BASE_URL}/sso/signed-out"]
        # Used once.
        assert client.get("/sso/signed-out").context["provider_url"] == ""


def test_the_request_has_what_binds_the_answer(
    client: Client, connection: SsoConnection, provider: OidcProvider, settings: Any
) -> None:
    """State, nonce and the PKCE challenge are there; the code is exchanged with the verifier."""
    settings.BASE_URL = "https://plugins.example"
    query = start_sign_in(client, connection)
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    callback = f"https://plugins.example/sso/{connection.public_id}/oidc/callback"
    assert query["redirect_uri"] == callback
    assert min(len(query["state"]), len(query["nonce"]), len(query["code_challenge"])) >= 32
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"])))
    assert open_callback(client, connection, state=query["state"], code="c").status_code == 302
    request = next(text for text in provider.server.requests if text.startswith("POST /token"))
    basic = base64.b64encode(f"plugport:{SECRET}".encode()).decode()
    assert f"authorization: basic {basic}".lower() in request.lower()


def test_the_same_person_gets_the_same_account(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """By the subject, whatever else changed."""
    sign_in(client, connection, provider)
    other = Client()
    sign_in(other, connection, provider, email="new@corp.example", preferred_username="other")
    assert find_signed_in(other) == find_signed_in(client)
    assert User.objects.count() == 1


def refuse(
    client: Client, connection: SsoConnection, response: Any, reason: str, *, users: int = 0
) -> None:
    """The answer was refused for the reason, which is recorded, and nobody is signed in."""
    failure = SsoFailure.objects.filter(connection=connection).first()
    assert failure is not None
    assert (response.status_code, failure.reason) == (403, reason)
    assert response.context["error"].code == "sso-refused"
    assert find_signed_in(client) is None
    assert User.objects.count() == users


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "another-client"}, "wrong-audience"),
        ({"aud": ["plugport", "another-client"]}, "wrong-audience"),
        ({"azp": "another-client"}, "wrong-audience"),
        ({"aud": None}, "missing-claim"),
        ({"iss": "https://evil.example"}, "wrong-issuer"),
        ({"iss": None}, "missing-claim"),
        ({"exp": 1_700_000_000}, "expired"),
        ({"exp": None}, "missing-claim"),
        ({"iat": 4_000_000_000}, "not-yet-valid"),
        ({"nbf": 4_000_000_000}, "not-yet-valid"),
        ({"nonce": "of-another-sign-in"}, "wrong-nonce"),
        ({"nonce": None}, "wrong-nonce"),
        ({"sub": None}, "missing-claim"),
        ({"sub": ""}, "no-subject"),
        ({"sub": "x" * 256}, "too-large"),
        ({"events": {}}, "wrong-type"),
        ({"groups": ["g"] * 501}, "too-large"),
    ],
)
def test_refuses_claims(
    client: Client,
    connection: SsoConnection,
    provider: OidcProvider,
    changes: dict[str, Any],
    reason: str,
) -> None:
    """Each claim that does not fit is refused by name."""
    query = start_sign_in(client, connection)
    claims = provider.build_claims(**{"nonce": query["nonce"], **changes})
    provider.issue(provider.sign(claims))
    response = open_callback(client, connection, state=query["state"], code="c")
    refuse(client, connection, response, reason)


def _sign_with_public_key(provider: OidcProvider, claims: dict[str, Any]) -> str:
    return provider.sign(claims, key=build_jwk()["n"], algorithm="HS256")


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda p, c: p.sign(c, key=OTHER_KEY), "wrong-signature"),
        (lambda p, c: p.sign(c, kid="two"), "unknown-key"),
        (lambda p, c: p.sign(c, key="", algorithm="none"), "wrong-algorithm"),
        (_sign_with_public_key, "wrong-algorithm"),
        (lambda p, c: p.sign(c, algorithm="PS256"), "unknown-key"),
        (lambda p, c: p.sign(c, typ="logout+jwt"), "wrong-type"),
        (lambda p, c: p.sign(c, crit=["x"], x=1), "malformed"),
        # No number of bytes has so many characters. With other numbers, the last character decides.
        (lambda p, c: p.sign(c)[:-41], "malformed"),
        (lambda p, c: p.sign(c).rpartition(".")[0] + ".", "wrong-signature"),
        (lambda p, c: "no token", "malformed"),
        (lambda p, c: "a" * 40_000, "malformed"),
        (lambda p, c: {"not": "text"}, "no-id-token"),
    ],
)
def test_refuses_signatures(
    client: Client, connection: SsoConnection, provider: OidcProvider, build: Any, reason: str
) -> None:
    """Other keys, other algorithms and the confusion of both."""
    query = start_sign_in(client, connection)
    token = build(provider, provider.build_claims(nonce=query["nonce"]))
    provider.issue(token)
    response = open_callback(client, connection, state=query["state"], code="c")
    refuse(client, connection, response, reason)


def test_follows_new_keys(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """A key that is not known yet is fetched, but not for each token."""
    sign_in(client, connection, provider)
    provider.keys = [build_jwk(OTHER_KEY, "two")]
    provider.publish()
    browser = Client()
    query = start_sign_in(browser, connection)
    token = provider.sign(provider.build_claims(nonce=query["nonce"]), key=OTHER_KEY, kid="two")
    provider.issue(token)
    response = open_callback(browser, connection, state=query["state"], code="c")
    # The keys were fetched a moment ago.
    refuse(browser, connection, response, "unknown-key", users=1)
    connection.refresh_from_db()
    assert connection.document_at is not None
    SsoConnection.objects.update(document_at=connection.document_at.replace(year=2020))
    query = start_sign_in(browser, connection)
    token = provider.sign(provider.build_claims(nonce=query["nonce"]), key=OTHER_KEY, kid="two")
    provider.issue(token)
    assert open_callback(browser, connection, state=query["state"], code="c").status_code == 302


def test_another_tenant_with_the_same_keys(client: Client, provider: OidcProvider) -> None:
    """Entra signs for all tenants with the same keys: issuer and `tid` must both be the tenant's."""
    tenant = "11111111-2222-3333-4444-555555555555"
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    # The document as it would have been fetched there; what is asked now is on this machine.
    document = {
        **provider.document,
        "keys": provider.keys,
        "token_endpoint_auth_methods_supported": [],
        "authorization_response_iss_parameter_supported": False,
    }
    connection = create_oidc_connection(issuer, document=document, document_at=timezone.now())
    for changes, reason in (
        ({"iss": issuer.replace("1", "9"), "tid": tenant.replace("1", "9")}, "wrong-issuer"),
        ({"iss": issuer, "tid": tenant.replace("1", "9")}, "wrong-tenant"),
        ({"iss": issuer}, "wrong-tenant"),
    ):
        response = sign_in(client, connection, provider, **changes)
        refuse(client, connection, response, reason)
    assert sign_in(client, connection, provider, iss=issuer, tid=tenant).status_code == 302


def test_google_accounts_outside_the_workspace(client: Client, provider: OidcProvider) -> None:
    """All Google accounts have one issuer: the `hd` claim must be the domain."""
    issuer = "https://accounts.google.com"
    document = {
        **provider.document,
        "keys": provider.keys,
        "token_endpoint_auth_methods_supported": [],
        "authorization_response_iss_parameter_supported": False,
    }
    connection = create_oidc_connection(
        issuer,
        document=document,
        document_at=timezone.now(),
        settings={"hosted_domain": "corp.example"},
    )
    for changes in ({"iss": issuer}, {"iss": issuer, "hd": "evil.example"}):
        response = sign_in(client, connection, provider, **changes)
        refuse(client, connection, response, "wrong-tenant")
    assert sign_in(client, connection, provider, iss=issuer, hd="corp.example").status_code == 302


def test_an_answer_counts_once_and_in_its_browser_only(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """The state is used up, unknown to other browsers, and bound to its connection."""
    query = start_sign_in(client, connection)
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"])))
    victim = Client()
    response = open_callback(victim, connection, state=query["state"], code="c")
    refuse(victim, connection, response, "unknown-request")
    other = create_oidc_connection(provider.url, name="Other")
    response = open_callback(client, other, state=query["state"], code="c")
    refuse(client, other, response, "unknown-request")
    query = start_sign_in(client, connection)
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"])))
    assert open_callback(client, connection, state=query["state"], code="c").status_code == 302
    again = open_callback(client, connection, state=query["state"], code="c")
    assert again.status_code == 403
    for state in ("", "no-such-state"):
        assert open_callback(client, connection, state=state, code="c").status_code == 403


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"error": "access_denied"}, "provider-refused"),
        ({"code": "c", "iss": "https://evil.example"}, "wrong-issuer"),
        ({}, "malformed"),
        ({"code": "c" * 5000}, "malformed"),
        ({"code": "c"}, "provider-error"),
    ],
)
def test_refuses_answers(
    client: Client,
    connection: SsoConnection,
    provider: OidcProvider,
    query: dict[str, str],
    reason: str,
) -> None:
    """Errors of the provider, answers of another one (RFC 9207), and no usable code."""
    provider.serve("/token", {"error": "invalid_grant"}, status="400 Bad Request")
    state = start_sign_in(client, connection)["state"]
    refuse(client, connection, open_callback(client, connection, state=state, **query), reason)


def test_a_provider_that_promises_its_issuer_must_send_it(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """RFC 9207, section 2.4."""
    provider.document["authorization_response_iss_parameter_supported"] = True
    provider.publish()
    response = sign_in(client, connection, provider)
    refuse(client, connection, response, "wrong-issuer")


def test_userinfo_about_another_person(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Its `sub` must be that of the ID token; its claims only add to those of the token."""
    provider.serve("/userinfo", {"sub": "person-2", "email": "eve@corp.example"})
    response = sign_in(client, connection, provider, email=None)
    refuse(client, connection, response, "wrong-subject")
    provider.serve(
        "/userinfo", {"sub": "person-1", "email": "a@corp.example", "email_verified": True}
    )
    assert sign_in(client, connection, provider, email=None).status_code == 302
    assert User.objects.get().email == "a@corp.example"


def test_an_address_takes_over_no_account(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Neither a verified one nor an unverified one, nor the user name."""
    victim = create_user("ada")
    response = sign_in(client, connection, provider, email=victim.email)
    refuse(client, connection, response, "address-taken", users=1)
    response = sign_in(client, connection, provider, email=victim.email, email_verified=False)
    assert response.status_code == 302
    user = find_signed_in(client)
    assert user is not None
    # The name is taken, and an unverified address is not kept.
    assert (user.username, user.email) == ("ada-2", "")


def test_addresses_in_own_domains_need_no_claim(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Entra sends no `email_verified`; the operator names the domains instead."""
    SsoConnection.objects.update(email_domains=["corp.example"])
    sign_in(client, connection, provider, email_verified=None)
    sign_in(Client(), connection, provider, sub="2", email="a@evil.example", email_verified=None)
    assert set(User.objects.values_list("email", flat=True)) == {"ada@corp.example", ""}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada.Lovelace@corp.example", "ada-lovelace"),
        ("admin", "ada"),
        ("ÅÄÖ", "ada"),
        ("x" * 100, "x" * 32),
        ("../../etc", "etc"),
    ],
)
def test_user_names_follow_the_rules(
    client: Client, connection: SsoConnection, provider: OidcProvider, name: str, expected: str
) -> None:
    """Whatever a provider sends, the name is one that could have signed up."""
    sign_in(client, connection, provider, preferred_username=name)
    assert User.objects.get().username == expected


def test_groups_give_and_take_rights(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Only those with a rule; what an operator gave by hand stays."""
    rules = [{"group": "mods", "right": "moderator"}, {"group": "ops", "right": "operator"}]
    SsoConnection.objects.update(group_rules=rules)
    sign_in(client, connection, provider, groups=["mods", "ops", "others"])
    user = User.objects.get()
    assert (user.is_moderator, user.is_staff, user.is_superuser) == (True, True, True)
    sign_in(Client(), connection, provider, groups=["mods"])
    user.refresh_from_db()
    assert (user.is_moderator, user.is_staff, user.is_superuser) == (True, True, False)
    sign_in(Client(), connection, provider, groups=[])
    user.refresh_from_db()
    assert (user.is_moderator, user.is_staff, user.is_superuser) == (False, False, False)
    User.objects.update(is_moderator=True, is_staff=True)
    sign_in(Client(), connection, provider, groups=["mods"])
    sign_in(Client(), connection, provider, groups=[])
    user.refresh_from_db()
    assert (user.is_moderator, user.is_staff) == (True, True)
    assert AuditEntry.objects.filter(action="sso.rights-changed").count() == 3
    # A right that the provider takes leaves the way into the admin to one that an operator gave.
    change_groups(actor=None, account=user, groups=[])
    change_groups(actor=None, account=user, groups=["moderator"])
    SsoConnection.objects.update(group_rules=[{"group": "eyes", "right": "security-reviewer"}])
    sign_in(Client(), connection, provider, groups=["eyes"])
    sign_in(Client(), connection, provider, groups=[])
    user.refresh_from_db()
    assert (user.is_moderator, user.is_staff, user.is_security_reviewer) == (True, True, False)


def test_a_closed_account_stays_closed(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """The provider cannot open it again."""
    sign_in(client, connection, provider)
    User.objects.update(is_active=False)
    browser = Client()
    response = sign_in(browser, connection, provider)
    refuse(browser, connection, response, "account-closed", users=1)


def test_a_connection_that_is_off_signs_nobody_in(
    client: Client, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Neither new sign-ins nor those that had started."""
    query = start_sign_in(client, connection)
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"])))
    SsoConnection.objects.update(is_enabled=False)
    response = open_callback(client, connection, state=query["state"], code="c")
    assert response.status_code == 404
    assert client.get(f"/sso/{connection.public_id}/start").status_code == 404
    assert client.get("/sso/unknown/start").status_code == 404
    assert not SsoIdentity.objects.exists()


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1"]
)
def test_the_way_back_stays_on_this_site(
    client: Client, connection: SsoConnection, provider: OidcProvider, path: str
) -> None:
    """`next` is no open redirect."""
    query = start_sign_in(client, connection, next=path)
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"])))
    response = open_callback(client, connection, state=query["state"], code="c")
    assert response["Location"] == "/account"


def test_private_providers_must_be_allowed(
    client: Client, connection: SsoConnection, settings: Any
) -> None:
    """The SSRF-safe client refuses what the operator has not named."""
    settings.SSO_PRIVATE_HOSTS = PrivateHosts()
    response = client.get(f"/sso/{connection.public_id}/start")
    refuse(client, connection, response, "provider-unavailable")
