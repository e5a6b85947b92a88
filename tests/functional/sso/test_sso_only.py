"""An organization that requires its single sign-on: which sessions and tokens keep their rights."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actions.delete_organization import delete_organization
from accounts.actions.organizations.invitations import invite_person
from accounts.actions.sso.connections import delete_connection, switch_connection
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationRole,
    SsoConnection,
    SsoIdentity,
    User,
)
from accounts.security.organization_session import ORGANIZATION_KEY
from accounts.sso.errors import ConnectionSettingsError
from registry.actions.create_scope import create_scope
from registry.actions.transfers.answer import accept_transfer
from registry.actions.transfers.effect import run_due_transfers
from registry.actions.transfers.offer import offer_plugin_transfer
from registry.jobs.runner import run_pending_jobs
from registry.models import Plugin, Release, Role, Scope, Transfer, TrustedPublisher
from registry.publishing.trusted import is_in_force
from registry.rights import find_role
from tests.functional.api.calls import Api, expect_problem
from tests.support.issuer import open_issuer
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import build_package, publish_bytes

pytestmark = pytest.mark.django_db

RULE = "/organizations/harbor/sso-only"
CODE = "organization-sso-only"


@pytest.fixture
def ona(db: None) -> User:
    return create_user("ona")


@pytest.fixture
def harbor(ona: User) -> Organization:
    """An organization with a connection that is on and signs in its first owner."""
    harbor = build_organization(ona, "harbor", olaf="owner", mia="manager")
    publish_bytes(ona, build_package("@harbor/pier"), visibility="private")
    run_pending_jobs()
    connection = SsoConnection.objects.create(
        kind="oidc", name="Corp", owner=harbor.owner, is_enabled=True
    )
    SsoIdentity.objects.create(connection=connection, subject="ona", user=ona)
    return harbor


def require(user: User) -> None:
    answer = Api(create_api_token(user)).call("PUT", RULE, {"required": True})
    assert answer.status_code == 200, answer.content


def open_session(user: User, organization: Organization | None = None) -> Client:
    client = Client()
    client.force_login(user)
    if organization is not None:
        session = client.session
        session[ORGANIZATION_KEY] = organization.pk
        session.save()
    return client


def find_user(name: str) -> User:
    return User.objects.get(username=name)


def test_rights_count_in_sessions_of_single_sign_on_only(ona: User, harbor: Organization) -> None:
    owner = Api(create_api_token(ona))
    preview = owner.get(RULE).json()
    expected = {"organization": "harbor", "without": ["olaf", "mia"], "withoutCount": 2}
    assert preview == expected | {"required": False}
    assert owner.call("PUT", RULE, {"required": True}).json() == expected | {"required": True}
    entry = AuditEntry.objects.get(action="organization.sso-required")
    assert (entry.actor, entry.details) == (ona, {"not_linked": 2})
    # The same token has no rights any longer.
    expect_problem(owner.get("/organizations/harbor/teams"), 403, CODE)
    expect_problem(owner.call("PUT", RULE, {"required": False}), 403, CODE)
    expect_problem(owner.get("/plugins/@harbor/pier"), 404, "unknown-plugin")
    expect_problem(owner.publish(build_package("@harbor/pier", "1.1.0")), 403, CODE)
    (membership,) = owner.get("/me/organizations").json()["memberships"]
    assert (membership["needsSingleSignOn"], membership["needsSecondFactor"]) == (True, False)
    for session, status in ((open_session(ona), 403), (open_session(ona, harbor), 200)):
        assert session.get("/organizations/harbor/teams").status_code == status
        assert session.get("/organizations/harbor/settings").status_code == status
    assert open_session(ona).get("/plugins/@harbor/pier").status_code == 404
    assert open_session(ona, harbor).get("/plugins/@harbor/pier").status_code == 200
    assert "count in sessions of its single sign-on only" in (
        open_session(ona).get("/account/organizations").content.decode()
    )


def test_nobody_is_locked_out(ona: User, harbor: Organization) -> None:
    olaf = Api(create_api_token(find_user("olaf")))
    body = {"required": True}
    problem = expect_problem(olaf.call("PUT", RULE, body), 400, "invalid-organization-request")
    assert "lock yourself out" in problem["detail"]
    SsoConnection.objects.update(is_enabled=False)
    expect_problem(
        Api(create_api_token(ona)).call("PUT", RULE, body), 400, "invalid-organization-request"
    )
    SsoConnection.objects.update(is_enabled=True)
    manager = Api(create_api_token(find_user("mia")))
    expect_problem(manager.call("PUT", RULE, body), 403, "organization-role")
    require(ona)
    ona.limit_to_organization(harbor.pk)
    connection = SsoConnection.objects.get()
    with pytest.raises(ConnectionSettingsError, match="the only connection that is on"):
        switch_connection(actor=ona, connection=connection, is_enabled=False)
    with pytest.raises(ConnectionSettingsError):
        delete_connection(actor=ona, connection=connection)
    SsoConnection.objects.create(kind="oidc", name="Two", owner=harbor.owner, is_enabled=True)
    switch_connection(actor=ona, connection=connection, is_enabled=False)


def test_an_organization_that_requires_it_can_be_deleted(ona: User) -> None:
    harbor = build_organization(ona, "harbor")
    connection = SsoConnection.objects.create(
        kind="oidc", name="Corp", owner=harbor.owner, is_enabled=True
    )
    SsoIdentity.objects.create(connection=connection, subject="ona", user=ona)
    require(ona)
    ona.limit_to_organization(harbor.pk)
    delete_organization(actor=ona, organization=harbor, confirmation="harbor")
    assert not SsoConnection.objects.exists()


def test_an_operator_ends_it(ona: User, harbor: Organization) -> None:
    require(ona)
    operator = create_user("op", is_superuser=True)
    page = open_session(operator)
    assert page.get("/organizations/harbor/sso-only").status_code == 200
    assert page.post("/organizations/harbor/sso-only", {"action": "end"}).status_code == 302
    harbor.refresh_from_db()
    assert not harbor.sso_only
    assert AuditEntry.objects.get(action="organization.sso-optional").actor == operator
    assert find_role(ona, Plugin.objects.get()) == Role.OWNER


def test_robots_jobs_and_invitations_go_on(ona: User, harbor: Organization) -> None:
    plugin = Plugin.objects.get()
    publisher = TrustedPublisher.objects.create(
        plugin=plugin, name=plugin.name, created_by=ona, provider="github", identity="x" * 64
    )
    owner = Api(create_api_token(ona))
    owner.post("/organizations/harbor/teams", {"name": "ci"})
    owner.post("/organizations/harbor/robots", {"name": "ci"})
    owner.call("PUT", "/organizations/harbor/teams/ci/members/harbor+ci")
    owner.call("PUT", "/organizations/harbor/teams/ci/rights/@harbor", {"role": "publisher"})
    values = {"name": "ci", "scopes": ["read", "publish"]}
    path = "/organizations/harbor/robots/harbor+ci/tokens"
    robot = Api(owner.post(path, values).json()["token"])
    create_user("eve")
    sent = invite_person(
        actor=ona, organization=harbor, addressee="eve", role=OrganizationRole.MEMBER
    )
    require(ona)
    assert robot.get("/plugins/@harbor/pier").status_code == 200
    assert is_in_force(publisher)
    accept = f"/me/organization-invitations/{sent.pk}/accept"
    joined = Api(create_api_token(find_user("eve"))).post(accept).json()
    assert joined["needsSingleSignOn"] is True
    harbor.memberships.filter(user=ona).delete()
    assert not is_in_force(TrustedPublisher.objects.get())


def test_a_job_publishes_while_its_configurer_is_a_member(
    ona: User, harbor: Organization, settings: Any
) -> None:
    owner = Api(create_api_token(ona))
    with open_issuer(settings) as ci:
        assert owner.post("/organizations/harbor/issuers", {"url": ci.url}).status_code == 201
        body = {"provider": "oidc", "issuer": ci.url, "claims": {"sub": "job"}}
        assert owner.post("/plugins/@harbor/pier/trusted-publishers", body).status_code == 201
        require(ona)

        def mint() -> Any:
            # Without a name: a stranger must not learn of a private plugin by an identity token.
            return Api("").post("/oidc/mint-token", {"token": ci.sign()})

        job = Api(mint().json()["token"])
        sent = job.publish(build_package("@harbor/pier", "1.1.0"))
        assert sent.status_code == 202, sent.content
        run_pending_jobs()
        release = Release.objects.get(version="1.1.0")
        assert job.get(f"/publications/{release.public_id}").json()["state"] == "published"
        assert (release.state, release.published_by) == ("published", ona)
        harbor.memberships.filter(user=ona).delete()
        expect_problem(mint(), 403, "identity-token-refused")


def test_its_owners_transfer_in_its_sessions(
    ona: User, harbor: Organization, settings: Any
) -> None:
    settings.TRANSFER_DELAY_HOURS = 0
    eve = create_user("eve")
    for owner, name in ((eve, "gull"), (eve, "tern"), (ona, "mine")):
        publish_bytes(owner, build_package(name))
    run_pending_jobs()
    for name in ("gull", "tern"):
        offer_plugin_transfer(actor=eve, plugin=Plugin.objects.get(name=name), to="harbor")
    offer_plugin_transfer(actor=ona, plugin=Plugin.objects.get(name="mine"), to="eve")
    create_scope(actor=ona, name="quay", owner=harbor.owner)
    require(ona)
    session = open_session(ona, harbor)
    gull, tern, mine = (
        Transfer.objects.get(plugin__name=each) for each in ("gull", "tern", "mine")
    )
    page = session.get("/account").content.decode()
    assert f"/account/transfers/{gull.pk}/accept" in page
    # The person's own is not what the session reaches.
    assert f"/account/transfers/{mine.pk}/" not in page
    for transfer, act, ended in (
        (gull, "accept", "accepted"),
        (tern, "decline", "declined"),
        (mine, "cancel", "canceled"),
    ):
        # In a session of the person, the rights of the organization do not count.
        states = []
        for client in (open_session(ona), session)[:: -1 if transfer == mine else 1]:
            client.post(f"/account/transfers/{transfer.pk}/{act}")
            transfer.refresh_from_db()
            states.append(transfer.state)
        assert states == ["offered", ended]
    assert run_due_transfers() == 1
    assert Plugin.objects.get(name="gull").members.get().holder == harbor.owner
    assert session.post("/account/scopes/quay/transfer", {"to": "eve"}).status_code == 302
    offered = Transfer.objects.get(scope__name="quay")
    accept_transfer(actor=eve, transfer_id=offered.pk)
    # Nobody is signed in when it takes effect.
    assert run_due_transfers() == 1
    assert Scope.objects.get(name="quay").owner == eve.owner


def test_the_page_shows_who_loses_access(ona: User, harbor: Organization) -> None:
    client = open_session(ona)
    assert "/organizations/harbor/sso-only" in (
        client.get("/organizations/harbor/sso").content.decode()
    )
    page = client.get("/organizations/harbor/sso-only").content.decode()
    assert "2 members not linked to it would lose all access" in page
    assert "olaf" in page
    followed = client.post("/organizations/harbor/sso-only", {"action": "require"}, follow=True)
    assert "count in sessions of its single sign-on only" in followed.content.decode()
    harbor.refresh_from_db()
    assert harbor.sso_only
