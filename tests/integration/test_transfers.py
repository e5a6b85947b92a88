"""Transfers of plugins and scopes: who may, when they take effect, and what ends with them."""

from __future__ import annotations

import datetime as dt
import smtplib
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.actions.close_account import close_account
from accounts.actions.organizations.people import change_person_role, remove_person
from accounts.actions.tokens.create_token import create_token
from accounts.models import AuditEntry, OrganizationRole, Owner, Token, User
from registry.actions.create_scope import create_scope
from registry.actions.remove_member import remove_member
from registry.actions.transfers.answer import accept_transfer, cancel_transfer, decline_transfer
from registry.actions.transfers.effect import run_due_transfers
from registry.actions.transfers.ending import withdraw_offered_transfers
from registry.actions.transfers.mails import send_transfer_mails
from registry.actions.transfers.offer import offer_plugin_transfer, offer_scope_transfer
from registry.errors import (
    MovesWithScopeError,
    NotMemberError,
    OwnNameScopeError,
    ScopeDeniedError,
    ScopeLimitError,
    ScopeOwnerError,
    TransferPendingError,
    TransferReceiverError,
    TransferStateError,
    UnknownTransferError,
)
from registry.models import (
    JournalEntry,
    Member,
    Plugin,
    Release,
    Role,
    Scope,
    TeamRight,
    Transfer,
    TransferMail,
    Trust,
    TrustedPublisher,
)
from registry.queries.transfers import list_transfers
from registry.rights import find_role
from tests.support.organizations import build_organization, build_team
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db
_DELAY = dt.timedelta(hours=72)


@pytest.fixture
def giver() -> User:
    """The account that owns what moves."""
    return create_user("gina")


@pytest.fixture
def taker() -> User:
    """The account that receives it."""
    return create_user("theo")


@pytest.fixture
def plugin(giver: User) -> Plugin:
    """A published plugin without a scope."""
    return Publisher(giver).publish("weather-map").plugin


@pytest.fixture
def scope(giver: User) -> Scope:
    """The scope `@wind` with one published plugin."""
    found, _ = create_scope(actor=giver, name="wind")
    Publisher(giver).publish("@wind/mill")
    return found


def pass_delay() -> int:
    """Let the delay of all accepted transfers pass, and run the periodic work."""
    for transfer in Transfer.objects.filter(state="accepted"):
        transfer.takes_effect_at -= _DELAY
        transfer.save()
    return run_due_transfers()


def move(giver: User, taker: User, plugin: Plugin) -> Transfer:
    """A completed transfer."""
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to=taker.username)
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    assert pass_delay() == 1
    transfer.refresh_from_db()
    return transfer


def list_owners(plugin: Plugin) -> list[str]:
    rows = plugin.members.filter(role=Role.OWNER).order_by("pk")
    return list(rows.values_list("holder__name", flat=True))


def read(plugin: Plugin) -> dict[str, Any]:
    document: dict[str, Any] = Plugin.objects.get(pk=plugin.pk).document
    return document


def test_a_plugin_moves_after_acceptance_and_delay(
    giver: User, taker: User, plugin: Plugin
) -> None:
    before = read(plugin)
    assert before["publisher"]["name"] == "gina"
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="@Theo")
    assert (run_due_transfers(), read(plugin)) == (0, before)
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    pending = read(plugin)["pendingTransfer"]
    assert pending["to"] == "theo"
    assert run_due_transfers() == 0
    assert list_owners(plugin) == ["gina"]
    assert pass_delay() == 1
    assert run_due_transfers() == 0
    assert list_owners(plugin) == ["theo"]
    after = read(plugin)
    assert (after["owners"], after["pendingTransfer"]) == (["theo"], None)
    assert (after["publisher"]["name"], after["publisher"]["kind"]) == ("theo", "person")
    assert [(each["from"], each["to"]) for each in after["transfers"]] == [("gina", "theo")]
    assert find_role(giver, plugin) is None
    entry = AuditEntry.rows.get(action="plugin.transferred")
    assert (entry.before, entry.after) == ([f"account:{giver.pk}"], [f"account:{taker.pk}"])
    moved = JournalEntry.objects.get(event="plugin.transferred")
    assert moved.data == {"from": "gina", "to": "theo"}
    # A refresh keeps the facts.
    assert Publisher(taker).publish("weather-map", "2.0.0").plugin.document["transfers"]


