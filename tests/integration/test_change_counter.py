"""Public changes outside the journal are counted, whatever makes them, and others are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.actions.set_password import set_password
from accounts.models import User
from marketplace.search.cursor import record_comparison
from registry.actions.change_member_role import change_member_role
from registry.actions.create_scope import create_scope
from registry.actions.edit_plugin import edit_plugin
from registry.actions.feature_plugin import feature_plugin
from registry.actions.invitations.accept_invitation import accept_invitation
from registry.actions.invite_member import invite_member
from registry.actions.remove_member import remove_member
from registry.change_counter import add_up_changes, count_change, get_public_state
from registry.downloads.counts import flush_downloads
from registry.models import ChangeCounter, Member, Plugin, Role, Scope
from tests.support.people import PASSWORD, create_user
from tests.support.public_state import read_public_state
from tests.support.publishing import Publisher, record_downloads

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    """A listed plugin with a second member, and the people around it."""

    publisher: Publisher
    plugin: Plugin
    owner: User
    helper: User
    moderator: User
    client: Client


@pytest.fixture
def world(publisher: Publisher, moderator: User, client: Client) -> World:
    plugin = publisher.publish().plugin
    owner, helper = publisher.actor, create_user("helper")
    Member.objects.create(plugin=plugin, holder=helper.owner, role=Role.MAINTAINER)
    return World(publisher, plugin, owner, helper, moderator, client)


def join(world: World) -> None:
    invitation = invite_member(
        actor=world.owner, plugin=world.plugin, username="maude", role=Role.PUBLISHER
    )
    accept_invitation(actor=world.moderator, invitation_id=invitation.pk)


def unfeature(world: World) -> None:
    feature_plugin(actor=world.moderator, plugin=world.plugin)
    feature_plugin(actor=world.moderator, plugin=world.plugin, is_featured=False)


def suspend_on_page(world: World) -> None:
    world.client.force_login(create_user("root", is_staff=True, is_superuser=True))
    values = {"action": "suspend", "reason": "because"}
    assert world.client.post("/accounts/helper", values).status_code == 302
    assert not User.objects.get(pk=world.helper.pk).is_active


def save_without_role(world: World) -> None:
    member = Member.objects.get(holder__user=world.helper)
    member.holder = world.moderator.owner
    member.save()


COUNTED: dict[str, Callable[[World], object]] = {
    "feature": lambda w: feature_plugin(actor=w.moderator, plugin=w.plugin),
    "unfeature": unfeature,
    "join": join,
    "role": lambda w: change_member_role(
        actor=w.owner, plugin=w.plugin, username="helper", role=Role.PUBLISHER
    ),
    "leave": lambda w: remove_member(actor=w.helper, plugin=w.plugin, username="helper"),
    "scope": lambda w: create_scope(actor=w.helper, name="helper"),
    "suspend": suspend_on_page,
    "deactivate many": lambda w: User.objects.update(is_active=False),
    "rename an account": lambda w: User.objects.filter(pk=w.helper.pk).update(username="other"),
    "delete an account": lambda w: w.moderator.delete(),
    "change a member": save_without_role,
    "delete members": lambda w: Member.objects.filter(holder__user=w.helper).delete(),
    "give a scope away": lambda w: Scope.objects.update(owner=w.helper.owner),
    "rename a scope": lambda w: Scope.objects.update(name="other"),
    "rename a plugin": lambda w: Plugin.objects.update(name="@acme/other"),
    "delete a plugin": lambda w: Plugin.objects.get(pk=w.plugin.pk).delete(),
    "repair the index": lambda w: record_comparison("embedded", repaired=1),
}


@pytest.mark.parametrize("name", COUNTED)
def test_changes_outside_the_journal_are_counted(world: World, name: str) -> None:
    before = read_public_state()
    COUNTED[name](world)
    after = get_public_state()
    assert after.other_changes > before.other_changes
    assert after.serial == before.serial


def sign_in(world: World) -> None:
    world.client.post("/login", {"login": "helper", "password": PASSWORD})
    assert User.objects.get(pk=world.helper.pk).last_login is not None


def download(world: World) -> None:
    assert world.plugin.latest is not None
    record_downloads(world.plugin.latest, 3)
    assert flush_downloads() == 3


UNCOUNTED: dict[str, Callable[[World], object]] = {
    "a new version": lambda w: w.publisher.publish(version="2.0.0"),
    "edits": lambda w: edit_plugin(
        actor=w.owner, plugin=w.plugin, changes={"description": "Another text."}
    ),
    "downloads": download,
    "sign-in": sign_in,
    "password": lambda w: set_password(user=w.helper, password="another long secret", by=None),
    "a saved account": lambda w: User.objects.get(pk=w.helper.pk).save(),
    "an invitation": lambda w: invite_member(
        actor=w.owner, plugin=w.plugin, username="maude", role=Role.OWNER
    ),
    "an account": lambda w: create_user("new"),
}


@pytest.mark.parametrize("name", UNCOUNTED)
def test_other_changes_are_not_counted(world: World, name: str) -> None:
    """Each would end all stored answers. What the journal has ends those of one plugin."""
    before = read_public_state()
    UNCOUNTED[name](world)
    assert get_public_state().other_changes == before.other_changes


def test_a_name_that_was_never_public_is_freed_without_a_change(publisher: Publisher) -> None:
    plugin = publisher.publish(files={"x.sh": "curl https://x.example.test | sh\n"}).plugin
    Plugin.objects.filter(pk=plugin.pk).update(document={})
    Member.objects.filter(plugin=plugin).delete()
    before = read_public_state()
    Plugin.objects.filter(pk=plugin.pk).delete()
    assert get_public_state() == before


def test_a_change_that_is_rolled_back_is_not_counted(world: World) -> None:
    before = read_public_state()
    with transaction.atomic():
        feature_plugin(actor=world.moderator, plugin=world.plugin)
        transaction.set_rollback(True)
    assert get_public_state() == before
    feature_plugin(actor=world.moderator, plugin=world.plugin)
    assert get_public_state() != before


def test_adding_up_changes_no_state(world: World) -> None:
    for _ in range(3):
        count_change()
    before = read_public_state()
    assert add_up_changes() >= 3
    assert get_public_state() == before
    assert ChangeCounter.objects.count() == 1
    assert add_up_changes() == 0
    Plugin.objects.update(featured_at=timezone.now() - dt.timedelta(days=1))
    assert get_public_state().other_changes == before.other_changes + 1


def test_many_rows_of_one_transaction_are_one_row(world: World) -> None:
    before = read_public_state()
    rows = ChangeCounter.objects.count()
    User.objects.bulk_create([User(username=f"u{number}") for number in range(20)])
    User.objects.update(is_active=False)
    assert get_public_state() != before
    assert ChangeCounter.objects.count() <= rows + (connection.vendor == "postgresql")
