"""Who may claim which plugin or scope, who answers, and who decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from accounts.models import OrganizationMember, OrganizationRole, Owner, Token, User
from accounts.policies import check_is_verified, is_moderator, is_operator
from registry.actions.transfers.offer import check_can_move_at_once
from registry.actions.transfers.rules import (
    acts_for,
    check_plugin_can_move,
    check_scope_can_move,
    find_receiver_problem,
)
from registry.errors import (
    ClaimLimitError,
    ClaimPendingError,
    ClaimRefusedError,
    NotAbandonedError,
    NotMemberError,
    TransferPendingError,
)
from registry.models import (
    OPEN_CLAIMS,
    Claim,
    ClaimKind,
    Member,
    Plugin,
    Release,
    Role,
    Scope,
    Visibility,
)
from registry.policies import require_person
from registry.queries.transfers import find_open_transfer
from registry.rights import find_role

MAX_OPEN_CLAIMS = 3


def check_may_claim(actor: User, target: Plugin | Scope, kind: ClaimKind, receiver: Owner) -> None:
    """Raise unless the actor may claim the plugin or scope for the receiver: at most 14 queries.

    Raises `EmailNotVerifiedError`, `NotMemberError`, `ClaimRefusedError`, `ClaimPendingError`,
    `ClaimLimitError`, `NotAbandonedError`, `TransferPendingError` and what `check_can_receive` raises.
    """
    check_is_verified(actor)
    require_person(actor)
    if not actor.is_active:
        raise NotMemberError("The account is closed or suspended.")
    if not acts_for(actor, receiver):
        raise NotMemberError(
            f"Only owners of `{receiver.name}` may claim something for it.",
            hint="Claim it for yourself, or for an organization of which you are an owner.",
        )
    check_is_public(target)
    if any(acts_for(actor, owner) for owner in list_owners(target)):
        raise ClaimRefusedError(
            f"You are an owner of `{target}`.", hint="Transfer it, which needs no claim."
        )
    check_can_receive(target, receiver)
    if kind == ClaimKind.ADOPTION:
        check_is_abandoned(target)
    field = "plugin" if isinstance(target, Plugin) else "scope"
    if Claim.objects.filter(**{field: target.pk}, state__in=OPEN_CLAIMS).exists():
        raise ClaimPendingError(
            f"Somebody has claimed `{target}` already.", hint="Try again when it is decided."
        )
    if find_open_transfer(target) is not None:
        raise TransferPendingError(f"`{target}` is offered to another owner.")
    count = Claim.objects.filter(claimant=actor, state__in=OPEN_CLAIMS).count()
    if count >= MAX_OPEN_CLAIMS:
        raise ClaimLimitError(
            f"Your account has {count} open claims; at most {MAX_OPEN_CLAIMS} are allowed.",
            hint="Withdraw one, or wait until one is decided.",
        )


def check_is_public(target: Plugin | Scope) -> None:
    """Raise `ClaimRefusedError` for what others do not see, and would see after a transfer."""
    if target.visibility != Visibility.PUBLIC:
        raise ClaimRefusedError(f"`{target}` is not public, and only its owners decide about it.")


def check_can_receive(target: Plugin | Scope, receiver: Owner) -> None:
    """Raise unless a transfer of the target to the receiver is possible: at most 4 queries.

    Raises what `check_plugin_can_move` and `check_scope_can_move` raise, `TransferLimitError` and
    `ClaimRefusedError`.
    """
    if isinstance(target, Plugin):
        check_plugin_can_move(target, receiver)
    else:
        check_scope_can_move(None, target, receiver)
        check_can_move_at_once(target)
    if problem := find_receiver_problem(receiver):
        raise ClaimRefusedError(f"`{target}` cannot move to `{receiver.name}`. {problem}")


def check_is_abandoned(target: Plugin | Scope) -> None:
    """Raise `NotAbandonedError` if an owner was active lately and looks for nobody: at most 5 queries.

    It does not say who or when: that is nobody else's business.
    """
    if isinstance(target, Plugin) and target.seeks_adoption:
        return
    days = settings.CLAIM_INACTIVE_DAYS
    if _find_last_activity(target) > timezone.now() - dt.timedelta(days=days):
        raise NotAbandonedError(
            f"`{target}` is not abandoned: it had a release, or an owner was here, in the last {days} days.",
            hint="Write to its owners. They can transfer it, or say that they look for somebody.",
        )


def list_owners(target: Plugin | Scope) -> list[Owner]:
    """The owner of the scope, or those of the plugin: at most 1 query."""
    if isinstance(target, Scope):
        return [target.owner]
    members = Member.objects.filter(plugin=target, role=Role.OWNER)
    rows = members.select_related("holder__organization__owner", "holder__user").order_by("pk")
    return [member.holder for member in rows]


def list_accounts(target: Plugin | Scope) -> set[int]:
    """The keys of the owners that are persons, and of the owners of those that are organizations: 2 queries."""
    owners = list_owners(target)
    organizations = {each.organization_id for each in owners if each.organization_id is not None}
    acting = OrganizationMember.objects.filter(
        organization__in=organizations, role=OrganizationRole.OWNER
    )
    persons = {each.user_id for each in owners if each.user_id is not None}
    return persons | set(acting.values_list("user_id", flat=True))


def _find_last_activity(target: Plugin | Scope) -> dt.datetime:
    releases = (
        Release.objects.filter(plugin=target)
        if isinstance(target, Plugin)
        else Release.objects.filter(plugin__scope=target)
    )
    accounts = list_accounts(target)
    found: list[dt.datetime | None] = [
        target.created_at,
        releases.aggregate(at=Max("created_at"))["at"],
        User.objects.filter(pk__in=accounts).aggregate(at=Max("last_login"))["at"],
        Token.objects.filter(user__in=accounts).aggregate(at=Max("last_used_at"))["at"],
    ]
    return max(at for at in found if at is not None)


def check_may_decide_claim(actor: User, claim: Claim) -> None:
    """Moderators decide, but not for or against themselves; operators on all but their own claims.

    A claim for an organization is that of all its members, whether their rights count at this moment or
    not: its owners decide what it requires of them. Raises `NotMemberError`. At most 4 queries.
    """
    if not is_moderator(actor):
        raise NotMemberError("Only moderators may decide on claims.")
    is_claimant = claim.claimant_id == actor.pk or _belongs_to_any(actor, [claim.receiver])
    if is_claimant or (not is_operator(actor) and _has_part(actor, claim)):
        raise NotMemberError(
            f"You have a part in the claim to `{claim.target}`.",
            hint="Leave the decision to another moderator or an operator.",
        )


def _has_part(actor: User, claim: Claim) -> bool:
    if claim.plugin is not None and find_role(actor, claim.plugin) is not None:
        return True
    target = claim.claimed
    return target is not None and _belongs_to_any(actor, list_owners(target))


def _belongs_to_any(actor: User, owners: Sequence[Owner]) -> bool:
    """Whether the actor is one of the owners, or a member of one: 1 query."""
    is_own = Q(user=actor) | Q(organization__memberships__user=actor)
    return Owner.objects.filter(is_own, pk__in=[owner.pk for owner in owners]).exists()