@pytest.mark.parametrize("who", ["giver", "taker"])
def test_both_sides_can_cancel_until_it_takes_effect(
    giver: User, taker: User, plugin: Plugin, who: str
) -> None:
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    cancel_transfer(actor={"giver": giver, "taker": taker}[who], transfer_id=transfer.pk)
    assert (pass_delay(), list_owners(plugin)) == (0, ["gina"])
    assert read(plugin)["pendingTransfer"] is None
    with pytest.raises(UnknownTransferError):
        cancel_transfer(actor=giver, transfer_id=transfer.pk)


def test_steps_need_the_right_side(giver: User, taker: User, plugin: Plugin) -> None:
    stranger = create_user("stray")
    with pytest.raises(NotMemberError):
        offer_plugin_transfer(actor=stranger, plugin=plugin, to="theo")
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    with pytest.raises(TransferPendingError, match="offered to `theo`"):
        offer_plugin_transfer(actor=giver, plugin=plugin, to="stray")
    for act in (accept_transfer, decline_transfer, cancel_transfer):
        with pytest.raises(UnknownTransferError):
            act(actor=stranger, transfer_id=transfer.pk)
    for act in (accept_transfer, decline_transfer):
        with pytest.raises(NotMemberError):
            act(actor=giver, transfer_id=transfer.pk)
    with pytest.raises(TransferStateError):
        cancel_transfer(actor=taker, transfer_id=transfer.pk)
    decline_transfer(actor=taker, transfer_id=transfer.pk)
    assert list_transfers(giver) == list_transfers(taker) == []
    offer_plugin_transfer(actor=giver, plugin=plugin, to="stray")


def test_a_session_of_an_organization_gives_nothing_of_the_person(
    giver: User, taker: User, plugin: Plugin
) -> None:
    organization = build_organization(giver, "harbor")
    giver.limit_to_organization(organization.pk)
    with pytest.raises(NotMemberError):
        offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")


def test_an_offer_expires(giver: User, taker: User, plugin: Plugin) -> None:
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    Transfer.objects.update(expires_at=timezone.now())
    with pytest.raises(UnknownTransferError):
        accept_transfer(actor=taker, transfer_id=transfer.pk)
    run_due_transfers()
    transfer.refresh_from_db()
    assert transfer.state == "expired"


def test_a_new_offer_ends_an_expired_one_like_the_periodic_work(
    giver: User, taker: User, plugin: Plugin, mailoutbox: list[Any]
) -> None:
    offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    send_transfer_mails()
    mailoutbox.clear()
    Transfer.objects.update(expires_at=timezone.now())
    offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    entry = AuditEntry.rows.get(action="plugin.transfer-expired")
    assert (entry.actor, entry.after) == (None, [f"account:{taker.pk}"])
    send_transfer_mails()
    told = sorted(message.to[0] for message in mailoutbox)
    assert told == sorted([giver.email, taker.email] * 2)


def test_all_owners_leave_and_others_keep_their_roles(
    giver: User, taker: User, plugin: Plugin
) -> None:
    people = {role: create_user(f"p-{role}") for role in Role}
    for role, user in people.items():
        Member.objects.create(plugin=plugin, holder=user.owner, role=role)
    Member.objects.create(plugin=plugin, holder=taker.owner, role=Role.PUBLISHER)
    move(giver, taker, plugin)
    roles = dict(plugin.members.values_list("holder__name", "role"))
    assert roles == {"theo": "owner", "p-maintainer": "maintainer", "p-publisher": "publisher"}


