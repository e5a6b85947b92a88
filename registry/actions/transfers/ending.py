"""What ends with a transfer for those who lose their rights, and what transfers end with an account."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.mint_token import revoke_minted_tokens
from accounts.models import OrganizationMember, Owner, Token, User
from accounts.queries.token_cache import token_cache
from registry.actions.transfers.answer import end_transfer
from registry.models import (
    OPEN_STATES,
    Plugin,
    Release,
    Role,
    Scope,
    TeamRight,
    Transfer,
    TransferState,
    TrustedPublisher,
)
from registry.models.states import UNDECIDED_STATES
from registry.publishing.release import reject
from registry.queries.transfers import lock_transfer
from registry.rights import find_role, list_roles, may_publish_in

_MANAGERS = (Role.OWNER, Role.MAINTAINER)


def list_accounts_of(owners: Collection[Owner]) -> set[int]:
    """The persons, and the members and robots of the organizations: 2 queries."""
    keys = {owner.organization_id for owner in owners if owner.organization_id is not None}
    accounts = {owner.user_id for owner in owners if owner.user_id is not None}
    members = OrganizationMember.objects.filter(organization__in=keys)
    accounts.update(members.values_list("user_id", flat=True))
    accounts.update(User.objects.filter(robot_of__in=keys).values_list("pk", flat=True))
    return accounts


def end_team_rights(receiver: Owner, plugins: Collection[int], scope: Scope | None) -> None:
    """Delete the rights of teams of others: they would count again after a way back."""
    target = Q(plugin__in=plugins)
    if scope is not None:
        target |= Q(scope=scope)
    TeamRight.objects.filter(target).exclude(team__organization__owner=receiver).delete()


def end_trusted_publishers(plugins: Collection[int], scope: Scope | None) -> None:
    """Remove the CI jobs of accounts that may not manage them any longer, and revoke their tokens.

    Also the jobs that wait for a new name in the scope. Call it when the roles have changed.
    """
    rows = TrustedPublisher.objects.filter(plugin__in=plugins).select_related(
        "created_by", "plugin"
    )
    ended = [
        each
        for each in rows
        if each.plugin is not None
        and find_role(each.created_by.as_absent(), each.plugin) not in _MANAGERS
    ]
    if scope is not None:
        pending = TrustedPublisher.objects.filter(plugin=None, name__startswith=f"{scope}/")
        ended += [
            each
            for each in pending.select_related("created_by")
            if not may_publish_in(each.created_by.as_absent(), scope)
        ]
    for publisher in ended:
        revoked = revoke_minted_tokens(publisher.source)
        record_audit_entry(
            actor=None,
            action="trusted-publisher.removed",
            target=publisher.plugin or publisher.name,
            id=publisher.pk,
            provider=publisher.provider,
            repository=publisher.repository or publisher.issuer,
            revoked_tokens=revoked,
        )
        TrustedPublisher.objects.filter(pk=publisher.pk).delete()


def reject_unpublished(plugins: Collection[int], reason: str) -> None:
    """Reject what accounts without a role have sent and is not published: running checks, held, staged."""
    rows = Release.objects.filter(plugin__in=plugins, state__in=UNDECIDED_STATES)
    for release in rows.select_related("plugin", "published_by").order_by("pk"):
        if find_role(release.published_by.as_absent(), release.plugin) is None:
            reject(release, actor=None, reason=reason)


def revoke_useless_tokens(
    accounts: Collection[int], plugins: Sequence[Plugin], scope: Scope | None
) -> None:
    """Revoke the tokens of the accounts that are limited to what they have no role in any longer.

    Writes an audit entry for each.
    """
    names = {plugin.name for plugin in plugins}
    if scope is not None:
        names.add(str(scope))
    roles: dict[int, bool] = {}
    tokens = Token.objects.filter(user__in=accounts, revoked_at=None).select_related("user")
    for token in tokens:
        if not token.limits or not names.issuperset(token.limits):
            continue
        if token.user_id not in roles:
            user = token.user.as_absent()
            keeps = bool(list_roles(user, [plugin.pk for plugin in plugins]))
            roles[token.user_id] = keeps or (scope is not None and may_publish_in(user, scope))
        if not roles[token.user_id]:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record_audit_entry(actor=None, action="token.revoked", target=token)
    transaction.on_commit(token_cache.clear)


def withdraw_offered_transfers(user: User, by: User | None) -> list[str]:
    """End the transfers that the account has offered; returns a line about each.

    For an account that gets a new password: a thief may have given its plugins away. `by` None means an
    operator.
    """
    return _end_open(
        Q(offered_by=user), by, "The account that offered it was recovered by its owner."
    )


def end_transfers_of(user: User) -> None:
    """End the transfers that the account, which is being closed, has offered or would receive."""
    condition = Q(offered_by=user) | Q(receiver__user=user)
    _end_open(condition, user, "An account that took part was closed.")


def _end_open(condition: Q, by: User | None, reason: str) -> list[str]:
    rows = Transfer.objects.filter(condition, state__in=OPEN_STATES)
    lines = []
    with transaction.atomic():
        for each in rows.select_related("plugin", "scope").order_by("pk"):
            transfer = lock_transfer(each)
            if transfer.is_open:
                end_transfer(by, transfer, TransferState.CANCELED, reason)
                lines.append(f"the transfer of `{transfer.target}` to `{transfer.receiver.name}`")
    return lines
