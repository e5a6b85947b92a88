"""Single sign-on of organizations: set-up, sign-in, links, and the way to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.actions.organizations.people import remove_person
from accounts.actions.sso import connections
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationMember,
    OwnerDomain,
    SsoConnection,
    SsoFailure,
    SsoIdentity,
    User,
)
from accounts.sso.errors import UnknownConnectionError
from tests.support.identity_providers import (
    OidcProvider,
    authorize,
    create_oidc_connection,
    find_signed_in,
    open_callback,
    run_oidc_provider_mock,
    sign_in,
    start_sign_in,
)
from tests.support.organizations import build_organization
from tests.support.people import create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    """The owner of the organization."""
    return create_user("ona")


@pytest.fixture
def harbor(owner: User) -> Organization:
    """The organization `harbor` with a manager and a member."""
    return build_organization(owner, "harbor", mara="manager", max="member")


@pytest.fixture
def connection(harbor: Organization, provider: OidcProvider) -> SsoConnection:
    """A connection of the organization, switched on."""
    return create_oidc_connection(provider.url, name="Harbor", owner=harbor.owner)


def prove(organization: Organization, domain: str) -> OwnerDomain:
    """Prove a domain of the organization."""
    return OwnerDomain.objects.create(
        owner=organization.owner, domain=domain, token="t", verified_at=timezone.now()
    )


def open_browser(user: User) -> Client:
    """A browser in which the user is signed in with a password."""
    client = Client()
    client.force_login(user, backend="accounts.sign_in.SignInBackend")
    return client


def follow(client: Client, provider: OidcProvider, url: str, **changes: Any) -> Any:
    """Follow a link that starts a sign-in to the provider, and come back."""
    query = parse_qs(urlsplit(client.get(url)["Location"]).query)
    claims = provider.build_claims(**{"nonce": query["nonce"][0], **changes})
    provider.issue(provider.sign(claims))
    connection = SsoConnection.objects.get()
    return open_callback(client, connection, state=query["state"][0], code="c")


def build_values(provider: OidcProvider, **changes: str) -> dict[str, str]:
    """The form for the provider."""
    return {
        "name": "Harbor",
        "issuer": provider.url,
        "client_id": "plugport",
        "client_secret": "s3cr3t",
        "groups_claim": "groups",
        **changes,
    }


def test_only_owners_and_operators_see_the_pages(
    harbor: Organization, connection: SsoConnection, owner: User, operator: User
) -> None:
    """For others there is nothing to see, nor under another name than that of the organization."""
    other = build_organization(create_user("otto"), "other")
    page = f"/organizations/harbor/sso/{connection.public_id}"
    paths = ("/organizations/harbor/sso", "/organizations/harbor/sso/new/oidc", page)
    for user in (*User.objects.filter(username__in=("mara", "max")), create_user("sam")):
        client = open_browser(user)
        assert {client.get(each).status_code for each in paths} == {404}
        for action in ("enable", "disable", "delete", "restore"):
            assert client.post(f"{page}/change", {"action": action}).status_code == 404
    for user in (owner, operator):
        assert {open_browser(user).get(each).status_code for each in paths} == {200}
    # The owner of another organization, and the pages of the whole registry.
    wrong = page.replace("harbor", "other")
    for user in (owner, operator, other.memberships.get().user):
        assert open_browser(user).get(wrong).status_code == 404
        assert open_browser(user).post(f"{wrong}/change", {"action": "delete"}).status_code == 404
        path = f"/sso/connections/{connection.public_id}"
        assert open_browser(user).get(path).status_code == 404
    assert SsoConnection.objects.get().is_enabled
    assert b"of the organization harbor" in open_browser(operator).get("/sso/connections").content


def test_an_owner_sets_up_tests_and_switches_on(
    harbor: Organization, owner: User, provider: OidcProvider
) -> None:
    """With the same steps as an operator; only proven domains can be entered."""
    browser = open_browser(owner)
    new = "/organizations/harbor/sso/new/oidc"
    values = build_values(provider, email_domains="corp.example")
    refused = browser.post(new, values)
    assert refused.status_code == 400
    assert "not a proven domain of `harbor`" in str(refused.context["form"].errors)
    prove(harbor, "corp.example")
    path = browser.post(new, values)["Location"]
    connection = SsoConnection.objects.get()
    assert path == f"/organizations/harbor/sso/{connection.public_id}"
    assert connection.organization == harbor
    page = browser.get(path)
    assert f"/sso/{connection.public_id}/oidc/callback" in page.content.decode()
    refused = browser.post(f"{path}/change", {"action": "enable"})
    assert refused.status_code == 400
    assert follow(browser, provider, page.context["start_url"])["Location"] == path
    browser.post(f"{path}/change", {"action": "enable"})
    assert SsoConnection.objects.get().is_enabled
    entries = AuditEntry.objects.filter(action__startswith="sso.connection")
    assert set(entries.values_list("container", flat=True)) == {f"organization:{harbor.pk}"}
    # The general sign-in page does not tell who has single sign-on.
    assert list(Client().get("/login").context["connections"]) == []
    assert list(Client().get("/sso").context["connections"]) == []


def test_an_owner_who_is_removed_meanwhile_connects_nothing(
    harbor: Organization, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection would be a way back in. Building the key takes the time for it."""
    build_key = connections.build_own_key

    def remove_and_build() -> tuple[str, str]:
        harbor.memberships.filter(user=owner).delete()
        return build_key()

    monkeypatch.setattr(connections, "build_own_key", remove_and_build)
    values = connections.ConnectionValues(
        name="Harbor", settings={}, group_rules=[], email_domains=[]
    )
    with pytest.raises(UnknownConnectionError):
        connections.create_connection(
            actor=owner, kind=SsoConnection.SAML, values=values, organization=harbor
        )
    assert not SsoConnection.objects.exists()


