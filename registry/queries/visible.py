"""Who sees which plugins. Every read of a plugin names its viewer.

What is not public is absent for all others: a read for them has the same conditions, the same
queries and the same error as one of a name that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Token, User
from accounts.policies import is_in_token_limits
from registry.models import RESTRICTED, Plugin, Scope, Visibility
from registry.policies import is_moderator
from registry.queries.owned import build_owned_condition
from registry.rights import build_access_condition, build_scope_access_condition

# What a token needs one of, to read what is not public.
_READING_SCOPES = ("read", "manage")


@dataclass(slots=True, eq=False)
class Viewer:
    """For whom something is read: everybody, or an account by its session or by a token.

    A moderator with a session sees every plugin by its name, because decisions need that; lists,
    searches and tokens of moderators have only the plugins that they may see as everyone else.
    `has_seen_restricted` is set by the reads, and says that no cache may keep the response.
    """

    user: User | None = None
    token: Token | None = None
    has_seen_restricted: bool = field(default=False, init=False)

    @property
    def is_signed_in(self) -> bool:
        """Whether it may see anything that is not public."""
        if self.user is None:
            return False
        return self.token is None or any(map(self.token.has_scope, _READING_SCOPES))

    @property
    def sees_everything(self) -> bool:
        """Whether it is a moderator with a session."""
        return self.user is not None and self.token is None and is_moderator(self.user)

    def find_account(self, plugin: Plugin) -> User | None:
        """The account, if it may read here what is not public about the plugin.

        No query, at most 3 for a token that is limited to an organization.

        Its token may lack the right, or be limited to another plugin.
        """
        if not self.is_signed_in:
            return None
        if self.token is not None and not is_in_token_limits(self.token, plugin.parsed_name):
            return None
        return self.user

    def note(self, plugin: Plugin) -> None:
        """Remember that a response has something of the plugin."""
        if plugin.is_restricted:
            self.has_seen_restricted = True


# For what is the same for everybody: feeds, badges, cards. Never signed in, so nothing changes it.
EVERYBODY = Viewer()


def list_restricted(viewer: Viewer) -> QuerySet[Plugin]:
    """Select the plugins that are not public and that the viewer may see, as lists show them."""
    if viewer.user is None or not viewer.is_signed_in:
        return Plugin.objects.none()
    rows = Plugin.objects.filter(build_access_condition(viewer.user), visibility__in=RESTRICTED)
    if viewer.token is None or not viewer.token.limits:
        return rows
    # As in `accounts.policies.list_in_token_limits`.
    allowed = Q(name__in=viewer.token.limits) | Q(scope__name__in=_list_scope_limits(viewer.token))
    if viewer.token.organization_limits:
        allowed |= build_owned_condition(viewer.token)
    return rows.filter(allowed)


def _list_scope_limits(token: Token) -> list[str]:
    return [limit[1:] for limit in token.limits if limit.startswith("@") and "/" not in limit]


def list_visible_scopes(viewer: Viewer) -> QuerySet[Scope]:
    """Select the scopes that the viewer may see: also by one of their plugins."""
    is_public = Q(visibility=Visibility.PUBLIC)
    if viewer.user is None or not viewer.is_signed_in:
        return Scope.objects.filter(is_public)
    if viewer.sees_everything:
        return Scope.objects.all()
    plugins = list_restricted(viewer).filter(scope=OuterRef("pk"))
    own = build_scope_access_condition(viewer.user)
    if viewer.token is not None and viewer.token.limits:
        own &= Q(name__in=_list_scope_limits(viewer.token)) | Q(
            owner__organization__owner__name__in=viewer.token.organization_limits
        )
    return Scope.objects.filter(is_public | own | Q(Exists(plugins)))


def build_listed_condition(viewer: Viewer, plugin: str = "") -> Q:
    """Select what lists show the viewer: the listed plugins, and others that are not public.

    Of plugins, or of what has a foreign key `plugin`, whose row is joined anyway.
    """
    path = f"{plugin}__" if plugin else ""
    is_listed = Q(**{f"{path}is_listed__in": [True]})
    if not viewer.is_signed_in:
        return is_listed
    key = OuterRef(f"{path}pk")
    # Of a plugin without `latest` every release is blocked or yanked.
    restricted = list_restricted(viewer).filter(latest__isnull=False, pk=key)
    return is_listed | Q(Exists(restricted))


def build_visible_condition(viewer: Viewer, plugin: str = "") -> Q:
    """Select the rows of plugins, or of what has a foreign key `plugin`, that the viewer may see.

    The condition is part of the query that the caller runs anyway.
    """
    path = f"{plugin}__" if plugin else ""
    is_public = Q(**{f"{path}visibility": Visibility.PUBLIC})
    if viewer.user is None or not viewer.is_signed_in:
        return is_public
    if viewer.sees_everything:
        return Q()
    key = OuterRef(f"{plugin}_id" if plugin else "pk")
    return is_public | Q(Exists(list_restricted(viewer).filter(pk=key)))
