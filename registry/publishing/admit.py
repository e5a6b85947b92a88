"""Stage 3, *admit*: whether this actor may publish this version of this name.

Every rule is checked again by the database when the release is recorded; here it is checked
early, so that the answer can say why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings

from accounts.errors import TokenScopeError
from accounts.models import User
from plugport.spec.names import PluginName, check_reserved
from plugport.spec.ranges import InvalidRangeError, Range
from plugport.spec.text import show
from registry.errors import (
    InvalidTagError,
    NameTakenError,
    NotMemberError,
    OfficialScopeError,
    ScopeDeniedError,
    VersionTakenError,
)
from registry.models import Plugin, Release, Scope
from registry.publishing.inspect import InspectedPackage
from registry.publishing.limits import TAG_CHARS
from registry.publishing.states import ReleaseState

_TAG = re.compile(r"[a-z][a-z0-9._-]{0,63}\Z")
# A dist-tag stands where a version stands in an address, of the API or of a page; these words have
# their own meaning there.
_TAGS_TAKEN = frozenset(
    {
        *("versions", "readme", "dependents", "stats", "download", "diff"),
        *("dependencies", "files", "compare", "security"),
    }
)


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer: go ahead, or this very release is here already (`existing`)."""

    name: PluginName
    plugin: Plugin | None
    existing: Release | None = None


def admit_package(
    *, actor: User, inspected: InspectedPackage, tag: str, token_limit: str
) -> Admission:
    """Check name, scope, role, tag and version. Raises the error of the first rule broken."""
    name = inspected.manifest.name
    check_tag(tag)
    check_token_limit(token_limit, name)
    plugin = Plugin.objects.filter(name=str(name)).first()
    if plugin is None:
        check_new_name(actor, name)
        return Admission(name, None)
    check_may_publish(actor, plugin)
    return Admission(name, plugin, find_same_release(plugin, inspected))


def check_tag(tag: str) -> None:
    """Raise `InvalidTagError` unless `tag` is empty or a well-formed dist-tag.

    What reads as a range (`v1`, `x`) is none: `name@v1` must have one meaning.
    """
    if tag and (not _TAG.match(tag) or tag in _TAGS_TAKEN or _is_range(tag)):
        raise InvalidTagError(
            f"{show(tag)} cannot be a dist-tag",
            hint=f"A letter, then up to {TAG_CHARS - 1} of a-z, 0-9, `.`, `_` and `-`:"
            " `latest`, `beta`, `next`.",
        )


def _is_range(text: str) -> bool:
    try:
        Range.parse(text)
    except InvalidRangeError:
        return False
    return True


def check_token_limit(limit: str, name: PluginName) -> None:
    """Raise `TokenScopeError` if the token is limited to another plugin or scope."""
    if limit and limit not in (str(name), f"@{name.scope}"):
        raise TokenScopeError(
            f"This token is limited to `{limit}`; the package is `{name}`.",
            hint="Make a token for this plugin on your account page.",
        )


def check_new_name(actor: User, name: PluginName) -> None:
    """Raise unless the actor may create a plugin of that name."""
    check_reserved(name)
    if name.scope is not None:
        _check_scope(actor, name.scope)
    # The very name, taken a moment ago, is no collision: recording it fails, and is tried again.
    twins = Plugin.objects.filter(collision_key=name.collision_key)
    twin = twins.exclude(name=str(name)).first()
    if twin is not None:
        raise NameTakenError(
            f"`{name}` is too close to `{twin.name}`, which exists.",
            hint="Names that differ only by `-`, `_`, `.`, case or look-alike characters collide.",
            context={"collidesWith": twin.name},
        )


def _check_scope(actor: User, scope_name: str) -> None:
    """The scope is the actor's, or nobody's and free to take.

    An account's user name is its scope: nobody else may take it.
    """
    key = PluginName(None, scope_name).collision_key
    scope = Scope.objects.select_related("owner").filter(collision_key=key).first()
    if scope is not None and (scope.name != scope_name or scope.owner_id != actor.pk):
        raise ScopeDeniedError(
            f"The scope `@{scope_name}` belongs to `{scope.owner.username}`"
            + ("." if scope.name == scope_name else f" as `@{scope.name}`."),
            hint=f"Publish under your own scope, `@{actor.username}`.",
        )
    official = {PluginName(None, name).collision_key: name for name in settings.OFFICIAL_SCOPES}
    if scope is None and key in official and not actor.is_superuser:
        raise OfficialScopeError(
            f"`@{official[key]}` is an official scope of this registry"
            + ("." if official[key] == scope_name else f"; `@{scope_name}` is too close to it."),
            hint="Only the operator can give it out.",
        )
    if scope is None and scope_name != actor.username:
        _check_not_anothers_name(actor, scope_name, key)


def _check_not_anothers_name(actor: User, scope_name: str, key: str) -> None:
    other = User.objects.filter(collision_key=key).exclude(pk=actor.pk).first()
    if other is not None:
        raise ScopeDeniedError(
            f"`@{scope_name}` is the scope of the account `{other.username}`"
            + ("." if other.username == scope_name else ", or too close to it."),
            hint="Publish under your own scope.",
        )


def check_may_publish(actor: User, plugin: Plugin) -> None:
    """Raise `NotMemberError` unless the actor has a role in the plugin: each of them publishes."""
    if not plugin.members.filter(user=actor).exists():
        raise NotMemberError(
            f"`{plugin.name}` belongs to somebody else.",
            hint="Ask an owner to add you, or choose another name.",
        )


def find_same_release(plugin: Plugin, inspected: InspectedPackage) -> Release | None:
    """The release of the same version and bytes, None if the version is free.

    Raises `VersionTakenError` naming who won if the bytes differ (REL-2, REL-5).
    """
    version = inspected.manifest.version
    release = (
        Release.objects.filter(plugin=plugin, precedence=version.precedence_text)
        .exclude(state=ReleaseState.REJECTED)
        .select_related("plugin", "published_by")
        .prefetch_related("artifacts")
        .first()
    )
    if release is None:
        return None
    if any(a.sha256 == inspected.received.sha256.hex for a in release.artifacts.all()):
        return release
    raise VersionTakenError(
        f"`{plugin.name}@{release.version}` was published by `{release.published_by.username}`"
        f" at {release.created_at:%Y-%m-%d %H:%M:%S} UTC with other bytes.",
        hint="A version is never published twice: raise the version number and publish again.",
        context={
            "publishedBy": release.published_by.username,
            "publishedAt": release.created_at.isoformat(),
            "state": release.state,
        },
    )