def test_a_new_person_gets_an_account_of_the_organization(
    settings: Any, harbor: Organization
) -> None:
    """From the page that asks for an address to a real provider, and back with an account."""
    prove(harbor, "corp.example")
    with run_oidc_provider_mock() as url:
        from tests.support.identity_providers import allow_provider

        allow_provider(settings, url)
        connection = create_oidc_connection(url, owner=harbor.owner, email_domains=["corp.example"])
        client = Client()
        page = client.post("/sso", {"login": "ada@corp.example", "next": "/account"})
        start = f"/sso/{connection.public_id}/start?next=%2Faccount"
        assert f'<meta http-equiv="refresh" content="0; url={start}">' in page.content.decode()
        answer = authorize(client.get(start)["Location"], "ada@corp.example")
        assert open_callback(client, connection, **answer)["Location"] == "/account"
    user = find_signed_in(client)
    assert user is not None
    assert user.username.endswith("-harbor")
    assert not user.has_usable_password()
    assert harbor.memberships.get(user=user).role == "member"
    assert SsoIdentity.objects.get(user=user).is_provisioned
    page = client.get("/account").content.decode()
    assert "This session reaches harbor alone" in page


@pytest.mark.parametrize(
    ("domains", "proven", "email"),
    [
        ([], [], ""),
        (["corp.example"], [], ""),
        ([], ["corp.example"], ""),
        (["corp.example"], ["corp.example"], "ada@corp.example"),
    ],
)
def test_only_addresses_in_proven_domains_count(
    harbor: Organization,
    connection: SsoConnection,
    provider: OidcProvider,
    domains: list[str],
    proven: list[str],
    email: str,
) -> None:
    """Whatever the provider says about an address; a lapsed domain counts no longer."""
    SsoConnection.objects.update(email_domains=domains)
    for domain in proven:
        prove(harbor, domain)
    connection.refresh_from_db()
    client = Client()
    sign_in(client, connection, provider, email_verified=True)
    user = find_signed_in(client)
    assert user is not None
    assert (user.username, user.email) == ("ada-harbor", email)


def test_a_domain_of_another_owner_does_not_count(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider
) -> None:
    """It may have been proven by another organization since."""
    SsoConnection.objects.update(email_domains=["corp.example"])
    prove(build_organization(create_user("otto"), "other"), "corp.example")
    client = Client()
    sign_in(client, connection, provider)
    user = find_signed_in(client)
    assert user is not None
    assert user.email == ""
    assert Client().post("/sso", {"login": "ada@corp.example"}).status_code == 400