def test_releases_keep_their_publisher_and_the_migration_finds_it(
    giver: User, taker: User, plugin: Plugin
) -> None:
    move(giver, taker, plugin)
    Publisher(taker).publish("weather-map", "1.1.0")
    expected = [("1.0.0", "gina"), ("1.1.0", "theo")]
    rows = Release.objects.filter(plugin=plugin).order_by("version")
    assert list(rows.values_list("version", "publisher__name")) == expected
    # As before the column existed.
    Release.objects.update(publisher=None)
    loader = MigrationExecutor(connection).loader
    migration = loader.get_migration("registry", "0021_fill_release_publishers")
    (fill,) = (each for each in migration.operations if hasattr(each, "code"))
    fill.code(apps, None)
    assert list(rows.values_list("version", "publisher__name")) == expected


def test_trust_and_pending_work_of_former_owners_end(
    giver: User, taker: User, plugin: Plugin
) -> None:
    Release.objects.filter(plugin=plugin).update(trust=Trust.VERIFIED)
    Plugin.objects.filter(pk=plugin.pk).update(trust=Trust.VERIFIED, featured_at=timezone.now())
    undecided = publish_bytes(giver, build_package("weather-map", "1.1.0"))
    limited, _ = create_token(actor=giver, name="a", scopes=["read"], limits=["weather-map"])
    wide, _ = create_token(actor=giver, name="b", scopes=["read"])
    for user in (giver, taker):
        TrustedPublisher.objects.create(
            plugin=plugin,
            name=plugin.name,
            created_by=user,
            provider="github",
            identity=user.username,
        )
    move(giver, taker, plugin)
    plugin.refresh_from_db()
    assert (plugin.trust, plugin.featured_at) == ("community", None)
    assert plugin.document["verified"] is False
    assert Release.objects.get(pk=undecided.pk).state == "rejected"
    assert set(Token.objects.filter(revoked_at=None)) == {wide}
    assert limited.pk != wide.pk
    assert [each.created_by for each in TrustedPublisher.objects.all()] == [taker]


def test_a_scope_moves_with_the_plugins_of_its_owner(
    giver: User, taker: User, scope: Scope
) -> None:
    kept = Publisher(giver).publish("@wind/kept").plugin
    friend = create_user("friend")
    Member.objects.create(plugin=kept, holder=friend.owner, role=Role.OWNER)
    Member.objects.filter(plugin=kept, holder=giver.owner).delete()
    transfer = offer_scope_transfer(actor=giver, scope=scope, to="theo")
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    mill = Plugin.objects.get(name="@wind/mill")
    assert read(mill)["pendingTransfer"]["to"] == "theo"
    assert read(kept)["pendingTransfer"] is None
    assert pass_delay() == 1
    scope.refresh_from_db()
    assert scope.owner == taker.owner
    assert (list_owners(mill), list_owners(kept)) == (["theo"], ["friend"])
    assert [each["to"] for each in read(mill)["transfers"]] == ["theo"]
    Publisher(taker).publish("@wind/vane")
    with pytest.raises(ScopeDeniedError):
        Publisher(giver).publish("@wind/hose")


def test_organizations_give_and_receive(giver: User) -> None:
    organization = build_organization(giver, "harbor", morgan="manager")
    other_owner = create_user("olga")
    target = build_organization(other_owner, "marina")
    scope, _ = create_scope(actor=giver, name="dock", owner=organization.owner)
    mole = Publisher(giver).publish("@dock/mole").plugin
    assert list_owners(mole) == ["harbor"]
    build_team(giver, organization, "@dock", Role.PUBLISHER, "morgan")
    manager = User.objects.get(username="morgan")
    with pytest.raises(NotMemberError):
        offer_scope_transfer(actor=manager, scope=scope, to="marina")
    with pytest.raises(MovesWithScopeError):
        offer_plugin_transfer(actor=giver, plugin=mole, to="marina")
    transfer = offer_scope_transfer(actor=giver, scope=scope, to="marina")
    accept_transfer(actor=other_owner, transfer_id=transfer.pk)
    assert pass_delay() == 1
    assert list_owners(mole) == ["marina"]
    assert read(mole)["publisher"]["kind"] == "organization"
    assert (find_role(other_owner, mole), find_role(giver, mole)) == (Role.OWNER, None)
    assert not TeamRight.objects.exists()
    assert target.owner.scopes.get().name == "dock"


