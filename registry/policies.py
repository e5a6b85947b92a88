"""Who may do what. `check_` functions raise when the actor may not."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q

from accounts.errors import TokenScopeError
from accounts.models import Organization, Owner, Token, User
from accounts.policies import (
    OrganizationRight,
    check_rights_count,
    check_token_may,
    format_limits,
    is_moderator,
    is_operator,
    is_security_reviewer,
    list_organization_rights,
)
from accounts.security.organization_session import check_is_personal
from plugport.spec.names import PluginName, find_well_known_name
from registry.errors import (
    LastOwnerError,
    NotMemberError,
    OfficialScopeError,
    OwnReleaseError,
    ReleaseBlockedError,
    ScopeDeniedError,
    ScopeLimitError,
    ScopeNotCreatedError,
    ScopeOwnerError,
    TrustedPublishingOnlyError,
    WellKnownNameError,
)
from registry.models import Member, Plugin, Release, Role, Scope, Visibility
from registry.rights import (
    build_role_condition,
    build_scope_condition,
    build_scope_owner_condition,
    find_role,
    may_publish_in,
    owns_personally,
)

# Besides the scope of the account's own name.
MAX_SCOPES = 5


def check_may_moderate(actor: User) -> None:
    """Only moderators decide on releases. Raises `NotMemberError`."""
    if not is_moderator(actor):
        raise NotMemberError("Only moderators may decide on releases.")


def check_may_run_jobs(actor: User) -> None:
    """Only moderators run failed jobs again. Raises `NotMemberError`."""
    if not is_moderator(actor):
        raise NotMemberError("Only moderators may run failed jobs again.")


def list_own_releases(actor: User, releases: Collection[Release]) -> set[int]:
    """The keys of the releases on which a moderator must not decide: 1 query, none for operators.

    Those of plugins in which the moderator has a role, that are in a scope of the moderator or of an
    organization of the moderator, or for which the moderator has published: nobody leaves a plugin to decide on it.
    """
    if is_operator(actor):
        return set()
    rows = Plugin.objects.filter(pk__in={release.plugin_id for release in releases})
    own_rows = rows.filter(
        Q(scope__owner__user=actor)
        | Q(scope__owner__organization__memberships__user=actor)
        | Q(members__holder__organization__memberships__user=actor)
        | build_role_condition(actor)
        | Exists(Release.objects.filter(plugin=OuterRef("pk"), published_by=actor))
    )
    own = set(own_rows.values_list("pk", flat=True))
    return {release.pk for release in releases if release.plugin_id in own}


def check_may_decide(actor: User, release: Release) -> None:
    """Moderators decide on releases, but not on those of their own plugins; superusers on all.

    Raises `NotMemberError`, `OwnReleaseError`.
    """
    check_may_moderate(actor)
    if list_own_releases(actor, [release]):
        raise OwnReleaseError(
            f"`{release.plugin.name}` is your own plugin, so you cannot decide on `{release}`.",
            hint="Leave the decision to another moderator or a superuser. You may quarantine the"
            " release until then.",
        )


def check_may_manage(actor: User, plugin: Plugin) -> None:
    """Owners, maintainers and moderators may change a plugin. Raises `NotMemberError`."""
    if is_moderator(actor) or find_role(actor, plugin) in (Role.OWNER, Role.MAINTAINER):
        return
    _check_rights_count(actor, plugin)
    raise NotMemberError(
        f"Only owners and maintainers may change `{plugin.name}`.",
        hint="Ask an owner of the plugin to add you as a maintainer.",
    )


def _check_rights_count(actor: User, plugin: Plugin) -> None:
    """Raise as `check_rights_count` for the organizations that hold the plugin: 1 query.

    For refusals, so that a member without rights learns why.
    """
    rows = Organization.objects.filter(owner__memberships__plugin=plugin, memberships__user=actor)
    for organization in rows.select_related("owner"):
        check_rights_count(actor, organization)


def check_may_manage_members(actor: User, plugin: Plugin) -> None:
    """Owners and moderators may invite, remove and change members. Raises `NotMemberError`."""
    if not can_manage_members(actor, find_role(actor, plugin) or ""):
        _check_rights_count(actor, plugin)
        raise NotMemberError(
            f"Only owners may change the members of `{plugin.name}`.",
            hint="Ask an owner of the plugin, or a moderator who is not a member.",
        )


def can_manage_members(actor: User, role: str) -> bool:
    """Whether the actor, whose role in the plugin is given ("" for none), may change its members."""
    return role == Role.OWNER or _can_settle(actor, role)


def _can_settle(actor: User, role: str) -> bool:
    """Whether the actor settles disputes about a plugin, and finds owners for abandoned ones.

    Moderators do, but not in their own plugins; superusers in all.
    """
    return is_operator(actor) or (is_moderator(actor) and not role)


def check_may_end_role(actor: User, member: Member) -> None:
    """Raise unless the actor may remove the member, or give an owner another role.

    Everybody may give up a role. Call it with the plugin's row locked, so that two owners cannot
    leave at once. Raises `NotMemberError`, `ScopeOwnerError` and `LastOwnerError`.
    """
    plugin, holder = member.plugin, member.holder
    if holder.user_id == actor.pk:
        _check_reaches(actor, plugin)
    else:
        check_may_manage_members(actor, plugin)
        scope = plugin.scope
        owns_scope = scope is not None and scope.owner_id == holder.pk
        # Otherwise an invited owner could take the plugin out of the hands of the scope's owner, and
        # a team could take it out of those of its organization.
        if (
            (owns_scope or holder.organization_id is not None)
            and not _owns_for(actor, holder)
            and not _can_settle(actor, find_role(actor, plugin) or "")
        ):
            raise ScopeOwnerError(
                f"`{holder.name}` owns the scope `{scope}`, and with it `{plugin.name}`."
                if owns_scope
                else f"`{plugin.name}` belongs to the organization `{holder.name}`.",
                hint="Ask an owner of the scope or the organization to leave the plugin, or a moderator.",
            )
    owners = plugin.members.filter(role=Role.OWNER).exclude(pk=member.pk)
    others = owners.exclude(holder__user__is_active=False)
    if member.role == Role.OWNER and not others.exists():
        raise LastOwnerError(
            f"`{member.holder.name}` is the last owner of `{plugin.name}`.",
            hint="Invite another owner. When the invitation is accepted, try again.",
        )


def _check_reaches(actor: User, plugin: Plugin) -> None:
    """Raise `OrganizationSessionError` for a plugin of somebody else than the session's organization."""
    if actor.session_of is not None and find_role(actor, plugin) is None:
        check_is_personal(actor)


