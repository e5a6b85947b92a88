"""Claims to plugins and scopes of others: who may, the time to answer, decisions, and what moves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.actions.close_account import close_account
from accounts.errors import EmailNotVerifiedError
from accounts.models import AuditEntry, Organization, OrganizationRole, Token, User
from registry.actions.change_visibility import change_scope_visibility
from registry.actions.create_scope import create_scope
from registry.actions.transfers.answer import accept_transfer, cancel_transfer
from registry.actions.transfers.claims.answer import accept_claim, object_to_claim
from registry.actions.transfers.claims.clock import run_claim_clocks
from registry.actions.transfers.claims.decide import decide_claim, reverse_claim
from registry.actions.transfers.claims.mails import send_claim_mails
from registry.actions.transfers.claims.make import make_claim, withdraw_claim
from registry.actions.transfers.claims.seeking import change_seeks_adoption
from registry.actions.transfers.effect import run_due_transfers
from registry.errors import (
    ClaimLimitError,
    ClaimPendingError,
    ClaimRefusedError,
    ClaimStateError,
    InvalidMessageError,
    MovesWithScopeError,
    NotAbandonedError,
    NotMemberError,
    OwnNameScopeError,
    TransferStateError,
    UnknownClaimError,
)
from registry.models import (
    Claim,
    ClaimKind,
    JournalEntry,
    Plugin,
    Release,
    Role,
    Scope,
    Transfer,
    Visibility,
)
from registry.queries.claims import get_claim, list_decided_claims
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
_REASON = "I maintain a fork of it and want to publish it."
_LONG = dt.timedelta(days=400)


@pytest.fixture
def holder() -> User:
    """The account that owns what is claimed."""
    return create_user("hanna")


@pytest.fixture
def claimant() -> User:
    """The account that claims."""
    return create_user("carl")


@pytest.fixture
def moderator() -> User:
    """An account that decides."""
    return create_user("mod", is_moderator=True)


@pytest.fixture
def plugin(holder: User) -> Plugin:
    """A published plugin without a scope."""
    return Publisher(holder).publish("weather-map").plugin


def abandon(holder: User) -> None:
    """Let the last activity of the account and its plugins be long ago."""
    then = timezone.now() - _LONG
    Release.objects.filter(published_by=holder).update(created_at=then)
    Plugin.objects.filter(members__holder=holder.owner).update(created_at=then)
    Scope.objects.filter(owner=holder.owner).update(created_at=then)
    Token.objects.filter(user=holder).update(last_used_at=then)
    User.objects.filter(pk=holder.pk).update(last_login=then)


def claim(actor: User, target: Plugin | Scope, kind: str = "adoption", **values: Any) -> Claim:
    target.refresh_from_db()
    return make_claim(
        actor=actor, target=target, kind=ClaimKind(kind), **{"reason": _REASON, **values}
    )


def end_clock(claim: Claim) -> None:
    """Let the time to answer be over."""
    Claim.objects.filter(pk=claim.pk).update(answer_by=timezone.now() - dt.timedelta(seconds=1))


def decide(actor: User, claim: Claim, *, is_granted: bool = True) -> Claim:
    return decide_claim(
        actor=actor, claim_id=claim.pk, is_granted=is_granted, reason="Nobody answered."
    )


def pass_delay() -> int:
    for transfer in Transfer.objects.filter(state="accepted"):
        transfer.takes_effect_at = timezone.now() - dt.timedelta(seconds=1)
        transfer.save()
    return run_due_transfers()


def list_owners(plugin: Plugin) -> list[str]:
    rows = plugin.members.filter(role=Role.OWNER).order_by("pk")
    return list(rows.values_list("holder__name", flat=True))


def list_mails() -> list[tuple[str, str]]:
    """The receivers and subjects of what is sent now, sorted."""
    mail.outbox.clear()
    while send_claim_mails():
        pass
    return sorted((each.to[0].partition("@")[0], each.subject) for each in mail.outbox)


def test_what_nobody_answers_is_granted_by_a_moderator_and_moves_after_the_delay(
    holder: User, claimant: User, moderator: User, plugin: Plugin
) -> None:
    abandon(holder)
    made = claim(claimant, plugin, evidence=["https://example.test/fork"])
    assert [name for name, _ in list_mails()] == ["hanna"]
    with pytest.raises(ClaimStateError, match="have until"):
        decide(moderator, made)
    assert run_claim_clocks() == 0
    end_clock(made)
    assert (run_claim_clocks(), run_claim_clocks()) == (1, 0)
    assert [name for name, _ in list_mails()] == ["carl", "hanna", "mod"]
    granted = decide(moderator, made)
    assert granted.transfer is not None
    assert (granted.state, granted.transfer.state) == ("granted", "offered")
    accept_transfer(actor=claimant, transfer_id=granted.transfer.pk)
    assert (run_due_transfers(), list_owners(plugin)) == (0, ["hanna"])
    assert (pass_delay(), list_owners(plugin)) == (1, ["carl"])
    steps = AuditEntry.rows.filter(action__startswith="plugin.claim-").order_by("pk")
    assert list(steps.values_list("action", flat=True)) == [
        "plugin.claim-made",
        "plugin.claim-granted",
    ]
    assert _REASON not in str(list(steps.values()))


def test_operators_get_the_mails_of_moderators_only_if_there_are_none(
    holder: User, claimant: User, moderator: User, plugin: Plugin
) -> None:
    create_user("root", is_superuser=True)
    made = claim(claimant, plugin, "name")
    object_to_claim(actor=holder, claim_id=made.pk, reason="The name is a common word.")
    assert [name for name, _ in list_mails()] == ["carl", "hanna", "hanna", "mod"]
    decide(moderator, made, is_granted=False)
    list_mails()
    # A moderator without a verified address gets no mail.
    User.objects.filter(pk=moderator.pk).update(is_verified=False)
    made = claim(claimant, plugin, "name")
    end_clock(made)
    assert run_claim_clocks() == 1
    assert [name for name, _ in list_mails()] == ["carl", "hanna", "hanna", "root"]


def test_a_reminder_is_sent_once_before_the_end(
    holder: User, claimant: User, plugin: Plugin
) -> None:
    abandon(holder)
    made = claim(claimant, plugin)
    list_mails()
    Claim.objects.filter(pk=made.pk).update(answer_by=timezone.now() + dt.timedelta(days=6))
    assert (run_claim_clocks(), run_claim_clocks()) == (1, 0)
    ((name, subject),) = list_mails()
    assert (name, "waits for your answer" in subject) == ("hanna", True)


@pytest.mark.parametrize("sign", ["release", "sign-in", "token", "new"])
def test_what_has_an_active_owner_is_not_abandoned(
    holder: User, claimant: User, plugin: Plugin, sign: str
) -> None:
    create_api_token(holder)
    abandon(holder)
    now = timezone.now()
    if sign == "release":
        Release.objects.update(created_at=now)
    elif sign == "sign-in":
        User.objects.filter(pk=holder.pk).update(last_login=now)
    elif sign == "token":
        Token.objects.update(last_used_at=now)
    else:
        Plugin.objects.update(created_at=now)
    with pytest.raises(NotAbandonedError):
        claim(claimant, plugin)


def test_an_owner_who_comes_back_keeps_the_plugin(
    holder: User, claimant: User, moderator: User, plugin: Plugin
) -> None:
    abandon(holder)
    made = claim(claimant, plugin)
    end_clock(made)
    User.objects.filter(pk=holder.pk).update(last_login=timezone.now())
    with pytest.raises(NotAbandonedError):
        decide(moderator, made)
    assert decide(moderator, made, is_granted=False).state == "refused"
    assert not Transfer.objects.exists()


def test_an_owner_cancels_the_transfer_of_what_was_taken_for_abandoned(
    holder: User, claimant: User, moderator: User, plugin: Plugin
) -> None:
    abandon(holder)
    made = claim(claimant, plugin)
    end_clock(made)
    transfer = decide(moderator, made).transfer
    assert transfer is not None
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    cancel_transfer(actor=holder, transfer_id=transfer.pk)
    assert (pass_delay(), list_owners(plugin)) == (0, ["hanna"])


def test_a_decision_about_a_name_is_for_moderators_to_take_back(
    holder: User, claimant: User, moderator: User, plugin: Plugin
) -> None:
    made = claim(claimant, plugin, "name")
    object_to_claim(actor=holder, claim_id=made.pk, reason="The name is a common word.")
    assert [name for name, _ in list_mails() if name != "hanna"] == ["carl", "mod"]
    transfer = decide(moderator, made).transfer
    assert transfer is not None
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    with pytest.raises(TransferStateError, match="moderator decided"):
        cancel_transfer(actor=holder, transfer_id=transfer.pk)
    taken_back = reverse_claim(actor=moderator, claim_id=made.pk, reason="A mistake.")
    transfer.refresh_from_db()
    assert (taken_back.state, transfer.state) == ("reversed", "canceled")
    assert (pass_delay(), list_owners(plugin)) == (0, ["hanna"])
    with pytest.raises(ClaimStateError):
        reverse_claim(actor=moderator, claim_id=made.pk, reason="Again.")


@pytest.mark.parametrize("change", [{"is_moderator": False}, {"is_active": False}])
def test_a_decision_stands_when_its_moderator_is_no_longer_one(
    claimant: User, moderator: User, plugin: Plugin, change: dict[str, bool]
) -> None:
    made = claim(claimant, plugin, "name")
    end_clock(made)
    transfer = decide(moderator, made).transfer
    assert transfer is not None
    User.objects.filter(pk=moderator.pk).update(**change)
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    assert (pass_delay(), list_owners(plugin)) == (1, ["carl"])


def test_another_moderator_takes_back_what_a_former_one_decided(
    claimant: User, moderator: User, plugin: Plugin
) -> None:
    made = claim(claimant, plugin, "name")
    end_clock(made)
    transfer = decide(moderator, made).transfer
    assert transfer is not None
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    User.objects.filter(pk=moderator.pk).update(is_moderator=False)
    other = create_user("other", is_moderator=True)
    reverse_claim(actor=other, claim_id=made.pk, reason="It was bought.")
    assert (pass_delay(), list_owners(plugin)) == (0, ["hanna"])


def test_no_decision_moves_a_scope_that_became_official(
    holder: User, claimant: User, moderator: User, settings: Any
) -> None:
    scope, _ = create_scope(actor=holder, name="wind")
    made = claim(claimant, scope, "name")
    end_clock(made)
    User.objects.filter(pk=moderator.pk).update(is_superuser=True)
    transfer = decide(User.objects.get(pk=moderator.pk), made).transfer
    assert transfer is not None
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    settings.OFFICIAL_SCOPES = ["wind"]
    assert pass_delay() == 0
    transfer.refresh_from_db()
    assert (transfer.state, "official" in transfer.reason) == ("failed", True)


def test_an_owner_accepts_and_it_becomes_a_transfer(
    holder: User, claimant: User, plugin: Plugin
) -> None:
    made = claim(claimant, plugin, "name")
    accepted = accept_claim(actor=holder, claim_id=made.pk)
    assert accepted.transfer is not None
    assert (accepted.state, accepted.transfer.offered_by) == ("accepted", holder)
    accept_transfer(actor=claimant, transfer_id=accepted.transfer.pk)
    assert (pass_delay(), list_owners(plugin)) == (1, ["carl"])
    with pytest.raises(ClaimStateError):
        withdraw_claim(actor=claimant, claim_id=made.pk)


def test_who_looks_for_somebody_can_be_asked_at_once(
    holder: User, claimant: User, plugin: Plugin
) -> None:
    with pytest.raises(NotMemberError):
        change_seeks_adoption(actor=claimant, plugin=plugin, seeks_adoption=True)
    assert change_seeks_adoption(actor=holder, plugin=plugin, seeks_adoption=True)
    assert not change_seeks_adoption(actor=holder, plugin=plugin, seeks_adoption=True)
    plugin.refresh_from_db()
    assert plugin.document["seeksAdoption"] is True
    assert JournalEntry.objects.filter(event="plugin.adoption-sought").count() == 1
    assert AuditEntry.rows.filter(action="plugin.adoption-sought").count() == 1
    made = claim(claimant, plugin)
    transfer = accept_claim(actor=holder, claim_id=made.pk).transfer
    assert transfer is not None
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    assert pass_delay() == 1
    plugin.refresh_from_db()
    assert (list_owners(plugin), plugin.document["seeksAdoption"]) == (["carl"], False)


def test_a_scope_moves_with_its_plugins(holder: User, claimant: User, moderator: User) -> None:
    scope, _ = create_scope(actor=holder, name="wind")
    mill = Publisher(holder).publish("@wind/mill").plugin
    abandon(holder)
    with pytest.raises(MovesWithScopeError):
        claim(claimant, mill)
    made = claim(claimant, scope)
    end_clock(made)
    transfer = decide(moderator, made).transfer
    assert transfer is not None
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    assert (pass_delay(), list_owners(mill)) == (1, ["carl"])
    scope.refresh_from_db()
    assert scope.owner == claimant.owner


def test_no_decision_moves_plugins_that_are_not_public(
    holder: User, claimant: User, moderator: User
) -> None:
    scope, _ = create_scope(actor=holder, name="wind")
    Publisher(holder).publish("@wind/mill", visibility="private")
    made = claim(claimant, scope, "name")
    end_clock(made)
    with pytest.raises(ClaimRefusedError, match="has plugins that are not public"):
        decide(moderator, made)
    Plugin.objects.update(visibility=Visibility.PUBLIC)
    transfer = decide(moderator, made).transfer
    assert transfer is not None
    # Not even one that is published after the decision, of which the claimant learns nothing.
    Plugin.objects.update(visibility=Visibility.PRIVATE)
    with pytest.raises(TransferStateError) as refused:
        accept_transfer(actor=claimant, transfer_id=transfer.pk)
    assert "public" not in str(refused.value)
    Plugin.objects.update(visibility=Visibility.PUBLIC)
    accept_transfer(actor=claimant, transfer_id=transfer.pk)
    Plugin.objects.update(visibility=Visibility.PRIVATE)
    assert pass_delay() == 0
    scope.refresh_from_db()
    assert scope.owner == holder.owner


def test_the_scope_of_a_name_stays_with_it(holder: User, claimant: User) -> None:
    Publisher(holder).publish("@hanna/tool")
    with pytest.raises(OwnNameScopeError):
        claim(claimant, Scope.objects.get(name="hanna"), "name")


def test_an_organization_receives_what_its_owner_claims(claimant: User, plugin: Plugin) -> None:
    build_organization(claimant, "acme", max=OrganizationRole.MANAGER)
    with pytest.raises(NotMemberError):
        claim(User.objects.get(username="max"), plugin, "name", to="acme")
    assert claim(claimant, plugin, "name", to="acme").receiver.name == "acme"


def test_who_cannot_claim(holder: User, claimant: User, plugin: Plugin) -> None:
    with pytest.raises(ClaimRefusedError, match="You are an owner"):
        claim(holder, plugin, "name")
    with pytest.raises(EmailNotVerifiedError):
        claim(create_user("new", is_verified=False), plugin, "name")
    with pytest.raises(NotMemberError):
        claim(create_user("gone", is_active=False), plugin, "name", to="carl")
    scope, _ = create_scope(actor=holder, name="wind")
    Scope.objects.update(visibility=Visibility.PRIVATE)
    with pytest.raises(ClaimRefusedError, match="not public"):
        claim(claimant, scope, "name")


def test_one_claim_to_a_plugin_and_few_of_an_account(
    holder: User, claimant: User, plugin: Plugin
) -> None:
    first = claim(claimant, plugin, "name")
    with pytest.raises(ClaimPendingError):
        claim(create_user("other"), plugin, "name")
    for number in range(2):
        claim(claimant, Publisher(holder).publish(f"weather-{number}").plugin, "name")
    last = Publisher(holder).publish("weather-last").plugin
    with pytest.raises(ClaimLimitError):
        claim(claimant, last, "name")
    withdraw_claim(actor=claimant, claim_id=first.pk)
    claim(claimant, last, "name")


@pytest.mark.parametrize(
    ("reason", "evidence"),
    [
        ("too short", []),
        ("x" * 2001, []),
        (_REASON + "\u202e", []),
        (_REASON, ["javascript:alert(1)"]),
        (_REASON, ["https://user:password@example.test/"]),
        (_REASON, ["https://[example.test/"]),
        (_REASON, [f"https://example.test/{number}" for number in range(6)]),
        (_REASON, ["https://example.test/" + "x" * 500]),
    ],
)
def test_texts_have_limits(
    claimant: User, plugin: Plugin, reason: str, evidence: list[str]
) -> None:
    with pytest.raises(InvalidMessageError):
        claim(claimant, plugin, "name", reason=reason, evidence=evidence)


def test_moderators_do_not_decide_for_themselves(
    holder: User, claimant: User, moderator: User, plugin: Plugin
) -> None:
    made = claim(moderator, plugin, "name")
    with pytest.raises(NotMemberError):
        decide(moderator, made, is_granted=False)
    with pytest.raises(NotMemberError):
        decide(holder, made, is_granted=False)
    operator = create_user("root", is_superuser=True)
    assert decide(operator, made, is_granted=False).state == "refused"
    User.objects.filter(pk=holder.pk).update(is_moderator=True)
    other = claim(claimant, plugin, "name")
    with pytest.raises(NotMemberError):
        decide(User.objects.get(pk=holder.pk), other, is_granted=False)


@pytest.mark.parametrize("rule", ["", "requires_second_factor", "sso_only"])
@pytest.mark.parametrize("role", list(OrganizationRole))
def test_moderators_do_not_decide_for_or_against_their_organizations(
    holder: User, claimant: User, moderator: User, plugin: Plugin, role: str, rule: str
) -> None:
    acme = build_organization(claimant, "acme")
    acme.memberships.create(user=moderator, role=role)
    scope, _ = create_scope(actor=claimant, name="wind", owner=acme.owner)
    claims = [claim(claimant, plugin, "name", to="acme"), claim(holder, scope, "name")]
    if rule:
        # The rights of the moderator do not count then.
        Organization.objects.update(**{rule: True})
    for made in claims:
        with pytest.raises(NotMemberError, match="You have a part"):
            decide(moderator, made, is_granted=False)
    operator = create_user("root", is_superuser=True)
    for made in claims:
        assert decide(operator, made, is_granted=False).state == "refused"


def test_what_is_no_longer_public_is_not_granted(
    holder: User, claimant: User, moderator: User
) -> None:
    scope, _ = create_scope(actor=holder, name="wind")
    made = claim(claimant, scope, "name")
    change_scope_visibility(actor=holder, scope=scope, visibility=Visibility.PRIVATE)
    Claim.objects.update(answer_by=timezone.now())
    with pytest.raises(ClaimRefusedError, match="not public"):
        decide(moderator, made, is_granted=True)
    assert decide(moderator, made, is_granted=False).state == "refused"


def test_strangers_read_outcomes_of_what_is_public_only(
    holder: User, claimant: User, moderator: User
) -> None:
    scope, _ = create_scope(actor=holder, name="wind")
    stranger = create_user("stranger")
    made = claim(claimant, scope, "name")
    for user in (None, stranger):
        with pytest.raises(UnknownClaimError):
            get_claim(user, made.pk)
    assert get_claim(holder, made.pk) == get_claim(claimant, made.pk) == made
    decide(moderator, made, is_granted=False)
    assert get_claim(None, made.pk) == made
    assert list_decided_claims() == [made]
    Scope.objects.update(visibility=Visibility.PRIVATE)
    assert list_decided_claims() == []
    for user in (None, stranger):
        with pytest.raises(UnknownClaimError):
            get_claim(user, made.pk)


def test_a_closed_account_claims_nothing_any_longer(claimant: User, plugin: Plugin) -> None:
    made = claim(claimant, plugin, "name")
    close_account(actor=claimant, leaves_without_owner=True)
    made.refresh_from_db()
    assert made.state == "withdrawn"
