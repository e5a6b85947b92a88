"""Transactions that count public changes wait for none other, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection, transaction

from accounts.models import User
from registry.change_counter import add_up_changes, count_change, get_public_state
from tests.support.people import create_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rival(postgres: str, transactional_db: None) -> Iterator[psycopg.Connection]:
    """A second connection, on which waiting for a lock is an error."""
    values = connection.get_connection_params()
    target = {
        key: values[key] for key in ("dbname", "user", "password", "host", "port") if key in values
    }
    with psycopg.connect(**target) as other:
        other.execute("SET lock_timeout = '1s'")
        other.commit()
        yield other


def deactivate(rival: psycopg.Connection, user: User) -> None:
    rival.execute("UPDATE accounts_user SET is_active = false WHERE id = %s", [user.pk])


def test_commits_in_any_order_change_the_state(rival: psycopg.Connection) -> None:
    first, second = create_user("first"), create_user("second")
    before = get_public_state()
    deactivate(rival, first)
    # The other transaction is open: it is not part of the state yet, and nobody waits for it.
    with transaction.atomic():
        User.objects.filter(pk=second.pk).update(is_active=False)
    between = get_public_state()
    assert between.other_changes == before.other_changes + 1
    rival.commit()
    assert get_public_state().other_changes == between.other_changes + 1


def test_adding_up_leaves_open_transactions_alone(rival: psycopg.Connection) -> None:
    user = create_user("first")
    for _ in range(3):
        count_change()
    deactivate(rival, user)
    for _ in range(3):
        count_change()
    before = get_public_state()
    assert add_up_changes() == 6
    assert get_public_state() == before
    rival.commit()
    assert get_public_state().other_changes == before.other_changes + 1


def test_two_processes_add_up_at_once(rival: psycopg.Connection) -> None:
    for _ in range(4):
        count_change()
    before = get_public_state()
    rival.execute("SELECT id FROM registry_changecounter ORDER BY id LIMIT 2 FOR UPDATE")
    assert add_up_changes() == 2
    assert get_public_state() == before