def check_may_publish(actor: User, plugin: Plugin) -> None:
    """Every member of a plugin may publish, whatever the role. Raises `NotMemberError`."""
    # Not moderators: a release is signed off by people who answer for the plugin.
    if find_role(actor, plugin) is None:
        _check_rights_count(actor, plugin)
        raise NotMemberError(
            f"You are not a member of `{plugin.name}`.",
            hint="Ask an owner of the plugin to add you, or choose another name.",
        )


def check_may_manage_trusted_publishers(actor: User, plugin: Plugin) -> None:
    """Owners and maintainers decide which CI jobs publish, and how. Raises `NotMemberError`.

    Not moderators: they do not publish, and a trusted publisher publishes in its creator's name.
    """
    if not can_manage_trusted_publishers(actor, plugin):
        _check_rights_count(actor, plugin)
        raise NotMemberError(
            f"Only owners and maintainers may change the publishing of `{plugin.name}`.",
            hint="Ask an owner of the plugin.",
        )


def can_manage_trusted_publishers(actor: User, plugin: Plugin) -> bool:
    """Whether the actor is an owner or maintainer whose account is open: 1 query."""
    roles = (Role.OWNER, Role.MAINTAINER)
    return actor.is_active and find_role(actor, plugin) in roles


def check_may_approve(actor: User, plugin: Plugin) -> None:
    """Owners and maintainers approve staged releases, and no robots. Raises `NotMemberError`."""
    # The token of a robot is in a pipeline, which would approve what it has sent.
    if actor.is_robot or not can_manage_trusted_publishers(actor, plugin):
        _check_rights_count(actor, plugin)
        raise NotMemberError(
            f"Only owners and maintainers may approve releases of `{plugin.name}`.",
            hint="Ask an owner of the plugin.",
        )


