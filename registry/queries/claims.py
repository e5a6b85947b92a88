"""Reads of claims. Docstrings state the number of SQL queries."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.policies import is_moderator
from plugport.spec.text import quote_text, remove_nul
from registry.errors import UnknownClaimError, UnknownScopeError
from registry.models import (
    DECIDED_CLAIMS,
    OPEN_CLAIMS,
    OPEN_STATES,
    Claim,
    ClaimState,
    Member,
    Plugin,
    Role,
    Scope,
    Visibility,
)
from registry.queries.catalog import build_unknown_plugin_error, find_plugin, was_published
from registry.queries.members import lock_plugin
from registry.queries.transfers import build_owned_condition, lock_scope
from registry.queries.visible import Viewer

# Ids are 64-bit integers in the databases, and larger ones are errors there.
_MAX_ID = 2**63 - 1
MAX_LISTED = 100
_RELATED = (
    *("plugin__scope__owner", "scope__owner__user", "scope__owner__organization__owner"),
    *("claimant", "receiver__user", "receiver__organization__owner", "transfer", "decided_by"),
)
_PUBLIC = Q(state__in=DECIDED_CLAIMS) & (
    Q(plugin__visibility=Visibility.PUBLIC) | Q(scope__visibility=Visibility.PUBLIC)
)


def build_answer_condition(user: User) -> Q:
    """Select the claims to what the user owns, itself or as an owner of an organization."""
    held = Member.objects.filter(
        build_owned_condition(user, "holder"), plugin=OuterRef("plugin"), role=Role.OWNER
    )
    return Q(Exists(held)) | build_owned_condition(user, "scope__owner")


def _select(condition: Q) -> QuerySet[Claim]:
    return Claim.objects.filter(condition).select_related(*_RELATED).order_by("-id")


def _build_visible_condition(user: User | None) -> Q:
    """Select what everybody may read, and what the user has a part in; moderators read all."""
    if user is None:
        return _PUBLIC
    if is_moderator(user):
        return Q()
    return _PUBLIC | _build_part_condition(user)


def _build_part_condition(user: User, state: Q | None = None) -> Q:
    """Select the claims of the user, and those in the state that the user answers."""
    answered = build_answer_condition(user) & (state or Q())
    # A session of an organization has no part in what the person claims.
    return answered if user.session_of is not None else Q(claimant=user) | answered


def get_claim(user: User | None, claim_id: int) -> Claim:
    """A claim that the user may read: 1 query. Raises `UnknownClaimError`.

    One that is not decided is for others as unknown as a missing one, and so is each to what is not public.
    """
    is_id = 0 < claim_id <= _MAX_ID
    claim = _select(_build_visible_condition(user) & Q(pk=claim_id)).first() if is_id else None
    if claim is None:
        raise UnknownClaimError("There is no such claim, or it is not public.")
    return claim


def can_read_parties(user: User | None, claim: Claim) -> bool:
    """Whether the user may read the texts of the parties: at most 1 query."""
    if user is None:
        return False
    is_claimant = user.session_of is None and claim.claimant_id == user.pk
    return is_moderator(user) or is_claimant or can_answer(user, claim)


def can_answer(user: User | None, claim: Claim) -> bool:
    """Whether the user is an owner of what is claimed: at most 1 query."""
    if user is None:
        return False
    return Claim.objects.filter(build_answer_condition(user), pk=claim.pk).exists()


def get_claimable(name: str, viewer: Viewer) -> Plugin | Scope:
    """The public plugin, or scope (`@name`), of that name: 1 query.

    Raises `UnknownPluginError` and `UnknownScopeError`, also for what is not public.
    """
    name = name.strip()
    if name.startswith("@") and "/" not in name:
        rows = Scope.objects.filter(name=remove_nul(name[1:]), visibility=Visibility.PUBLIC)
        scope = rows.select_related("owner__user", "owner__organization__owner").first()
        if scope is None:
            raise UnknownScopeError(f"There is no public scope {quote_text(name)}.")
        return scope
    plugin = find_plugin(name, viewer)
    if plugin is None or plugin.is_restricted or not was_published(plugin):
        raise build_unknown_plugin_error(name)
    return plugin


def list_decided_claims() -> list[Claim]:
    """The outcomes that everybody may read, the newest first, `MAX_LISTED` at most: 1 query."""
    return list(_select(_PUBLIC)[:MAX_LISTED])


def list_claims_of(user: User, *, has_decisions: bool = False) -> list[Claim]:
    """The claims of the user, and the open ones to what the user owns: 1 query.

    For moderators `has_decisions` adds all open ones, and the granted ones that can be taken back. The
    newest first, at most `MAX_LISTED`.
    """
    condition = _build_part_condition(user, Q(state__in=OPEN_CLAIMS))
    if has_decisions and is_moderator(user):
        can_be_reversed = Q(state=ClaimState.GRANTED, transfer__state__in=OPEN_STATES)
        condition |= Q(state__in=OPEN_CLAIMS) | can_be_reversed
    return list(_select(condition)[:MAX_LISTED])


def list_open_claims() -> list[Claim]:
    """Those that moderators decide on, now or later, the oldest first, `MAX_LISTED` at most: 1 query."""
    return list(_select(Q(state__in=OPEN_CLAIMS)).order_by("answer_by", "id")[:MAX_LISTED])


class OpenClaims(NamedTuple):
    """How many claims are open, and how many of them a moderator can grant now."""

    open: int
    ready: int


def count_open_claims() -> OpenClaims:
    """The numbers of open claims: 1 query."""
    is_ready = Q(state=ClaimState.OBJECTED) | Q(answer_by__lte=timezone.now())
    rows = Claim.objects.filter(state__in=OPEN_CLAIMS)
    return OpenClaims(**rows.aggregate(open=Count("pk"), ready=Count("pk", filter=is_ready)))


def lock_claimable(target: Plugin | Scope) -> Plugin | Scope:
    """Lock the scope, as all changes of scopes do first, then the plugin: 1 or 2 queries.

    Raises `UnknownPluginError` for a plugin that was deleted.
    """
    if isinstance(target, Scope):
        return lock_scope(target.pk)
    if target.scope_id is not None:
        lock_scope(target.scope_id)
    return lock_plugin(target)


def lock_claim(claim: Claim) -> Claim:
    """Lock what is claimed, then the claim, and read it again: 2 to 4 queries. Raises as `lock_claimable`."""
    if claim.claimed is not None:
        lock_claimable(claim.claimed)
    list(Claim.objects.select_for_update(of=("self",)).filter(pk=claim.pk).values_list("pk"))
    return Claim.objects.select_related(*_RELATED).get(pk=claim.pk)