def test_what_cannot_move(giver: User, taker: User, plugin: Plugin, scope: Scope) -> None:
    own = Publisher(giver).publish("@gina/own").plugin
    with pytest.raises(OwnNameScopeError):
        offer_scope_transfer(actor=giver, scope=Scope.objects.get(name="gina"), to="theo")
    with pytest.raises(MovesWithScopeError):
        offer_plugin_transfer(actor=giver, plugin=own, to="theo")
    with pytest.raises(TransferReceiverError):
        offer_plugin_transfer(actor=giver, plugin=plugin, to="gina")
    with pytest.raises(NotMemberError):
        offer_scope_transfer(actor=taker, scope=scope, to="theo")
    for number in range(5):
        create_scope(actor=taker, name=f"extra-{number}")
    with pytest.raises(ScopeLimitError):
        offer_scope_transfer(actor=giver, scope=scope, to="theo")
    organization = build_organization(taker, "harbor")
    Member.objects.create(plugin=plugin, holder=organization.owner, role=Role.OWNER)
    with pytest.raises(ScopeOwnerError):
        offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")


def _remove_giver(giver: User, taker: User, plugin: Plugin) -> None:
    second = create_user("second")
    Member.objects.create(plugin=plugin, holder=second.owner, role=Role.OWNER)
    remove_member(actor=second, plugin=plugin, username="gina")


def _suspend_giver(giver: User, taker: User, plugin: Plugin) -> None:
    User.objects.filter(pk=giver.pk).update(is_active=False)


def _suspend_taker(giver: User, taker: User, plugin: Plugin) -> None:
    User.objects.filter(pk=taker.pk).update(is_active=False)


@pytest.mark.parametrize("change", [_remove_giver, _suspend_giver, _suspend_taker])
def test_it_fails_when_a_party_is_gone(
    giver: User, taker: User, plugin: Plugin, change: Any
) -> None:
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    change(giver, taker, plugin)
    owners = list_owners(plugin)
    assert pass_delay() == 0
    transfer.refresh_from_db()
    assert (transfer.state, bool(transfer.reason)) == ("failed", True)
    assert list_owners(plugin) == owners
    assert read(plugin)["pendingTransfer"] is None


def test_an_organization_without_the_offering_owner_keeps_its_plugins(
    giver: User, taker: User
) -> None:
    organization = build_organization(giver, "harbor", pat="member")
    scope, _ = create_scope(actor=giver, name="dock", owner=organization.owner)
    transfer = offer_scope_transfer(actor=giver, scope=scope, to="theo")
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    change_person_role(
        actor=giver, organization=organization, username="pat", role=OrganizationRole.OWNER
    )
    remove_person(
        actor=User.objects.get(username="pat"), organization=organization, username="gina"
    )
    assert pass_delay() == 0
    scope.refresh_from_db()
    assert scope.owner == organization.owner


def test_recovery_and_closing_end_transfers(giver: User, taker: User, plugin: Plugin) -> None:
    offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    assert withdraw_offered_transfers(giver, None) == ["the transfer of `weather-map` to `theo`"]
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    close_account(actor=taker)
    transfer.refresh_from_db()
    assert (transfer.state, list_owners(plugin)) == ("canceled", ["gina"])


def test_a_scope_ends_transfers_of_its_plugins(giver: User, taker: User, scope: Scope) -> None:
    mill = Plugin.objects.get(name="@wind/mill")
    friend = create_user("friend")
    Member.objects.create(plugin=mill, holder=friend.owner, role=Role.OWNER)
    single = offer_plugin_transfer(actor=friend, plugin=mill, to="gina")
    accept_transfer(actor=giver, transfer_id=single.pk)
    whole = offer_scope_transfer(actor=giver, scope=scope, to="theo")
    accept_transfer(actor=taker, transfer_id=whole.pk)
    Transfer.objects.filter(pk=whole.pk).update(takes_effect_at=timezone.now())
    assert run_due_transfers() == 1
    single.refresh_from_db()
    assert (single.state, list_owners(mill)) == ("canceled", ["theo"])


