"""Organizations: who may do what in them, and what ends when somebody leaves."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.actions.create_account import create_account
from accounts.actions.organizations.invitations import (
    accept_organization_invitation,
    decline_organization_invitation,
    invite_person,
    withdraw_organization_invitation,
)
from accounts.actions.organizations.organization import create_organization, edit_organization
from accounts.actions.organizations.people import (
    change_person_role,
    remove_person,
    show_membership,
)
from accounts.actions.organizations.robots import create_robot, create_robot_token, delete_robot
from accounts.actions.organizations.teams import (
    add_team_member,
    create_team,
    delete_team,
    remove_team_member,
)
from accounts.actions.tokens.create_token import create_token
from accounts.errors import (
    EmailNotVerifiedError,
    InOrganizationError,
    InvalidTokenError,
    InvitationAddressError,
    LastOrganizationOwnerError,
    OrganizationLimitError,
    OrganizationNameError,
    OrganizationRequestError,
    OrganizationRightError,
    UnknownOrganizationInvitationError,
    UnknownPersonError,
    UnknownRobotError,
    UnknownTeamError,
)
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationInvitation,
    OrganizationRole,
    Owner,
    User,
)
from accounts.queries.organizations import get_organization, get_people
from accounts.queries.tokens import get_token
from registry.actions.create_scope import create_scope
from registry.errors import ScopeDeniedError
from tests.support.organizations import build_organization
from tests.support.people import create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(
        owner, "harbor", mina="manager", mel="member", bill="billing", otto="owner"
    )


def get_user(name: str) -> User:
    return User.objects.get(username=name)


def test_the_creator_is_the_owner(owner: User) -> None:
    organization = create_organization(actor=owner, name="@Harbor", display_name=" The Harbor ")
    assert (organization.name, organization.display_name) == ("harbor", "The Harbor")
    people = get_people(organization, viewer=owner)
    assert [(each.user, each.role) for each in people.page.rows] == [(owner, "owner")]
    assert AuditEntry.objects.get(action="organization.created").target_name == "harbor"


def test_persons_organizations_and_scopes_share_their_names(owner: User) -> None:
    create_scope(actor=owner, name="pier-one")
    create_user("quay")
    create_organization(actor=owner, name="harbor")
    for name in ("quay", "acme", "pier-one", "p1er-one", "harbor", "harb0r"):
        with pytest.raises(OrganizationNameError):
            create_organization(actor=owner, name=name)
    for name in ("harbor", "harb0r"):
        with pytest.raises(ValidationError):
            create_account(User(username=name, email="new@example.test"))
        with pytest.raises(ScopeDeniedError):
            create_scope(actor=create_user(f"tide-{name}"), name=name)
    with pytest.raises(ValidationError):
        User(username="harbor", email="new@example.test", password="x").full_clean()
    assert Organization.objects.count() == 1


@pytest.mark.parametrize("name", ["", "a b", "-x", "api", "admin", "x" * 65, "lodash", "a+b"])
def test_names_of_organizations_follow_the_rules_of_user_names(owner: User, name: str) -> None:
    with pytest.raises((OrganizationRequestError, OrganizationNameError)):
        create_organization(actor=owner, name=name)
    assert not Owner.objects.filter(kind="organization").exists()


def test_only_verified_accounts_create_a_bounded_number(owner: User) -> None:
    with pytest.raises(EmailNotVerifiedError):
        create_organization(actor=create_user("newcomer", is_verified=False), name="harbor")
    for number in range(10):
        create_organization(actor=owner, name=f"harbor-{number}x")
    with pytest.raises(OrganizationLimitError):
        create_organization(actor=owner, name="one-more")


def test_texts_are_checked(owner: User, harbor: Organization) -> None:
    edited = edit_organization(
        actor=owner, organization=harbor, description="Ships.", website="https://harbor.example"
    )
    assert edited.description == "Ships."
    for changes in ({"website": "javascript:alert(1)"}, {"description": "x" * 501}):
        with pytest.raises(OrganizationRequestError):
            edit_organization(actor=owner, organization=harbor, **changes)
    with pytest.raises(OrganizationRightError):
        edit_organization(actor=get_user("mina"), organization=harbor, description="Mine.")


DENIED: dict[str, tuple[str, Callable[[User, Organization], object]]] = {
    "invite": (
        "mel bill mallory",
        lambda a, o: invite_person(
            actor=a, organization=o, addressee="newcomer", role=OrganizationRole.MEMBER
        ),
    ),
    "invite an owner": (
        "mina mel bill mallory",
        lambda a, o: invite_person(
            actor=a, organization=o, addressee="newcomer", role=OrganizationRole.OWNER
        ),
    ),
    "change a role": (
        "mel bill mallory",
        lambda a, o: change_person_role(
            actor=a, organization=o, username="bill", role=OrganizationRole.MEMBER
        ),
    ),
    "make an owner": (
        "mina mel bill mallory",
        lambda a, o: change_person_role(
            actor=a, organization=o, username="mina", role=OrganizationRole.OWNER
        ),
    ),
    "take the role of an owner": (
        "mina mel bill mallory",
        lambda a, o: change_person_role(
            actor=a, organization=o, username="otto", role=OrganizationRole.MEMBER
        ),
    ),
    "remove a member": (
        "bill mallory",
        lambda a, o: remove_person(actor=a, organization=o, username="mel"),
    ),
    "remove an owner": (
        "mina mel bill mallory",
        lambda a, o: remove_person(actor=a, organization=o, username="otto"),
    ),
    "create a team": (
        "mel bill mallory",
        lambda a, o: create_team(actor=a, organization=o, name="dev"),
    ),
    "create a robot": (
        "mel bill mallory",
        lambda a, o: create_robot(actor=a, organization=o, name="ci"),
    ),
    "create a scope": (
        "mina mel bill mallory",
        lambda a, o: create_scope(actor=a, name="piers", owner=o.owner),
    ),
}


@pytest.mark.parametrize("act", DENIED)
def test_roles_allow_what_the_table_says(
    harbor: Organization, owner: User, outsider: User, act: str
) -> None:
    create_user("newcomer")
    names, run = DENIED[act]
    for name in names.split():
        with pytest.raises((OrganizationRightError, Exception)) as caught:
            run(get_user(name), harbor)
        assert caught.value.status == 403 if hasattr(caught.value, "status") else True
        assert caught.type.__name__ in ("OrganizationRightError", "NotMemberError")
    run(owner, harbor)


def test_an_invited_account_joins_when_it_accepts(harbor: Organization, owner: User) -> None:
    newcomer = create_user("newcomer")
    invitation = invite_person(
        actor=owner, organization=harbor, addressee="@Newcomer", role=OrganizationRole.MANAGER
    )
    assert invitation.expires_at - invitation.created_at == dt.timedelta(days=14)
    assert mail.outbox[0].to == ["newcomer@example.test"]
    assert not harbor.memberships.filter(user=newcomer).exists()
    with pytest.raises(UnknownOrganizationInvitationError):
        accept_organization_invitation(actor=create_user("thief"), invitation_id=invitation.pk)
    member = accept_organization_invitation(actor=newcomer, invitation_id=invitation.pk)
    assert member.role == "manager"
    assert not OrganizationInvitation.objects.exists()
    with pytest.raises(InOrganizationError):
        invite_person(
            actor=owner, organization=harbor, addressee="newcomer", role=OrganizationRole.MEMBER
        )


def invite_by_mail(owner: User, harbor: Organization, address: str) -> str:
    """Invite an address; returns the key in the mail."""
    mail.outbox.clear()
    invite_person(actor=owner, organization=harbor, addressee=address, role=OrganizationRole.MEMBER)
    assert mail.outbox[0].to == [address.lower()]
    found = re.search(r"/organizations/invitations/(\S+)", str(mail.outbox[0].body))
    assert found is not None
    return found[1]


def test_an_invitation_by_mail_is_for_its_address_alone(harbor: Organization, owner: User) -> None:
    key = invite_by_mail(owner, harbor, "Guest@example.test")
    assert key not in str(OrganizationInvitation.objects.values().get())
    for actor in (create_user("thief"), create_user("guest", is_verified=False)):
        with pytest.raises((InvitationAddressError, EmailNotVerifiedError)):
            accept_organization_invitation(actor=actor, key=key)
    with pytest.raises(InvitationAddressError):
        decline_organization_invitation(actor=get_user("thief"), key=key)
    guest = get_user("guest")
    guest.is_verified = True
    guest.save()
    with pytest.raises(UnknownOrganizationInvitationError):
        accept_organization_invitation(actor=guest, key=key + "x")
    assert accept_organization_invitation(actor=guest, key=key).user == guest
    with pytest.raises(UnknownOrganizationInvitationError):
        accept_organization_invitation(actor=guest, key=key)


def test_invitations_end(harbor: Organization, owner: User) -> None:
    guest = create_user("guest")
    key = invite_by_mail(owner, harbor, "guest@example.test")
    OrganizationInvitation.objects.update(expires_at=timezone.now())
    with pytest.raises(UnknownOrganizationInvitationError):
        accept_organization_invitation(actor=guest, key=key)
    key = invite_by_mail(owner, harbor, "guest@example.test")
    withdraw_organization_invitation(
        actor=get_user("mina"),
        organization=harbor,
        invitation_id=OrganizationInvitation.objects.get().pk,
    )
    with pytest.raises(UnknownOrganizationInvitationError):
        accept_organization_invitation(actor=guest, key=key)
    # The sender is no manager any longer.
    key = invite_by_mail(get_user("mina"), harbor, "guest@example.test")
    change_person_role(
        actor=owner, organization=harbor, username="mina", role=OrganizationRole.MEMBER
    )
    with pytest.raises(UnknownOrganizationInvitationError):
        accept_organization_invitation(actor=guest, key=key)


@pytest.mark.parametrize("addressee", ["a b@example.test", "a@", "x@", "nobody@", "a\0b"])
def test_an_addressee_is_a_user_name_or_an_address(
    harbor: Organization, owner: User, addressee: str
) -> None:
    with pytest.raises(OrganizationRequestError):
        invite_person(
            actor=owner, organization=harbor, addressee=addressee, role=OrganizationRole.MEMBER
        )


def test_the_last_owner_cannot_leave(harbor: Organization, owner: User) -> None:
    remove_person(actor=owner, organization=harbor, username="otto")
    with pytest.raises(LastOrganizationOwnerError):
        remove_person(actor=owner, organization=harbor, username=owner.username)
    with pytest.raises(LastOrganizationOwnerError):
        change_person_role(
            actor=owner,
            organization=harbor,
            username=owner.username,
            role=OrganizationRole.MEMBER,
        )
    mel = get_user("mel")
    change_person_role(
        actor=owner, organization=harbor, username="mel", role=OrganizationRole.OWNER
    )
    User.objects.filter(pk=mel.pk).update(is_active=False)
    with pytest.raises(LastOrganizationOwnerError):
        remove_person(actor=owner, organization=harbor, username=owner.username)
    User.objects.filter(pk=mel.pk).update(is_active=True)
    remove_person(actor=owner, organization=harbor, username=owner.username)
    with pytest.raises(UnknownPersonError):
        remove_person(actor=owner, organization=harbor, username=owner.username)


def test_leaving_revokes_tokens_of_the_organization_and_keeps_others(
    harbor: Organization, owner: User
) -> None:
    create_scope(actor=owner, name="piers", owner=harbor.owner)
    mel = get_user("mel")
    texts = {
        limit: create_token(
            actor=mel, name="x", scopes=["publish"], limits=[limit] if limit else []
        )[1]
        for limit in ("@harbor", "@piers", "@mel", "")
    }
    remove_person(actor=get_user("mina"), organization=harbor, username="mel")
    for limit in ("@harbor", "@piers"):
        with pytest.raises(InvalidTokenError):
            get_token(texts[limit])
    assert get_token(texts[""]).user == get_token(texts["@mel"]).user == mel


def test_members_are_hidden_from_strangers_unless_they_choose_to_be_shown(
    harbor: Organization, outsider: User
) -> None:
    mel = get_user("mel")
    assert get_people(harbor, viewer=outsider).page.rows == []
    assert len(get_people(harbor, viewer=mel).page.rows) == 5
    show_membership(actor=mel, organization=harbor, is_public=True)
    for viewer in (outsider, None):
        assert [each.user for each in get_people(harbor, viewer=viewer).page.rows] == [mel]
    show_membership(actor=mel, organization=harbor, is_public=False)
    assert get_people(harbor, viewer=None).page.rows == []
    with pytest.raises(UnknownPersonError):
        show_membership(actor=outsider, organization=harbor, is_public=True)


def test_members_of_teams_must_be_in_the_organization(
    harbor: Organization, owner: User, outsider: User
) -> None:
    create_team(actor=owner, organization=harbor, name="dev")
    with pytest.raises(InOrganizationError):
        create_team(actor=owner, organization=harbor, name="dev")
    with pytest.raises(OrganizationRequestError):
        create_team(actor=owner, organization=harbor, name="a/b")
    with pytest.raises(UnknownPersonError):
        add_team_member(actor=owner, organization=harbor, name="dev", username="mallory")
    add_team_member(actor=owner, organization=harbor, name="dev", username="mel")
    mel = get_user("mel")
    with pytest.raises(OrganizationRightError):
        remove_team_member(actor=outsider, organization=harbor, name="dev", username="mel")
    remove_team_member(actor=mel, organization=harbor, name="dev", username="mel")
    with pytest.raises(UnknownPersonError):
        remove_team_member(actor=owner, organization=harbor, name="dev", username="mel")
    delete_team(actor=owner, organization=harbor, name="dev")
    with pytest.raises(UnknownTeamError):
        delete_team(actor=owner, organization=harbor, name="dev")


def test_a_robot_cannot_sign_in_and_has_tokens(harbor: Organization, owner: User) -> None:
    robot = create_robot(actor=owner, organization=harbor, name="ci")
    assert robot.username == "harbor+ci"
    assert not robot.has_usable_password()
    assert not Owner.objects.filter(name=robot.username).exists()
    text = create_robot_token(
        actor=owner,
        organization=harbor,
        robot_name="harbor+ci",
        name="ci",
        scopes=["publish"],
        days=30,
    )[1]
    assert get_token(text).user == robot
    for act in (
        lambda: create_organization(actor=robot, name="other"),
        lambda: invite_person(
            actor=owner,
            organization=harbor,
            addressee="harbor+ci",
            role=OrganizationRole.OWNER,
        ),
        lambda: change_person_role(
            actor=owner,
            organization=harbor,
            username="harbor+ci",
            role=OrganizationRole.OWNER,
        ),
        lambda: create_robot(actor=owner, organization=harbor, name="a+b"),
    ):
        with pytest.raises((OrganizationLimitError, OrganizationRequestError)):
            act()
    delete_robot(actor=owner, organization=harbor, robot_name="harbor+ci")
    with pytest.raises(InvalidTokenError):
        get_token(text)
    with pytest.raises(UnknownRobotError):
        delete_robot(actor=owner, organization=harbor, robot_name="harbor+ci")
    with pytest.raises(InOrganizationError):
        create_robot(actor=owner, organization=harbor, name="ci")
    assert get_organization("harbor").robots.count() == 1
