"""Races about credentials, which need a database with real concurrency."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection, connections, transaction

from accounts.actions.factors.accept_code import accept_code
from accounts.actions.tokens.create_token import create_token
from accounts.actions.tokens.revoke_token import revoke_token
from accounts.models import Token, User
from tests.services.test_on_postgres import run_together
from tests.support.factors import add_app, compute_code

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
_PATIENCE_SECONDS = 30


@pytest.fixture(autouse=True)
def _on_postgres(postgres: str, transactional_db: None) -> None:
    assert connection.vendor == "postgresql"


def _wait_until_another_waits() -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone() != (0,):
                return
    raise AssertionError("nothing waits for a lock")


def test_a_token_that_is_created_during_a_revocation_ends_too(owner: User) -> None:
    """A thief could otherwise keep access with it."""
    creator, _ = create_token(actor=owner, name="ci", scopes=["read", "manage"])

    def revoke() -> None:
        try:
            revoke_token(actor=owner, token_id=creator.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            child, _ = create_token(
                actor=owner, name="hidden", scopes=["read"], days=1, creator=creator
            )
            revocation = pool.submit(revoke)
            _wait_until_another_waits()
        revocation.result()
    assert not Token.objects.filter(pk__in=(creator.pk, child.pk), revoked_at=None).exists()


@pytest.mark.parametrize("kind", [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES])
def test_of_several_uses_of_a_code_one_succeeds(owner: User, kind: str) -> None:
    code = compute_code(add_app(owner), steps=1)
    if kind == Authenticator.Type.RECOVERY_CODES:
        code = Authenticator.objects.get(type=kind).wrap().get_unused_codes()[0]
    answers = run_together([lambda: accept_code(user=owner, text=code)] * 8)
    assert [answer is None for answer in answers].count(False) == 1, answers