def test_owners_and_owners_of_dependents_get_mails(
    giver: User, taker: User, plugin: Plugin, mailoutbox: list[Any]
) -> None:
    user = create_user("dora")
    Publisher(user).publish("@dora/app", dependencies={"plugins": {"weather-map": "^1.0.0"}})
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    send_transfer_mails()
    assert sorted(message.to[0] for message in mailoutbox) == sorted([giver.email, taker.email])
    mailoutbox.clear()
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    send_transfer_mails()
    by_address = {message.to[0]: message for message in mailoutbox}
    assert set(by_address) == {giver.email, taker.email, user.email}
    assert "@dora/app, of which you are an owner, depends on weather-map." in (
        by_address[user.email].body
    )
    assert "told too: 1 account." in by_address[giver.email].body
    mailoutbox.clear()
    pass_delay()
    send_transfer_mails()
    assert {message.to[0] for message in mailoutbox} == {giver.email, taker.email, user.email}
    assert not TransferMail.objects.exists()


def test_an_address_that_fails_delays_no_other_mail(
    giver: User, taker: User, plugin: Plugin, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver cannot keep the owners from hearing about a transfer in time."""
    offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    send = mail.EmailMessage.send

    def refuse_first(message: mail.EmailMessage) -> int:
        if message.to == [giver.email]:
            raise smtplib.SMTPRecipientsRefused({giver.email: (550, b"no such user")})
        return send(message)

    monkeypatch.setattr(mail.EmailMessage, "send", refuse_first)
    assert send_transfer_mails() == 0
    assert send_transfer_mails() == 1
    assert [message.to for message in mailoutbox] == [[taker.email]]
    assert TransferMail.objects.get().attempts == 1


def test_a_publisher_stays_while_it_is_an_owner(giver: User, taker: User, plugin: Plugin) -> None:
    """An older maintainer who becomes an owner is no change of the publisher."""
    Member.objects.create(
        plugin=plugin,
        holder=taker.owner,
        role=Role.OWNER,
        created_at=timezone.now() - dt.timedelta(days=900),
    )
    assert Publisher(giver).publish("weather-map", "1.0.1").plugin.document["publisher"][
        "name"
    ] == ("gina")
    remove_member(actor=giver, plugin=plugin, username="gina")
    assert read(plugin)["publisher"]["name"] == "theo"
    assert Owner.objects.filter(name="theo").exists()


def break_plugin(plugin: Plugin) -> None:
    """Store a document that no version writes, so that every change of the owners fails."""
    Plugin.objects.filter(pk=plugin.pk).update(document={"publisher": "broken"})


def test_transfers_that_always_fail_keep_no_others_waiting(
    giver: User, taker: User, plugin: Plugin
) -> None:
    now = timezone.now()
    for number in range(50):
        broken = Plugin.objects.create(name=f"broken-{number}", collision_key=f"broken{number}")
        Member.objects.create(plugin=broken, holder=giver.owner, role=Role.OWNER)
        break_plugin(broken)
        Transfer.objects.create(
            plugin=broken,
            giver=giver.owner,
            receiver=taker.owner,
            offered_by=giver,
            accepted_by=taker,
            state="accepted",
            expires_at=now,
            accepted_at=now - 2 * _DELAY,
            takes_effect_at=now - _DELAY,
        )
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to="theo")
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    due = Transfer.objects.filter(pk=transfer.pk)
    due.update(takes_effect_at=timezone.now() - dt.timedelta(seconds=1))
    assert run_due_transfers() == 0
    assert (run_due_transfers(), list_owners(plugin)) == (1, ["theo"])
    failed = Transfer.objects.filter(failures=1, retry_at__gt=timezone.now())
    assert failed.exclude(last_error="").count() == 50
    # They wait longer each time, and come after those that have failed less often.
    Transfer.objects.update(retry_at=timezone.now())
    assert run_due_transfers() == 0
    again = Transfer.objects.filter(failures=2).order_by("retry_at").first()
    assert again is not None
    assert again.retry_at is not None
    assert again.retry_at > timezone.now() + dt.timedelta(seconds=200)
    Plugin.objects.filter(name="broken-7").update(document={})
    Transfer.objects.update(retry_at=timezone.now())
    assert run_due_transfers() == 1