def test_an_account_is_never_taken_over(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """Neither by its name nor by its address, even if the domain is proven."""
    SsoConnection.objects.update(email_domains=["corp.example"])
    prove(harbor, "corp.example")
    User.objects.filter(pk=owner.pk).update(email="ona@corp.example")
    client = Client()
    response = sign_in(
        client, connection, provider, email="ona@corp.example", preferred_username="ona"
    )
    assert response.status_code == 403
    assert SsoFailure.objects.get().reason == "address-taken"
    assert find_signed_in(client) is None
    sign_in(client, connection, provider, email="new@corp.example", preferred_username="ona")
    signed_in = find_signed_in(client)
    assert signed_in is not None
    assert (signed_in.pk != owner.pk, signed_in.username) == (True, "ona-harbor")


def test_accounts_are_not_created_if_the_owner_says_so(
    connection: SsoConnection, provider: OidcProvider
) -> None:
    """Then only linked accounts sign in."""
    SsoConnection.objects.update(creates_accounts=False)
    count = User.objects.count()
    assert sign_in(Client(), connection, provider).status_code == 403
    assert (SsoFailure.objects.get().reason, User.objects.count()) == ("not-provisioned", count)


def test_members_link_their_accounts_and_unlink_them(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider
) -> None:
    """Strangers cannot; a session that the link opens cannot change links."""
    member = User.objects.get(username="max")
    stranger = open_browser(create_user("sam"))
    assert stranger.get("/account/sso").context["others"] == []
    browser = open_browser(member)
    page = browser.get("/account/sso")
    ((found, url),) = page.context["others"]
    assert found == connection
    assert "Such a session reaches harbor alone" in " ".join(page.content.decode().split())
    assert stranger.get(url).status_code == 403
    assert follow(browser, provider, url)["Location"] == "/account"
    assert len(mail.outbox) == 1
    client = Client()
    sign_in(client, connection, provider)
    assert find_signed_in(client) == member
    identity = SsoIdentity.objects.get()
    assert not identity.is_provisioned
    unlink = f"/account/sso/{identity.pk}/unlink"
    assert client.post(unlink).status_code == 403
    assert browser.post(unlink)["Location"] == "/account/sso"
    assert find_signed_in(client) is None
    assert not SsoIdentity.objects.exists()


def test_a_removed_member_is_signed_out_and_stays_out(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """Until an owner lets the account in again."""
    client = Client()
    sign_in(client, connection, provider)
    user = find_signed_in(client)
    assert user is not None
    remove_person(actor=owner, organization=harbor, username=user.username)
    assert find_signed_in(client) is None
    assert sign_in(client, connection, provider).status_code == 403
    assert SsoFailure.objects.get().reason == "not-a-member"
    browser = open_browser(owner)
    path = f"/organizations/harbor/sso/{connection.public_id}"
    assert [each.username for each in browser.get(path).context["removed_accounts"]] == [
        "ada-harbor"
    ]
    # Only accounts that the provider created.
    create_user("sam")
    for name in ("sam", "ada-harbor"):
        browser.post(f"{path}/change", {"action": "restore", "username": name})
    members = OrganizationMember.objects.filter(organization=harbor)
    assert set(members.values_list("user__username", flat=True)) == {
        "ada-harbor",
        "mara",
        "max",
        "ona",
    }
    sign_in(client, connection, provider)
    assert find_signed_in(client) == user


def test_the_way_to_an_organization(harbor: Organization, connection: SsoConnection) -> None:
    """By the name or an address; what does not exist looks like what has no single sign-on."""
    prove(harbor, "corp.example")
    build_organization(create_user("otto"), "plain")
    SsoConnection.objects.update(email_domains=["corp.example"])
    client = Client()
    start = f"/sso/{connection.public_id}/start"
    for text in ("harbor", " Harbor ", "ada@corp.example", "ada@CORP.example"):
        assert client.post("/sso", {"login": text}).context["start_path"] == start
    pages = set()
    nothing = ("plain", "nobody", "ona", "a@no.example", "@corp.example", "", "\0")
    for text in nothing:
        response = client.post("/sso", {"login": text})
        pages.add((response.status_code, response.content.decode().count('role="alert"')))
    assert pages == {(400, 1)}
    SsoConnection.objects.update(is_enabled=False)
    assert client.post("/sso", {"login": "harbor"}).status_code == 400


def test_answers_of_another_organization_are_refused(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider
) -> None:
    """An answer for one connection opens no other, and the failure is that of the connection used."""
    other = build_organization(create_user("otto"), "other")
    second = create_oidc_connection(
        provider.url, name="Other", owner=other.owner, settings={"client_id": "other"}
    )
    client = Client()
    query = start_sign_in(client, connection)
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"])))
    response = open_callback(client, second, state=query["state"], code="c")
    assert response.status_code == 403
    assert SsoFailure.objects.get(connection=second).reason == "unknown-request"
    query = start_sign_in(client, second)
    # For the client of the other organization.
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"], aud="plugport")))
    open_callback(client, second, state=query["state"], code="c")
    reasons = list(SsoFailure.objects.filter(connection=second).values_list("reason", flat=True))
    assert reasons == ["wrong-audience", "unknown-request"]
    assert find_signed_in(client) is None
    # The same subject is another person there.
    sign_in(client, connection, provider)
    client = Client()
    sign_in(client, second, provider, aud="other")
    names = set(SsoIdentity.objects.values_list("user__username", flat=True))
    assert names == {"ada-harbor", "ada-other"}
