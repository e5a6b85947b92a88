"""Races of transfers, which need a database with real concurrency."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actions.close_account import close_account
from accounts.models import AuditEntry, User
from registry.actions.create_scope import create_scope
from registry.actions.remove_member import remove_member
from registry.actions.transfers.answer import accept_transfer, cancel_transfer, decline_transfer
from registry.actions.transfers.effect import run_due_transfers
from registry.actions.transfers.offer import offer_plugin_transfer, offer_scope_transfer
from registry.models import Member, Plugin, Release, Role, Scope, Transfer
from tests.services.test_on_postgres import run_together
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
_ROUNDS = 3


@pytest.fixture(autouse=True)
def _on_postgres(postgres: str, transactional_db: None) -> None:
    assert connection.vendor == "postgresql"


def list_owners(plugin: Plugin) -> list[str]:
    rows = plugin.members.filter(role=Role.OWNER).order_by("pk")
    return list(rows.values_list("holder__name", flat=True))


def start(giver: User, taker: User, name: str) -> tuple[Plugin, Transfer]:
    """A published plugin with an accepted transfer that is due."""
    plugin = Publisher(giver).publish(name).plugin
    transfer = offer_plugin_transfer(actor=giver, plugin=plugin, to=taker.username)
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    Transfer.objects.filter(pk=transfer.pk).update(
        takes_effect_at=timezone.now() - dt.timedelta(seconds=1)
    )
    return plugin, transfer


def test_of_several_workers_one_moves_a_plugin(owner: User) -> None:
    taker = create_user("theo")
    plugin, _ = start(owner, taker, "weather-map")
    answers = run_together([run_due_transfers] * 6)
    assert sorted(map(str, answers)) == ["0"] * 5 + ["1"]
    assert list_owners(plugin) == ["theo"]
    assert AuditEntry.rows.filter(action="plugin.transferred").count() == 1


def test_of_a_cancellation_and_the_effect_one_wins(owner: User) -> None:
    taker = create_user("theo")
    for number in range(_ROUNDS):
        plugin, transfer = start(owner, taker, f"weather-{number}")
        run_together(
            [lambda: cancel_transfer(actor=owner, transfer_id=transfer.pk), run_due_transfers]  # noqa: B023
        )
        transfer.refresh_from_db()
        expected = {"canceled": [owner.username], "completed": ["theo"]}
        assert list_owners(plugin) == expected[transfer.state]


def test_a_giver_who_is_removed_gives_nothing_afterwards(owner: User) -> None:
    taker, second = create_user("theo"), create_user("second")
    for number in range(_ROUNDS):
        plugin, transfer = start(owner, taker, f"weather-{number}")
        Member.objects.create(plugin=plugin, holder=second.owner, role=Role.OWNER)
        run_together(
            [
                lambda: remove_member(actor=second, plugin=plugin, username=owner.username),  # noqa: B023
                run_due_transfers,
            ]
        )
        transfer.refresh_from_db()
        expected = {"failed": ["second"], "completed": ["theo"]}
        assert list_owners(plugin) == expected[transfer.state]


def test_a_receiver_that_closes_its_account_receives_nothing(owner: User) -> None:
    for number in range(_ROUNDS):
        taker = create_user(f"theo-{number}")
        plugin, transfer = start(owner, taker, f"weather-{number}")
        run_together(
            [lambda: close_account(actor=taker, leaves_without_owner=True), run_due_transfers]  # noqa: B023
        )
        transfer.refresh_from_db()
        taker.refresh_from_db()
        if transfer.state != "completed":
            assert (transfer.state, list_owners(plugin)) == ("canceled", [owner.username])


def test_of_two_offers_one_is_recorded(owner: User) -> None:
    create_user("theo")
    create_user("thea")
    plugin = Publisher(owner).publish("weather-map").plugin
    answers = run_together(
        [
            lambda: offer_plugin_transfer(actor=owner, plugin=plugin, to="theo"),
            lambda: offer_plugin_transfer(actor=owner, plugin=plugin, to="thea"),
        ]
        * 2
    )
    assert [isinstance(each, Transfer) for each in answers].count(True) == 1, answers
    assert Transfer.objects.count() == 1


def test_of_two_answers_one_counts(owner: User) -> None:
    taker = create_user("theo")
    plugin = Publisher(owner).publish("weather-map").plugin
    transfer = offer_plugin_transfer(actor=owner, plugin=plugin, to="theo")
    answers = run_together(
        [
            lambda: accept_transfer(actor=taker, transfer_id=transfer.pk),
            lambda: decline_transfer(actor=taker, transfer_id=transfer.pk),
        ]
    )
    assert [isinstance(each, Transfer) for each in answers].count(True) == 1, answers


def test_an_upload_of_the_former_owner_never_appears_afterwards(owner: User) -> None:
    """It is recorded before, and rejected with the transfer, or it is refused."""
    taker = create_user("theo")
    plugin, _ = start(owner, taker, "weather-map")
    body = build_package("weather-map", "2.0.0")
    run_together([lambda: publish_bytes(owner, body), run_due_transfers])
    assert list_owners(plugin) == ["theo"]
    late = Release.objects.filter(plugin=plugin, version="2.0.0")
    assert list(late.exclude(state="rejected")) == []


def test_a_new_plugin_in_a_moving_scope_belongs_to_one_owner(owner: User) -> None:
    taker = create_user("theo")
    scope, _ = create_scope(actor=owner, name="wind")
    transfer = offer_scope_transfer(actor=owner, scope=scope, to="theo")
    accept_transfer(actor=taker, transfer_id=transfer.pk)
    Transfer.objects.update(takes_effect_at=timezone.now())
    body = build_package("@wind/mill", "1.0.0")
    run_together([lambda: publish_bytes(owner, body), run_due_transfers])
    assert Scope.objects.get(name="wind").owner == taker.owner
    for plugin in Plugin.objects.filter(scope=scope):
        assert list_owners(plugin) == ["theo"]
