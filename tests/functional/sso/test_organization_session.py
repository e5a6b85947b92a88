"""What a session reaches that the single sign-on of an organization opened: this organization alone."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions.organizations.organization import create_organization
from accounts.actions.tokens.create_token import create_token
from accounts.errors import OrganizationSessionError
from accounts.models import Organization, SsoConnection, SsoIdentity, User
from registry.actions.create_scope import create_scope
from registry.actions.transfers.claims.make import make_claim
from registry.errors import NotMemberError, ScopeDeniedError
from registry.models import Claim, ClaimKind, Member, Plugin, Scope, Visibility
from registry.policies import check_may_manage, require_publishing_owner
from registry.queries.visible import Viewer, build_visible_condition
from tests.support.identity_providers import (
    OidcProvider,
    create_oidc_connection,
    find_signed_in,
    sign_in,
)
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db
_REASON = "It is the name of my company."


@pytest.fixture
def ona(db: None) -> User:
    """An owner of two organizations, who is an operator and has plugins of her own."""
    return create_user("ona", is_superuser=True, is_staff=True, is_moderator=True)


@pytest.fixture
def harbor(ona: User) -> Organization:
    """An organization with a plugin."""
    harbor = build_organization(ona, "harbor")
    build_organization(ona, "depot")
    for name in ("@harbor/pier", "@depot/shed", "@ona/own"):
        publish_bytes(ona, build_package(name))
    return harbor


@pytest.fixture
def limited(harbor: Organization, ona: User) -> User:
    """The account of the owner in a session of the organization."""
    user = User.objects.get(pk=ona.pk)
    user.limit_to_organization(harbor.pk)
    return user


@pytest.fixture
def browser(harbor: Organization, ona: User, provider: OidcProvider) -> Client:
    """A browser that signed in at the provider of the organization."""
    connection = create_oidc_connection(provider.url, owner=harbor.owner)
    SsoIdentity.objects.create(connection=connection, subject="person-1", user=ona)
    client = Client()
    assert sign_in(client, connection, provider).status_code == 302
    return client


def test_the_rights_of_operators_stay_in_the_database(limited: User, ona: User) -> None:
    """Saving the account of the session does not take them away."""
    assert (limited.is_superuser, limited.is_staff, limited.is_moderator) == (False,) * 3
    limited.first_name = "Ona"
    limited.save()
    limited.save(update_fields=["is_superuser", "last_name"])
    ona.refresh_from_db()
    assert (ona.first_name, ona.is_superuser, ona.is_staff, ona.is_moderator) == (
        "Ona",
        True,
        True,
        True,
    )
    limited.refresh_from_db()
    assert not limited.is_superuser


def test_rights_in_plugins(limited: User) -> None:
    """Those of the organization, and neither personal ones nor those of other organizations."""
    check_may_manage(limited, Plugin.objects.get(name="@harbor/pier"))
    for name in ("@depot/shed", "@ona/own"):
        with pytest.raises(NotMemberError):
            check_may_manage(limited, Plugin.objects.get(name=name))
    assert require_publishing_owner(limited, "harbor").name == "harbor"
    for scope in ("depot", "ona"):
        with pytest.raises(ScopeDeniedError):
            require_publishing_owner(limited, scope)
    with pytest.raises(OrganizationSessionError):
        require_publishing_owner(limited, None)
    with pytest.raises(OrganizationSessionError):
        create_scope(actor=limited, name="ona-two")


def test_private_plugins_of_others_are_absent(limited: User, ona: User) -> None:
    """Also internal ones, whoever owns them."""
    Plugin.objects.update(visibility=Visibility.PRIVATE)
    Scope.objects.update(visibility=Visibility.INTERNAL)
    rows = Plugin.objects.order_by("name")
    seen = rows.filter(build_visible_condition(Viewer(limited)))
    assert [each.name for each in seen] == ["@harbor/pier"]
    Plugin.objects.update(visibility=Visibility.INTERNAL)
    assert [each.name for each in seen.all()] == ["@harbor/pier"]
    assert rows.filter(build_visible_condition(Viewer(ona))).count() == 3


def test_no_tokens_and_organizations(limited: User) -> None:
    """Both would outlive the session, and reach more."""
    with pytest.raises(OrganizationSessionError):
        create_token(actor=limited, name="t", scopes=["read"])
    with pytest.raises(OrganizationSessionError):
        create_organization(actor=limited, name="third")


def test_pages(browser: Client, ona: User) -> None:
    """Those of the organization are open, those about the account and for operators are not."""
    for path in (
        "/account",
        "/organizations/harbor/members",
        "/organizations/harbor/settings",
        "/organizations/harbor/teams",
        "/organizations/harbor/sso",
        "/plugins/@harbor/pier/owners",
    ):
        assert browser.get(path).status_code == 200, path
    for path in (
        "/account/tokens",
        "/account/email",
        "/account/security",
        "/account/sessions",
        "/account/sso",
        "/account/organizations",
        "/account/export",
        "/account/password",
        "/account/scopes",
        "/login/program",
        "/admin/",
        "/audit",
        "/sso/connections",
    ):
        response = browser.get(path)
        assert response.status_code == 403, path
        assert response.context["error"].code == "organization-session"
        # With a password, they are open.
    assert browser.get("/organizations/depot/settings").status_code in (403, 404)
    assert browser.get("/organizations/depot/sso").status_code == 404
    assert browser.post("/account/tokens", {"name": "t"}).status_code == 403
    assert not ona.tokens.exists()


def test_claims(browser: Client, ona: User, harbor: Organization) -> None:
    hanna = create_user("hanna")
    for name in ("weather-map", "weather-pier"):
        Publisher(hanna).publish(name)
    # The person's other organizations are none of the business of this one.
    page = browser.get("/claims/new?name=weather-map").content.decode()
    assert 'value="harbor"' in page
    assert "depot" not in page
    own = claim_name(ona, "weather-map")
    Member.objects.filter(plugin__name="weather-pier").update(holder=harbor.owner)
    against = claim_name(hanna, "weather-pier")
    Organization.objects.filter(pk=harbor.pk).update(sso_only=True)
    assert browser.get(f"/claims/{own.pk}").status_code == 404
    listed = browser.get("/claims").content.decode()
    assert f"/claims/{against.pk}" in listed
    assert f"/claims/{own.pk}" not in listed
    # Nobody else could: the rights of owners count in such sessions only.
    assert _REASON in browser.get(f"/claims/{against.pk}").content.decode()
    answer = {"answer": "object", "reason": "The name is a common word."}
    assert browser.post(f"/claims/{against.pk}/answer", answer).status_code == 302
    assert browser.post(f"/claims/{own.pk}/answer", {"answer": "withdraw"}).status_code == 302
    states = dict(Claim.objects.values_list("pk", "state"))
    assert states == {own.pk: "open", against.pk: "objected"}


def claim_name(claimant: User, name: str) -> Claim:
    plugin = Plugin.objects.get(name=name)
    return make_claim(actor=claimant, target=plugin, kind=ClaimKind.NAME, reason=_REASON)


def test_a_private_plugin_of_another_owner_is_not_found(browser: Client) -> None:
    """Although the account owns it."""
    Plugin.objects.update(visibility=Visibility.PRIVATE)
    assert browser.get("/plugins/@harbor/pier/owners").status_code == 200
    for name in ("@depot/shed", "@ona/own"):
        assert browser.get(f"/plugins/{name}/owners").status_code == 404


def test_the_provider_confirms_acts_in_its_own_sessions_only(
    browser: Client, ona: User, provider: OidcProvider
) -> None:
    """Otherwise it could change the account of a person, together with the thief of a session."""
    shown = browser.get("/account/confirm").context["providers"]
    assert [each.name for each, _ in shown] == ["Corp"]
    personal = Client()
    personal.force_login(ona, backend="accounts.sign_in.SignInBackend")
    assert personal.get("/account/confirm").context["providers"] == []
    # Nor with a link that was made for the same account in the other session.
    assert personal.get(shown[0][1]).status_code == 404


def test_a_session_of_the_whole_registry_is_not_limited(
    browser: Client, ona: User, provider: OidcProvider
) -> None:
    """The provider that the operator connected vouches for the account as a password does."""
    connection = create_oidc_connection(provider.url, name="All")
    SsoIdentity.objects.create(connection=connection, subject="person-1", user=ona)
    client = Client()
    sign_in(client, connection, provider)
    assert find_signed_in(client) == ona
    assert client.get("/account/tokens").status_code == 200
    assert SsoConnection.objects.count() == 2
