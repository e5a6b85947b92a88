"""Races of claims, which need a database with real concurrency."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from registry.actions.transfers.claims.answer import accept_claim
from registry.actions.transfers.claims.clock import run_claim_clocks
from registry.actions.transfers.claims.make import make_claim, withdraw_claim
from registry.models import Claim, ClaimKind, ClaimMail, Plugin, Transfer
from tests.services.test_on_postgres import run_together
from tests.support.people import create_user
from tests.support.publishing import Publisher

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
_ROUNDS = 3


@pytest.fixture(autouse=True)
def _on_postgres(postgres: str, transactional_db: None) -> None:
    assert connection.vendor == "postgresql"


def claim(actor: User, plugin: Plugin) -> Claim:
    reason = "It is the name of my company."
    return make_claim(actor=actor, target=plugin, kind=ClaimKind.NAME, reason=reason)


def test_of_several_claims_one_is_made(owner: User) -> None:
    plugin = Publisher(owner).publish("weather-map").plugin
    people = [create_user(f"carl-{number}") for number in range(3)]
    answers = run_together([lambda actor=actor: claim(actor, plugin) for actor in people])  # type: ignore[misc]
    assert [isinstance(each, Claim) for each in answers].count(True) == 1, answers
    assert Claim.objects.count() == 1


def test_of_an_acceptance_and_a_withdrawal_one_counts(owner: User) -> None:
    for number in range(_ROUNDS):
        claimant = create_user(f"carl-{number}")
        plugin = Publisher(owner).publish(f"weather-{number}").plugin
        made = claim(claimant, plugin)
        run_together(
            [
                lambda: accept_claim(actor=owner, claim_id=made.pk),  # noqa: B023
                lambda: withdraw_claim(actor=claimant, claim_id=made.pk),  # noqa: B023
            ]
        )
        made.refresh_from_db()
        offers = Transfer.objects.filter(plugin=plugin).count()
        assert (made.state, offers) in {("accepted", 1), ("withdrawn", 0)}


def test_of_several_workers_one_ends_the_time_to_answer(owner: User) -> None:
    made = claim(create_user("carl"), Publisher(owner).publish("weather-map").plugin)
    Claim.objects.filter(pk=made.pk).update(answer_by=timezone.now())
    answers = run_together([run_claim_clocks] * 4)
    assert sorted(map(str, answers)) == ["0", "0", "0", "1"]
    mails = ClaimMail.objects.filter(claim=made, step="over")
    assert sorted(mails.values_list("user__username", flat=True)) == sorted(
        ["carl", owner.username]
    )
