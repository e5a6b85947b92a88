"""The roles of accounts in plugins of organizations, from all sources, and when they end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from pytest_django import DjangoAssertNumQueries

from accounts.actions.organizations.people import remove_person
from accounts.actions.organizations.robots import create_robot
from accounts.actions.organizations.second_factors import require_second_factor
from accounts.actions.organizations.teams import add_team_member, delete_team
from accounts.errors import OrganizationFactorError
from accounts.models import Organization, User
from registry.actions import publish_release as pipeline
from registry.actions.create_scope import create_scope
from registry.actions.invite_member import invite_member
from registry.actions.organizations.team_rights import remove_team_right, set_team_right
from registry.actions.remove_member import remove_member
from registry.errors import (
    NotMemberError,
    ScopeDeniedError,
    ScopeNotCreatedError,
    ScopeOwnerError,
    UnknownRightError,
)
from registry.models import Member, Plugin, Release, Role, Scope
from registry.rights import find_role, list_roles
from tests.support.factors import add_app
from tests.support.organizations import build_organization, build_team
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(owner, "harbor", mina="manager", mel="member", bill="billing")


@pytest.fixture
def chat(owner: User, harbor: Organization) -> Plugin:
    return Publisher(owner).publish("@harbor/chat").plugin


def get_user(name: str) -> User:
    return User.objects.get(username=name)


def list_found(plugin: Plugin) -> dict[str, str | None]:
    return {name: find_role(get_user(name), plugin) for name in ("acme", "mina", "mel", "bill")}


def test_a_plugin_in_the_scope_of_an_organization_belongs_to_it(
    chat: Plugin, harbor: Organization, outsider: User
) -> None:
    assert Scope.objects.get().owner == harbor.owner
    assert Member.objects.get().holder == harbor.owner
    assert chat.document["owners"] == ["harbor"]
    assert list_found(chat) == {"acme": "owner", "mina": "maintainer", "mel": None, "bill": None}
    with pytest.raises(NotMemberError):
        publish_bytes(get_user("mel"), build_package("@harbor/chat", "2.0.0"))
    for actor in (get_user("mel"), outsider):
        with pytest.raises(ScopeDeniedError):
            publish_bytes(actor, build_package("@harbor/new"))
    assert publish_bytes(get_user("mina"), build_package("@harbor/new")).plugin.members.get()


def test_members_without_a_right_cannot_claim_the_scope(
    harbor: Organization, outsider: User
) -> None:
    for actor in (get_user("mel"), outsider):
        with pytest.raises((ScopeDeniedError, ScopeNotCreatedError)):
            publish_bytes(actor, build_package("@harbor/new"))
    assert not Plugin.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_a_team_has_its_right_in_a_plugin(
    chat: Plugin, harbor: Organization, owner: User, role: Role
) -> None:
    other = Publisher(owner).publish("@harbor/other").plugin
    build_team(owner, harbor, "@harbor/chat", role, "mel")
    mel = get_user("mel")
    assert list_roles(mel, [chat.pk, other.pk]) == {chat.pk: role}
    assert publish_bytes(mel, build_package("@harbor/chat", "2.0.0")).published_by == mel
    with pytest.raises(ScopeDeniedError):
        publish_bytes(mel, build_package("@harbor/new"))


def test_a_team_has_its_right_in_a_scope(chat: Plugin, harbor: Organization, owner: User) -> None:
    create_scope(actor=owner, name="piers", owner=harbor.owner)
    pier = Publisher(owner).publish("@piers/one").plugin
    build_team(owner, harbor, "@piers", Role.MAINTAINER, "mel", "bill")
    mel = get_user("mel")
    assert list_roles(mel, [chat.pk, pier.pk]) == {pier.pk: Role.MAINTAINER}
    new = publish_bytes(mel, build_package("@piers/two")).plugin
    assert new.members.get().holder == harbor.owner
    assert find_role(get_user("bill"), new) == Role.MAINTAINER


def test_the_highest_role_counts(chat: Plugin, harbor: Organization, owner: User) -> None:
    mel = get_user("mel")
    build_team(owner, harbor, "@harbor/chat", Role.PUBLISHER, "mel")
    Member.objects.create(plugin=chat, holder=mel.owner, role=Role.MAINTAINER)
    assert find_role(mel, chat) == Role.MAINTAINER
    set_team_right(
        actor=owner, organization=harbor, team_name="dev", target="@harbor", role=Role.OWNER
    )
    assert find_role(mel, chat) == Role.OWNER


def test_rights_end_with_what_they_come_from(
    chat: Plugin, harbor: Organization, owner: User
) -> None:
    build_team(owner, harbor, "@harbor/chat", Role.PUBLISHER, "mel")
    mel = get_user("mel")
    remove_team_right(actor=owner, organization=harbor, team_name="dev", target="@harbor/chat")
    assert find_role(mel, chat) is None
    set_team_right(
        actor=owner, organization=harbor, team_name="dev", target="@harbor", role=Role.PUBLISHER
    )
    assert find_role(mel, chat) == Role.PUBLISHER
    # The plugin leaves the organization: its teams have no rights any longer.
    Member.objects.filter(plugin=chat).update(holder=create_user("buyer").owner)
    assert [find_role(each, chat) for each in (mel, owner, get_user("mina"))] == [None] * 3
    Member.objects.filter(plugin=chat).update(holder=harbor.owner)
    assert find_role(mel, chat) == Role.PUBLISHER
    delete_team(actor=owner, organization=harbor, name="dev")
    assert find_role(mel, chat) is None


def test_a_removed_member_loses_every_right(
    chat: Plugin, harbor: Organization, owner: User
) -> None:
    build_team(owner, harbor, "@harbor", Role.OWNER, "mel")
    mel = get_user("mel")
    assert find_role(mel, chat) == Role.OWNER
    remove_person(actor=owner, organization=harbor, username="mel")
    assert find_role(mel, chat) is None
    with pytest.raises(NotMemberError):
        publish_bytes(mel, build_package("@harbor/chat", "2.0.0"))


def test_managers_get_no_rights_of_owners(chat: Plugin, harbor: Organization, owner: User) -> None:
    build_team(owner, harbor, "@harbor/chat", Role.OWNER, "bill")
    mina = get_user("mina")
    acts = (
        lambda: add_team_member(actor=mina, organization=harbor, name="dev", username="mina"),
        lambda: set_team_right(
            actor=mina,
            organization=harbor,
            team_name="dev",
            target="@harbor/chat",
            role=Role.PUBLISHER,
        ),
        lambda: invite_member(actor=mina, plugin=chat, username="mina", role=Role.OWNER),
        lambda: remove_member(actor=mina, plugin=chat, username="harbor"),
        lambda: remove_member(actor=get_user("bill"), plugin=chat, username="harbor"),
    )
    for act in acts:
        with pytest.raises(Exception) as caught:
            act()
        assert caught.type.__name__ in (
            "OrganizationRightError",
            "NotMemberError",
            "ScopeOwnerError",
        )
    assert find_role(mina, chat) == Role.MAINTAINER


def test_a_team_cannot_take_a_plugin_from_its_organization(
    harbor: Organization, owner: User
) -> None:
    plugin = Publisher(owner).publish("plain-name").plugin
    Member.objects.filter(plugin=plugin).update(holder=harbor.owner)
    bill = get_user("bill")
    build_team(owner, harbor, "plain-name", Role.OWNER, "bill")
    Member.objects.create(plugin=plugin, holder=bill.owner, role=Role.OWNER)
    with pytest.raises(ScopeOwnerError):
        remove_member(actor=bill, plugin=plugin, username="harbor")
    remove_member(actor=owner, plugin=plugin, username="harbor")
    assert find_role(owner, plugin) is None


@pytest.mark.parametrize("target", ["@acme", "@acme/own", "@nobody", "nothing", "@harbor/\0"])
def test_teams_have_rights_only_in_what_the_organization_owns(
    chat: Plugin, harbor: Organization, owner: User, target: str
) -> None:
    Publisher(owner).publish("@acme/own")
    build_team(owner, harbor, "@harbor", Role.PUBLISHER)
    with pytest.raises(UnknownRightError):
        set_team_right(
            actor=owner,
            organization=harbor,
            team_name="dev",
            target=target,
            role=Role.PUBLISHER,
        )


def test_a_robot_publishes_with_the_right_of_its_team(
    chat: Plugin, harbor: Organization, owner: User
) -> None:
    robot = create_robot(actor=owner, organization=harbor, name="ci")
    with pytest.raises(NotMemberError):
        publish_bytes(robot, build_package("@harbor/chat", "2.0.0"))
    build_team(owner, harbor, "@harbor", Role.PUBLISHER, robot.username)
    assert publish_bytes(robot, build_package("@harbor/chat", "2.0.0")).published_by == robot
    assert publish_bytes(robot, build_package("@harbor/new")).plugin.members.get().holder == (
        harbor.owner
    )
    with pytest.raises(NotMemberError):
        publish_bytes(robot, build_package("unscoped-name"))


def _remove_mel(owner: User, harbor: Organization) -> None:
    remove_person(actor=owner, organization=harbor, username="mel")


def _require_factors(owner: User, harbor: Organization) -> None:
    add_app(owner)
    require_second_factor(actor=owner, organization=harbor, is_required=True)


@pytest.mark.parametrize(
    ("end_rights", "error"),
    [(_remove_mel, NotMemberError), (_require_factors, OrganizationFactorError)],
)
def test_a_member_whose_rights_end_during_the_upload_publishes_nothing(
    chat: Plugin,
    harbor: Organization,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    end_rights: Callable[[User, Organization], None],
    error: type[Exception],
) -> None:
    build_team(owner, harbor, "@harbor", Role.PUBLISHER, "mel")
    mel, record = get_user("mel"), pipeline.record_release

    def end_first(**values: object) -> Release:
        """What another request does after the package was admitted, while it is stored."""
        end_rights(owner, harbor)
        return record(**values)

    monkeypatch.setattr(pipeline, "record_release", end_first)
    with pytest.raises(error):
        publish_bytes(mel, build_package("@harbor/chat", "2.0.0"))
    assert not Release.objects.filter(version="2.0.0").exists()


def test_owners_of_the_organization_get_the_mails_about_decisions(
    chat: Plugin, harbor: Organization, owner: User, moderator: User
) -> None:
    from registry.models import DecisionMail
    from registry.models.states import ReleaseState
    from registry.publishing.decision_mails import add_decision_mails

    assert chat.latest is not None
    add_decision_mails(chat.latest, ReleaseState.HELD, is_by_moderator=False, reason="")
    assert [each.user for each in DecisionMail.objects.all()] == [owner]
    assert mail.outbox == []


def test_roles_of_a_list_are_one_query(
    chat: Plugin,
    harbor: Organization,
    owner: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    plugins = [Publisher(owner).publish(f"@harbor/p{number}").plugin for number in range(3)]
    with django_assert_num_queries(1):
        assert len(list_roles(owner, [each.pk for each in plugins])) == 3
