"""Identity tokens that are used twice at the same time, on a database with real concurrency."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from accounts.errors import AssertionRefusedError
from accounts.models import Token, UsedAssertion
from accounts.trusted_publishing.assertions import verify_assertion
from accounts.trusted_publishing.used import record_use
from tests.functional.api.calls import Api
from tests.support.issuer import open_issuer
from tests.support.people import create_api_token, create_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def run_twice(act: Callable[[], Any]) -> list[Any]:
    """Run it in two threads that start together; return what they return."""
    barrier = threading.Barrier(2)
    results: list[Any] = []

    def run() -> None:
        try:
            barrier.wait()
            results.append(act())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_uses_one_is_recorded(settings: Any) -> None:
    assert connection.vendor == "postgresql"
    with open_issuer(settings) as issuer:
        verified = verify_assertion(issuer.sign(), issuers={issuer.url})

    def use() -> str:
        try:
            record_use(verified)
        except AssertionRefusedError as error:
            return error.reason
        return "used"

    assert sorted(run_twice(use)) == ["replayed", "used"]
    assert UsedAssertion.objects.count() == 1


def test_of_two_exchanges_one_gets_a_token(settings: Any) -> None:
    with open_issuer(settings) as issuer:
        author = Api(create_api_token(create_user("ada")))
        author.post("/me/issuers", {"url": issuer.url})
        body = {"provider": "oidc", "issuer": issuer.url, "claims": {"sub": "job"}}
        assert author.post("/plugins/new-tool/trusted-publishers", body).status_code == 201
        # The keys are known, so that both requests get to the end.
        assert Api().post("/oidc/mint-token", {"token": issuer.sign()}).status_code == 201
        token = issuer.sign()
        statuses = run_twice(lambda: Api().post("/oidc/mint-token", {"token": token}).status_code)
    assert sorted(statuses) == [201, 403]
    assert Token.objects.filter(minted__isnull=False).count() == 2