def check_publishes_as_required(plugin: Plugin, *, is_trusted: bool) -> None:
    """Raise `TrustedPublishingOnlyError` for a token of a person, if the plugin does not allow it."""
    if plugin.trusted_publishing_only and not is_trusted:
        raise TrustedPublishingOnlyError(
            f"`{plugin.name}` is published by trusted publishing only: its owners do not accept"
            " tokens of people.",
            hint="Publish from the configured CI job. Owners and maintainers can change this under"
            f" {settings.BASE_URL}{plugin.path}/publishing.",
        )


def check_token_may_flag(token: Token, plugin: str) -> None:
    """Raise `TokenScopeError` unless the token may deprecate and yank releases of the plugin."""
    # A pipeline that uploads needs no right to withdraw what it uploaded before.
    scopes = ("manage", "publish") if token.can_flag_releases else ("manage",)
    check_token_may(token, scopes, plugin)


def check_token_may_change_scope(token: Token, scope_name: str, owner: str | None) -> None:
    """Raise `TokenScopeError` unless the token may create or change this scope of the owner.

    Without an owner, that is the account of the token.
    """
    check_token_may(token, ("manage",))
    is_of_organization = owner is not None and owner in token.organization_limits
    if token.limits and f"@{scope_name}" not in token.limits and not is_of_organization:
        raise TokenScopeError(
            f"This token is limited to {format_limits(token)}.",
            hint="Create the scope on your account page, or use a token without a limit.",
        )


def require_publishing_owner(actor: User, scope_name: str | None) -> Owner:
    """Return whose plugin it becomes when the actor publishes a new name in the scope, or raise.

    That is the owner of the scope: the actor, or an organization in which the actor may publish. The
    scope of the name of an account or organization is created with its first plugin, and so is an
    official scope that the operator uses. Without a scope, it is the actor. Raises
    `ScopeDeniedError`, `OfficialScopeError`, `ScopeNotCreatedError` and `NotMemberError`.
    """
    if scope_name is None:
        return require_person(actor)
    scope = find_alike_scope(scope_name)
    if scope is not None:
        if scope.name != scope_name or not may_publish_in(actor, scope):
            if scope.owner.organization is not None:
                check_rights_count(actor, scope.owner.organization)
            raise _build_taken_error(scope, scope_name, actor.username)
        return scope.owner
    if scope_name != actor.username:
        named = Owner.objects.select_related("organization__owner").filter(name=scope_name).first()
        if named is not None and _publishes_for(actor, named):
            _is_official_scope(actor, scope_name)
            return named
    is_official = _check_scope_is_available(actor, scope_name, actor.username)
    if not is_official and scope_name != actor.username:
        raise ScopeNotCreatedError(
            f"There is no scope `@{scope_name}`.",
            hint=f"Create it with `plugport scope create {scope_name}` or on your account page, or"
            f" publish under your own scope, `@{actor.username}`.",
        )
    return require_person(actor)


def require_person(actor: User) -> Owner:
    """The actor as an owner. Raises `NotMemberError` for robots, which own nothing."""
    check_is_personal(actor)
    if actor.is_robot:
        raise NotMemberError(
            f"`{actor.username}` is a robot, which owns no plugins and scopes.",
            hint="Publish in a scope of the organization in which a team of the robot has a right.",
        )
    return actor.owner


