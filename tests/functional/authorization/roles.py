"""The people of the authorization table, and a plugin with something for each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.actions.domains.add_domain import add_domain
from accounts.actions.organizations.invitations import invite_person
from accounts.actions.organizations.robots import create_robot, create_robot_token
from accounts.models import (
    OrganizationMember,
    OrganizationRole,
    RegisteredIssuer,
    SsoConnection,
    SsoGroupRule,
    Token,
    User,
)
from accounts.models.token import hash_token
from registry.actions.create_scope import create_scope
from registry.actions.invite_member import invite_member
from registry.actions.transfers.claims.make import make_claim
from registry.actions.transfers.offer import offer_scope_transfer
from registry.models import (
    Claim,
    ClaimKind,
    Invitation,
    Job,
    Member,
    Plugin,
    Release,
    Role,
    Transfer,
    TrustedPublisher,
)
from registry.models.states import ReleaseState
from tests.support.organizations import build_organization, build_team
from tests.support.people import bearer, create_api_token, create_user
from tests.support.publishing import Publisher, build_package, publish_bytes
from tests.support.saml import create_saml_connection

# In the order of the columns. The second group exists only as tokens: they cannot sign in.
PEOPLE = (
    "anonymous",
    "stranger",
    "invited",
    "publisher",
    "maintainer",
    "owner",
    "team-member",
    "org-manager",
    "reviewer",
    "moderator",
    "operator",
    "suspended",
)
# Of the owner, but `no-admin` of the moderator and `robot` of the robot of `harbor`.
TOKENS = ("read-only", "publish-only", "limited", "expired", "no-admin", "robot")
COLUMNS = PEOPLE + TOKENS


@dataclass(frozen=True)
class World:
    """`@acme/chat`, 1.0.0 and 2.0.0 published, 3.0.0 held and 4.0.0 staged, and the people around it."""

    accounts: Mapping[str, User]
    tokens: Mapping[str, str]
    held: Release
    invitation: Invitation
    token: Token
    connection: SsoConnection
    trusted_publisher: TrustedPublisher
    issuer: RegisteredIssuer
    staged: Release
    transfer: Transfer
    claim: Claim

    def open_session(self, person: str) -> Client:
        """A browser in which the person is signed in."""
        client = Client(raise_request_exception=False)
        if person in self.accounts:
            client.force_login(self.accounts[person])
        return client

    def get_headers(self, column: str) -> dict[str, Any]:
        """The headers of an API call by the person or with the token."""
        return bearer(self.tokens[column]) if column in self.tokens else {}


def build_world(publisher: Publisher) -> World:
    """Publish the plugin, create the people, and make a token for each column."""
    for version in ("1.0.0", "2.0.0"):
        publisher.publish("@acme/chat", version, categories=["communication"], tags=["talk"])
    publisher.publish("@acme/other")
    plugin = Plugin.objects.get(name="@acme/chat")
    held = publish_bytes(publisher.actor, build_package(version="3.0.0"))
    Release.objects.filter(pk=held.pk).update(state=ReleaseState.HELD)
    staged = publish_bytes(publisher.actor, build_package(version="4.0.0"))
    Release.objects.filter(pk=staged.pk).update(state=ReleaseState.STAGED)
    accounts = {
        "stranger": create_user("sam"),
        "invited": create_user("ivy"),
        "publisher": create_user("pat"),
        "maintainer": create_user("mia"),
        "owner": publisher.actor,
        "team-member": create_user("tess"),
        "org-manager": create_user("otto"),
        "reviewer": create_user("rita", is_security_reviewer=True, is_staff=True),
        "moderator": create_user("maude", is_moderator=True, is_staff=True),
        "operator": create_user("olga", is_superuser=True, is_staff=True),
        "suspended": create_user("zoe"),
    }
    robot = _build_organization(accounts)
    roles = {"publisher": Role.PUBLISHER, "maintainer": Role.MAINTAINER}
    for person, role in {**roles, "suspended": Role.OWNER}.items():
        Member.objects.create(plugin=plugin, holder=accounts[person].owner, role=role)
    invitation = invite_member(
        actor=accounts["owner"], plugin=plugin, username="ivy", role=Role.MAINTAINER
    )
    owner = accounts["owner"]
    tokens = {
        **{person: create_api_token(account) for person, account in accounts.items()},
        "read-only": create_api_token(owner, "read"),
        "publish-only": create_api_token(owner, "publish"),
        "no-admin": create_api_token(accounts["moderator"], "read", "publish", "manage"),
        "robot": create_api_token(robot, "read", "publish", is_by_operator=True),
        "limited": create_api_token(owner, limit="@acme/other"),
        "expired": create_api_token(owner),
    }
    past = timezone.now() - dt.timedelta(days=1)
    # A job that waits too long makes the server report that no worker runs.
    Job.objects.all().delete()
    Token.objects.filter(sha256=hash_token(tokens["expired"])).update(expires_at=past)
    User.objects.filter(pk=accounts["suspended"].pk).update(is_active=False)
    token = Token.objects.get(sha256=hash_token(tokens["read-only"]))
    trusted_publisher = TrustedPublisher.objects.create(
        name=plugin.name,
        plugin=plugin,
        created_by=owner,
        provider="github",
        issuer="https://ci.test",
    )
    issuer = RegisteredIssuer.objects.create(owner=owner.owner, url="https://ci.example.test")
    return World(
        accounts,
        tokens,
        held,
        invitation,
        token,
        create_saml_connection(),
        trusted_publisher,
        issuer,
        staged,
        _offer_scope(owner),
        _claim_scope(owner, accounts["stranger"]),
    )


def _claim_scope(owner: User, claimant: User) -> Claim:
    """A claim to the scope `@claimed` of the owner, which waits for an answer."""
    scope, _ = create_scope(actor=owner, name="claimed")
    reason = "It is the name of my company."
    return make_claim(actor=claimant, target=scope, kind=ClaimKind.NAME, reason=reason)


def _offer_scope(owner: User) -> Transfer:
    """Offer the scope `@moving` to the invited account; `@spare` stays."""
    scopes = [create_scope(actor=owner, name=name)[0] for name in ("moving", "spare")]
    return offer_scope_transfer(actor=owner, scope=scopes[0], to="ivy")


def _build_organization(accounts: Mapping[str, User]) -> User:
    """Create the organization `harbor`, to which `ivy` is invited too; returns its robot."""
    owner = accounts["owner"]
    harbor = build_organization(owner, "harbor")
    roles = {
        "maintainer": OrganizationRole.MANAGER,
        "org-manager": OrganizationRole.MANAGER,
        "publisher": OrganizationRole.MEMBER,
        "team-member": OrganizationRole.MEMBER,
    }
    for person, role in roles.items():
        OrganizationMember.objects.create(organization=harbor, user=accounts[person], role=role)
    publish_bytes(owner, build_package("@harbor/pier"))
    build_team(owner, harbor, "@harbor/pier", Role.PUBLISHER, "pat", "tess")
    robot = create_robot(actor=owner, organization=harbor, name="ci")
    create_robot_token(
        actor=owner,
        organization=harbor,
        robot_name=robot.username,
        name="ci",
        scopes=["read"],
        days=1,
    )
    RegisteredIssuer.objects.create(owner=harbor.owner, url="https://ci.harbor.test")
    for each in (harbor.owner, owner.owner):
        add_domain(actor=owner, owner=each, domain="harbor.example")
    invite_person(actor=owner, organization=harbor, addressee="ivy", role=OrganizationRole.MEMBER)
    connection = create_saml_connection(name="Harbor", owner=harbor.owner)
    SsoGroupRule.objects.create(connection=connection, group="leads", role="manager")
    return robot
