"""Who may do what. `check_` functions raise when the actor may not."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.errors import TokenScopeError
from accounts.models import Token, User
from plugport.spec.names import PluginName
from registry.errors import (
    NotMemberError,
    OfficialScopeError,
    ReleaseBlockedError,
    ScopeDeniedError,
)
from registry.models import Plugin, Release, Role, Scope


def is_moderator(actor: User) -> bool:
    """Whether the actor moderates this registry."""
    return actor.is_moderator or actor.is_superuser


def check_may_moderate(actor: User) -> None:
    """Only moderators decide on releases. Raises `NotMemberError`."""
    if not is_moderator(actor):
        raise NotMemberError("Only moderators may decide on releases.")


def check_may_manage(actor: User, plugin: Plugin) -> None:
    """Owners, maintainers and moderators may change a plugin. Raises `NotMemberError`."""
    roles = (Role.OWNER, Role.MAINTAINER)
    if is_moderator(actor) or plugin.members.filter(user=actor, role__in=roles).exists():
        return
    raise NotMemberError(
        f"Only owners and maintainers may change `{plugin.name}`.",
        hint="Ask an owner of the plugin to add you as a maintainer.",
    )


def check_may_publish(actor: User, plugin: Plugin) -> None:
    """Every member of a plugin may publish, whatever the role. Raises `NotMemberError`."""
    # Not moderators: a release is signed off by people who answer for the plugin.
    if not plugin.members.filter(user=actor).exists():
        raise NotMemberError(
            f"You are not a member of `{plugin.name}`.",
            hint="Ask an owner of the plugin to add you, or choose another name.",
        )


def check_token_may(token: Token, scopes: Collection[str], plugin: str = "") -> None:
    """Raise `TokenScopeError` unless the token has one of `scopes` and is valid for the plugin.

    No `scopes` means that any token will do; no `plugin` that the call is not about one.
    """
    if scopes and not any(token.has_scope(scope) for scope in scopes):
        raise TokenScopeError(
            f"This call needs a token with the scope `{'` or `'.join(scopes)}`; your token has"
            f" `{', '.join(token.scopes) or 'none'}`.",
            hint="Create another token on your account page.",
        )
    if plugin:
        check_token_limit(token.limit, PluginName.parse(plugin))


def check_token_may_flag(token: Token, plugin: str) -> None:
    """Raise `TokenScopeError` unless the token may deprecate and yank releases of the plugin."""
    # A pipeline that uploads needs no right to withdraw what it uploaded before.
    scopes = ("manage", "publish") if token.can_flag_releases else ("manage",)
    check_token_may(token, scopes, plugin)


def check_token_limit(limit: str, name: PluginName) -> None:
    """Raise `TokenScopeError` if the token is limited to another plugin or scope."""
    # A limit is a plugin name or a scope with `@`. A stolen token of one plugin's pipeline must not
    # publish any other plugin of its owner.
    if limit and limit not in (str(name), f"@{name.scope}"):
        raise TokenScopeError(
            f"This token is limited to `{limit}`; the package is `{name}`.",
            hint="Create a token for this plugin on your account page.",
        )


def check_may_use_scope(actor: User, scope_name: str) -> None:
    """Raise unless the scope belongs to the actor, or is free and the actor may claim it.

    An account's user name is reserved for it as a scope. Names that look alike count as the same
    scope, so that nobody can publish under a scope that readers mistake for another. Raises
    `ScopeDeniedError` and `OfficialScopeError`.
    """
    key = PluginName(None, scope_name).collision_key
    # By collision key: it finds the scope itself as well as any that looks like it.
    scope = Scope.objects.select_related("owner").filter(collision_key=key).first()
    if scope is not None and (scope.name != scope_name or scope.owner_id != actor.pk):
        raise ScopeDeniedError(
            f"The scope `@{scope_name}` belongs to `{scope.owner.username}`"
            + ("." if scope.name == scope_name else f" as `@{scope.name}`."),
            hint=f"Publish under your own scope, `@{actor.username}`.",
        )
    # Pages show plugins of an official scope as official, so nobody else may claim it.
    official = {PluginName(None, name).collision_key: name for name in settings.OFFICIAL_SCOPES}
    if scope is None and key in official and not actor.is_superuser:
        raise OfficialScopeError(
            f"`@{official[key]}` is an official scope of this registry"
            + ("." if official[key] == scope_name else f"; `@{scope_name}` is too similar to it."),
            hint="Only the operator can publish the first plugin of an official scope.",
        )
    if scope is None and scope_name != actor.username:
        _check_no_account_collision(actor, scope_name, key)


def _check_no_account_collision(actor: User, scope_name: str, key: str) -> None:
    other = User.objects.filter(collision_key=key).exclude(pk=actor.pk).first()
    if other is not None:
        raise ScopeDeniedError(
            f"`@{scope_name}` is the scope of the account `{other.username}`"
            + ("." if other.username == scope_name else ", or too similar to it."),
            hint="Publish under your own scope.",
        )


def check_served(release: Release) -> None:
    """Raise `ReleaseBlockedError`, with the reason, unless the release may be downloaded."""
    if not release.is_served:
        raise ReleaseBlockedError(
            f"`{release}` is {release.state}: {release.verdict_reason or 'no reason was given'}",
            hint="See the plugin's page for other releases.",
            context={"state": release.state},
        )


def can_view_unpublished(actor: User, release: Release) -> bool:
    """Whether the actor may see a release that is not public: members and moderators may."""
    return is_moderator(actor) or release.plugin.members.filter(user=actor).exists()


def check_scope_is_free(username: str) -> None:
    """Raise `ValidationError` if a scope has the user name or one that looks alike.

    Registered with `accounts.username_rules`: an account owns the scope of its name.
    """
    key = PluginName(None, username).collision_key
    scope = Scope.objects.filter(collision_key=key).first()
    if scope is not None:
        raise ValidationError(
            f"`{username}` is too similar to the scope `{scope}`.", code="scope-taken"
        )
