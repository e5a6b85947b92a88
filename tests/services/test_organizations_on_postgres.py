"""Races about organizations, which need a database with real concurrency."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.close_account import close_account
from accounts.actions.delete_organization import delete_organization
from accounts.actions.domains.add_domain import add_domain
from accounts.actions.organizations.invitations import (
    accept_organization_invitation,
    invite_person,
)
from accounts.actions.organizations.people import change_person_role, remove_person
from accounts.actions.organizations.robots import (
    create_robot,
    create_robot_token,
    rotate_robot_token,
)
from accounts.actions.register_issuer import register_issuer
from accounts.actions.reset_password import reset_password
from accounts.actions.scim.tokens import create_scim_token
from accounts.actions.sso.connections import switch_connection
from accounts.actions.sso.find_account import find_or_create_account
from accounts.errors import (
    LastOrganizationOwnerError,
    OrganizationInUseError,
    PasswordChangedError,
    UnknownOrganizationInvitationError,
)
from accounts.models import (
    Organization,
    OrganizationMember,
    OrganizationRole,
    RegisteredIssuer,
    SsoConnection,
    SsoIdentity,
    Token,
    User,
)
from accounts.sso.person import Person
from registry.actions.invitations.accept_invitation import accept_invitation
from registry.actions.invite_member import invite_member
from registry.errors import UnknownInvitationError
from registry.models import Invitation, Member, Plugin, Role
from tests.services.test_on_postgres import run_together
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on_postgres(postgres: str, transactional_db: None) -> None:
    assert connection.vendor == "postgresql"


def test_of_two_owners_who_leave_at_once_one_stays(owner: User) -> None:
    for number in range(5):
        name = f"harbor-{number}"
        organization = build_organization(owner, name, **{f"mia{number}": "owner"})
        usernames = (owner.username, f"mia{number}")

        def leave(username: str, organization: Organization = organization) -> Callable[[], None]:
            user = User.objects.get(username=username)
            return lambda: remove_person(actor=user, organization=organization, username=username)

        outcomes = run_together([leave(username) for username in usernames])
        assert sorted(type(each).__name__ for each in outcomes) == [
            LastOrganizationOwnerError.__name__,
            "NoneType",
        ]
        assert organization.memberships.filter(role=OrganizationRole.OWNER).count() == 1


def test_two_owners_who_remove_each_other_leave_one(owner: User) -> None:
    organization = build_organization(owner, "harbor", mia="owner")
    mia = User.objects.get(username="mia")
    pairs = ((owner, mia), (mia, owner))
    run_together(
        [
            lambda actor=actor, other=other: remove_person(  # type: ignore[misc]
                actor=actor, organization=organization, username=other.username
            )
            for actor, other in pairs
        ]
    )
    assert organization.memberships.filter(role=OrganizationRole.OWNER).count() == 1


def test_nobody_joins_by_the_invitation_of_a_person_who_is_removed_at_once(owner: User) -> None:
    """Either before the removal, or not at all; and nobody who is withdrawn stays invited."""
    organization = build_organization(owner, "harbor")
    for number in range(5):
        sender, guest = create_user(f"sam{number}"), create_user(f"gus{number}")
        OrganizationMember.objects.create(
            organization=organization, user=sender, role=OrganizationRole.MANAGER
        )
        invitation = invite_person(
            actor=sender,
            organization=organization,
            addressee=guest.username,
            role=OrganizationRole.MANAGER,
        )

        def remove(sender: User = sender) -> None:
            remove_person(actor=owner, organization=organization, username=sender.username)

        def accept(guest: User = guest, key: int = invitation.pk) -> None:
            accept_organization_invitation(actor=guest, invitation_id=key)

        removed, accepted = run_together([remove, accept])
        assert removed is None
        joined = organization.memberships.filter(user=guest).exists()
        assert joined is (accepted is None)
        assert joined or isinstance(accepted, UnknownOrganizationInvitationError)
        assert not organization.invitations.exists()


def test_a_thief_adds_nothing_while_the_owner_recovers_the_account(owner: User) -> None:
    """Either before, and it is removed, or not at all."""
    organization = build_organization(owner, "harbor")
    for number in range(5):
        thief, current = User.objects.get(pk=owner.pk), User.objects.get(pk=owner.pk)

        def add(thief: User = thief, number: int = number) -> None:
            register_issuer(
                actor=thief, owner=organization.owner, url=f"https://ci{number}.example"
            )

        def reset(current: User = current, number: int = number) -> None:
            reset_password(user=current, password=f"staple of batteries {number}")

        added, recovered = run_together([add, reset])
        assert recovered is None
        assert added is None or isinstance(added, PasswordChangedError)
        assert not RegisteredIssuer.objects.exists()


def test_a_sign_in_locks_in_the_order_of_a_removal(owner: User) -> None:
    """Otherwise the two could wait for each other: a removal deletes links, with the organization locked."""
    organization = build_organization(owner, "harbor")
    connected = SsoConnection.objects.create(
        owner=organization.owner, kind=SsoConnection.OIDC, name="IdP"
    )
    SsoIdentity.objects.create(connection=connected, subject="s1", user=owner)
    with CaptureQueriesContext(connection) as queries:
        find_or_create_account(connection=connected, person=Person("s1"))
    locks = [
        each["sql"] for each in queries if "UPDATE OF" in each["sql"] or "FOR UPDATE" in each["sql"]
    ]
    tables = [re.findall(r'FROM "(\w+)"', sql)[0] for sql in locks]
    assert tables == ["accounts_organization", "accounts_ssoidentity"]


def _change_role(owner: User, harbor: Organization) -> None:
    change_person_role(actor=owner, organization=harbor, username="mia", role="manager")


def _invite(owner: User, harbor: Organization) -> None:
    invite_person(actor=owner, organization=harbor, addressee="x@y.example", role="member")


def _accept(_owner: User, harbor: Organization) -> None:
    guest = User.objects.get(username="guest")
    accept_organization_invitation(actor=guest, invitation_id=harbor.invitations.get().pk)


def _create_robot_token(owner: User, harbor: Organization) -> None:
    create_robot_token(
        actor=owner, organization=harbor, robot_name="harbor+ci", name="x", scopes=["read"]
    )


def _rotate_robot_token(owner: User, harbor: Organization) -> None:
    token = Token.objects.get(user__username="harbor+ci")
    rotate_robot_token(actor=owner, organization=harbor, robot_name="harbor+ci", token_id=token.pk)


def _create_scim_token(owner: User, harbor: Organization) -> None:
    create_scim_token(actor=owner, organization=harbor, name="x")


def _add_domain(owner: User, harbor: Organization) -> None:
    add_domain(actor=owner, owner=harbor.owner, domain="harbor.example")


def _switch_on(owner: User, harbor: Organization) -> None:
    connected = SsoConnection.objects.get(owner=harbor.owner)
    switch_connection(actor=owner, connection=connected, is_enabled=True)


def _reset(owner: User, _harbor: Organization) -> None:
    reset_password(user=owner, password="staple of batteries 7")


def _close(_owner: User, _harbor: Organization) -> None:
    close_account(actor=User.objects.get(username="guest"))


@pytest.mark.parametrize(
    "act",
    [
        *(_change_role, _invite, _accept, _create_robot_token, _rotate_robot_token),
        *(_create_scim_token, _add_domain, _switch_on, _reset, _close),
    ],
)
def test_acts_lock_the_organization_before_the_account(
    owner: User, act: Callable[[User, Organization], None]
) -> None:
    """A recovery and SCIM do too: in another order, two of them could wait for each other."""
    harbor = build_organization(owner, "harbor", mia="member")
    create_robot(actor=owner, organization=harbor, name="ci")
    _create_robot_token(owner, harbor)
    guest = create_user("guest")
    invite_person(actor=owner, organization=harbor, addressee=guest.username, role="member")
    connected = SsoConnection.objects.create(
        owner=harbor.owner, kind=SsoConnection.OIDC, name="IdP", tested_at=timezone.now()
    )
    SsoIdentity.objects.create(connection=connected, subject="s1", user=owner)
    with CaptureQueriesContext(connection) as queries:
        act(User.objects.get(pk=owner.pk), harbor)
    locks = [each["sql"] for each in queries if re.search(r"FOR (NO KEY )?UPDATE", each["sql"])]
    tables = [re.findall(r'FROM "(\w+)"', sql)[0] for sql in locks]
    assert tables[0] == "accounts_organization", tables
    assert "accounts_user" in tables


def test_a_closed_account_is_no_member_of_a_plugin(owner: User, publisher: Publisher) -> None:
    """It must not accept an invitation after its memberships ended."""
    plugin = publisher.publish().plugin
    for number in range(4):
        guest = create_user(f"guest{number}")
        invite_member(actor=owner, plugin=plugin, username=guest.username, role=Role.PUBLISHER)
        invitation = Invitation.objects.get(user=guest)

        def accept(guest: User = guest, key: int = invitation.pk) -> Any:
            return accept_invitation(actor=User.objects.get(pk=guest.pk), invitation_id=key)

        def close(guest: User = guest) -> Any:
            return close_account(actor=User.objects.get(pk=guest.pk), leaves_without_owner=False)

        accepted, closed = run_together([accept, close])
        assert not isinstance(closed, Exception), closed
        # Closed before: the account is another one, or the invitation is gone.
        if isinstance(accepted, Exception):
            assert isinstance(accepted, PasswordChangedError | UnknownInvitationError), accepted
        assert not Member.objects.filter(plugin=plugin, holder__user=guest).exists()


def test_a_deleted_organization_gets_no_plugin(owner: User) -> None:
    """Either the new plugin is there and the organization stays, or neither."""
    for number in range(4):
        name = f"harbor-{number}"
        organization = build_organization(owner, name)
        package = build_package(f"@{name}/one")
        published, deleted = run_together(
            [
                lambda package=package: publish_bytes(owner, package),  # type: ignore[misc]
                lambda organization=organization, name=name: delete_organization(  # type: ignore[misc]
                    actor=owner, organization=organization, confirmation=name
                ),
            ]
        )
        organization.refresh_from_db()
        exists = Plugin.objects.filter(name=f"@{name}/one").exists()
        assert exists is (organization.deleted_at is None), (published, deleted)
        if exists:
            assert isinstance(deleted, OrganizationInUseError)