def _publishes_for(actor: User, owner: Owner) -> bool:
    """Whether the actor may publish new plugins for the organization: at most 1 query."""
    if owner.organization is None:
        return False
    rights = list_organization_rights(actor, owner.organization)
    return OrganizationRight.MANAGE_PEOPLE in rights


def _owns_for(actor: User, owner: Owner) -> bool:
    """Whether the actor is the person, or an owner of the organization: at most 2 queries."""
    if owner.organization is None:
        return owns_personally(actor, owner)
    rights = list_organization_rights(actor, owner.organization)
    return OrganizationRight.MANAGE_PROPERTY in rights


def check_may_own_scopes_for(actor: User, owner: Owner) -> None:
    """Only moderators, and owners of an organization, may create scopes for others.

    Raises `NotMemberError`.
    """
    if not (_owns_for(actor, owner) or is_moderator(actor)):
        raise NotMemberError(
            f"Only owners of the organization `{owner.name}` may create scopes for it."
            if owner.organization is not None
            else "Only moderators may create scopes for other accounts."
        )


def check_may_create_scope(actor: User, scope_name: str, owner: Owner) -> None:
    """Raise unless the actor may create this scope, which does not exist, for the owner.

    An owner has the scope of its name and at most `MAX_SCOPES` others. Raises
    `NotMemberError`, `ScopeDeniedError`, `OfficialScopeError`, `WellKnownNameError` and
    `ScopeLimitError`.
    """
    check_may_own_scopes_for(actor, owner)
    taken = find_alike_scope(scope_name)
    if taken is not None and (taken.name != scope_name or taken.owner_id != owner.pk):
        raise _build_taken_error(taken, scope_name, owner.name)
    _check_scope_is_available(actor, scope_name, owner.name)
    if scope_name == owner.name or is_moderator(actor):
        return
    check_not_well_known(actor, scope_name)
    count = Scope.objects.filter(owner=owner).exclude(name=owner.name).count()
    if count >= MAX_SCOPES:
        whose = "Your account" if owner.user_id == actor.pk else f"`{owner.name}`"
        raise ScopeLimitError(
            f"{whose} has {count} scopes besides `@{owner.name}`; at most {MAX_SCOPES}"
            " are allowed.",
            hint="Use one of these scopes, or ask a moderator of this registry to create the scope.",
        )


def find_alike_scope(scope_name: str) -> Scope | None:
    """Return the scope that has or looks like this name, with its owner: 1 query.

    Names that look alike count as the same scope, so that nobody can publish under a scope that
    readers mistake for another.
    """
    # By collision key: it finds the scope itself as well as any that looks like it.
    key = PluginName(None, scope_name).collision_key
    rows = Scope.objects.select_related("owner__organization", "owner__user")
    return rows.filter(collision_key=key).first()


def _build_taken_error(scope: Scope, scope_name: str, own_name: str) -> ScopeDeniedError:
    detail = f"The scope `@{scope_name}` is not available."
    # The owner of a scope that is not public is not named.
    if scope.visibility == Visibility.PUBLIC:
        detail = f"The scope `@{scope_name}` belongs to `{scope.owner.name}`" + (
            "." if scope.name == scope_name else f" as `@{scope.name}`."
        )
    return ScopeDeniedError(
        detail,
        hint=f"Publish under your own scope, `@{own_name}`.",
    )


def _check_scope_is_available(actor: User, scope_name: str, owner_name: str) -> bool:
    """Raise unless the owner may have this free scope; return whether it is an official one.

    The name of an account or an organization is reserved for it as a scope.
    """
    is_official = _is_official_scope(actor, scope_name)
    if scope_name != owner_name:
        key = PluginName(None, scope_name).collision_key
        other = Owner.objects.filter(collision_key=key).exclude(name=owner_name).first()
        if other is not None:
            what = "account" if other.kind == Owner.Kind.PERSON else "organization"
            raise ScopeDeniedError(
                f"`@{scope_name}` is the scope of the {what} `{other.name}`"
                + ("." if other.name == scope_name else ", or too similar to it."),
                hint="Publish under your own scope.",
            )
    return is_official


