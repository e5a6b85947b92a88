"""What belongs to the organizations to which a token is limited."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from accounts.models import Organization, Token
from plugport.spec.names import PluginName
from registry.models import Member, Plugin, Scope, Visibility
from registry.models.transfer import OPEN_STATES, Transfer
from registry.rights import build_access_condition


def build_owned_condition(token: Token) -> Q:
    """Select the plugins of the organizations of the token's limits: held by one, or in its scope.

    Only while the account is a member.
    """
    organizations = Organization.objects.filter(
        owner__name__in=token.organization_limits, memberships__user=token.user_id
    ).values("pk")
    held = Member.objects.filter(plugin=OuterRef("pk"), holder__organization__in=organizations)
    return Q(Exists(held)) | Q(scope__owner__organization__in=organizations)


def find_owned(token: Token, names: Collection[PluginName]) -> set[PluginName]:
    """The names that belong to the organizations of the token's limits: at most 3 queries.

    A name that does not exist belongs to the owner of its scope. A plugin that the account may not
    see does not belong to one that holds it in the scope of another: the answer would tell that it
    exists.
    """
    rows = Organization.objects.filter(
        owner__name__in=token.organization_limits, memberships__user=token.user_id
    )
    organizations = dict(rows.values_list("owner__name", "pk"))
    owned = _find_in_scopes(organizations, names)
    others = {str(name): name for name in names if name not in owned}
    if not organizations or not others:
        return owned
    is_visible = Q(visibility=Visibility.PUBLIC) | build_access_condition(token.user)
    plugins = Plugin.objects.filter(build_owned_condition(token), is_visible, name__in=others)
    return owned | {others[name] for name in plugins.values_list("name", flat=True)}


def list_incoming_transfers(organization: Organization) -> list[str]:
    """The names of plugins and scopes that are offered to the organization: 1 query."""
    rows = Transfer.objects.filter(receiver=organization.owner, state__in=OPEN_STATES)
    return [str(each.target) for each in rows.select_related("plugin", "scope").order_by("pk")]


def list_owned_plugins(organization: Organization) -> list[str]:
    """The names of the plugins that the organization holds or that are in its scopes: 1 query."""
    held = Member.objects.filter(plugin=OuterRef("pk"), holder__organization=organization)
    rows = Plugin.objects.filter(Q(Exists(held)) | Q(scope__owner__organization=organization))
    return list(rows.order_by("name").values_list("name", flat=True))


def _find_in_scopes(
    organizations: dict[str, int], names: Collection[PluginName]
) -> set[PluginName]:
    """The names in scopes of the organizations. That of the own name may not be created yet."""
    scopes = {name.scope for name in names if name.scope is not None}
    if not organizations or not scopes:
        return set()
    rows = Scope.objects.filter(name__in=scopes)
    owners = {**organizations, **dict(rows.values_list("name", "owner__organization"))}
    keys = set(organizations.values())
    return {name for name in names if name.scope and owners.get(name.scope) in keys}