def _is_official_scope(actor: User, scope_name: str) -> bool:
    """Whether it is an official scope. Raises `OfficialScopeError` if the actor may not use it."""
    key = PluginName(None, scope_name).collision_key
    # Pages show plugins of an official scope as official, so nobody else may claim it.
    official = {PluginName(None, name).collision_key: name for name in settings.OFFICIAL_SCOPES}
    if key in official and not is_operator(actor):
        raise OfficialScopeError(
            f"`@{official[key]}` is an official scope of this registry"
            + ("." if official[key] == scope_name else f"; `@{scope_name}` is too similar to it."),
            hint="Only the operator can publish the first plugin of an official scope.",
        )
    return key in official


def check_not_well_known(actor: User, part: str) -> None:
    """Raise `WellKnownNameError` if an unscoped name or a new scope is that of a well-known project.

    Moderators may use all names. An account for which a moderator created the scope of that name has
    proved that it may use it without a scope too.
    """
    known = find_well_known_name(part)
    if known is None or is_moderator(actor):
        return
    if Scope.objects.filter(build_scope_condition(actor), name=part).exists():
        return
    alike = "" if known.name == part else f" looks like `{known.name}` and"
    raise WellKnownNameError(
        f"The name `{part}`{alike} is reserved: {known.reason}.",
        hint=f"Publish under your own scope, `@{actor.username}`. If you represent the"
        f" {known.type}, send a moderator of this registry a proof, such as a statement on its"
        " website, and ask for the scope.",
        context={"name": part, "reserved": known.name, "reason": known.reason},
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
    """Whether the actor may see a release that is not public: members, moderators, security reviewers."""
    return is_security_reviewer(actor) or find_role(actor, release.plugin) is not None


def check_may_change_visibility(actor: User, plugin: Plugin) -> None:
    """Owners of the plugin and of its scope decide who sees it; moderators do not.

    Raises `NotMemberError`.
    """
    rows = Plugin.objects.filter(pk=plugin.pk)
    of_scope = build_scope_owner_condition(actor, "scope__")
    if not rows.filter(of_scope | build_role_condition(actor, roles=(Role.OWNER,))).exists():
        raise NotMemberError(
            f"Only owners may change who sees `{plugin.name}`.", hint="Ask an owner of the plugin."
        )


def check_may_change_scope_visibility(actor: User, scope: Scope) -> None:
    """Only the owner of the scope, or owners of its organization. Raises `NotMemberError`."""
    rows = Scope.objects.filter(build_scope_owner_condition(actor), pk=scope.pk)
    if not rows.exists():
        raise NotMemberError(f"Only the owner of `{scope}` may change who sees it.")


def check_scope_is_free(username: str) -> None:
    """Raise `ValidationError` if a scope has the user name or one that looks alike.

    Registered with `accounts.username_rules`: an account owns the scope of its name.
    """
    key = PluginName(None, username).collision_key
    scope = Scope.objects.filter(collision_key=key).first()
    if scope is not None:
        raise ValidationError(
            f"`{username}` is too similar to the scope `{scope}`."
            if scope.visibility == Visibility.PUBLIC
            else f"`{username}` is taken, or too similar to a name that is.",
            code="scope-taken",
        )


def check_username_is_not_well_known(username: str) -> None:
    """Raise `ValidationError` if the user name is that of a well-known organization or package.

    Registered with `accounts.username_rules`: an account owns the scope of its name.
    """
    known = find_well_known_name(username)
    if known is not None:
        raise ValidationError(
            f"`{username}` is reserved: {known.reason}.", code=WellKnownNameError.code
        )
