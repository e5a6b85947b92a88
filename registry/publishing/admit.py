"""Stage 3, *admit*: whether this actor may publish this version of this name.

The database checks every rule again when the release is recorded. It is checked here first so
that the error can say why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from accounts.models import Owner, Token, User
from accounts.policies import check_is_verified, check_token_limits
from accounts.queries.reserved_prefixes import check_prefix
from plugport.spec.errors import FieldError
from plugport.spec.names import PLUGIN_PATH_WORDS, PluginName, check_reserved
from plugport.spec.ranges import InvalidRangeError, Range
from plugport.spec.text import quote_text
from registry.errors import InvalidTagError, NameTakenError, NotMemberError, VersionTakenError
from registry.models import Plugin, Release, Scope
from registry.models.states import UNDECIDED_STATES, ReleaseState
from registry.package_limits import MAX_TAGS, TAG_CHARS
from registry.policies import (
    check_may_publish,
    check_not_well_known,
    check_publishes_as_required,
    require_publishing_owner,
)
from registry.publishing.dist_tags import LATEST
from registry.publishing.first_visibility import check_same_visibility, choose_visibility
from registry.publishing.free_names import is_name_free
from registry.publishing.inspect import InspectedPackage
from registry.queries.catalog import find_plugin
from registry.queries.visible import Viewer

# `\Z`, because `$` also matches before a line feed at the end.
_TAG_PATTERN = re.compile(r"[a-z][a-z0-9._-]{0,63}\Z")
# In URLs of the API and of pages a dist-tag takes the position of a version, where these words
# already have a meaning.
_RESERVED_TAGS = PLUGIN_PATH_WORDS | {"download", "diff"}


@dataclass(frozen=True, slots=True)
class Admission:
    """The actor may publish. `existing` is the release if these very bytes are published already.

    `visibility` is the requested one of a new plugin, "" for that of its scope.
    """

    name: PluginName
    plugin: Plugin | None
    existing: Release | None = None
    visibility: str = ""


def admit_package(
    *,
    actor: User,
    inspected: InspectedPackage,
    tag: str,
    token: Token | None,
    visibility: str = "",
    is_trusted: bool = True,
) -> Admission:
    """Check name, scope, role, tag, version and visibility. Raises the error of the first broken rule.

    `is_trusted` is false for tokens of people, which some plugins do not accept.
    """
    check_is_verified(actor)
    name = inspected.manifest.name
    check_tag(tag)
    if token is not None:
        check_token_limits(token, name)
    plugin = Plugin.objects.filter(name=str(name)).first()
    if plugin is None:
        return _admit_new_plugin(actor, name, visibility)
    try:
        check_may_publish(actor, plugin)
    except NotMemberError:
        is_free = is_name_free(plugin)
        is_seen = is_free or find_plugin(plugin.name, Viewer(actor)) is not None
        if is_seen and not is_free:
            raise
        # For those who may not see the plugin, as if it did not exist.
        admission = _admit_new_plugin(actor, name, visibility)
        if not is_seen:
            raise build_hidden_error(name) from None
        return admission
    check_publishes_as_required(plugin, is_trusted=is_trusted)
    # A name that is reserved later stays with a plugin that has been published.
    if not plugin.document:
        check_reserved(name)
    check_same_visibility(plugin, visibility)
    existing = find_same_release(plugin, inspected)
    if existing is None:
        _check_number_of_tags(plugin, tag)
    return Admission(name, plugin, existing)


def _admit_new_plugin(actor: User, name: PluginName, visibility: str) -> Admission:
    require_new_name(actor, name)
    scope = Scope.objects.filter(name=name.scope).first() if name.scope else None
    choose_visibility(name, scope, visibility)
    return Admission(name, None, visibility=visibility)


def check_tag(tag: str) -> None:
    """Raise `InvalidTagError` unless `tag` is empty or a valid dist-tag."""
    # Not a version range (`v1`, `x`) either: `name@v1` must have one meaning.
    if tag and (not _TAG_PATTERN.match(tag) or tag in _RESERVED_TAGS or _is_range(tag)):
        raise InvalidTagError(
            f"{quote_text(tag)} is not a valid dist-tag.",
            hint=f"Use a letter, then up to {TAG_CHARS - 1} of a-z, 0-9, `.`, `_` and `-`:"
            " `latest`, `beta`, `next`.",
            fields=[FieldError("tag", "It is not a valid dist-tag.", InvalidTagError.code)],
        )


def _check_number_of_tags(plugin: Plugin, tag: str) -> None:
    """Raise `InvalidTagError` if the plugin has too many dist-tags to get another one.

    1 query for a tag other than `latest`. Simultaneous uploads may exceed the limit a little.
    """
    if tag in ("", LATEST):
        return
    tags = plugin.releases.exclude(state=ReleaseState.REJECTED).exclude(tag__in=("", LATEST))
    names = set(tags.values_list("tag", flat=True).distinct())
    if len(names) >= MAX_TAGS and tag not in names:
        detail = f"`{plugin.name}` has {len(names)} dist-tags; at most {MAX_TAGS} are allowed."
        raise InvalidTagError(
            detail,
            hint="Publish under a dist-tag that the plugin has.",
            fields=[FieldError("tag", detail, InvalidTagError.code)],
        )


def _is_range(text: str) -> bool:
    try:
        Range.parse(text)
    except InvalidRangeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class NewName:
    """Whose plugin it becomes, and a plugin with a similar name that must be deleted before, if any."""

    holder: Owner
    abandoned: Plugin | None


def require_new_name(actor: User, name: PluginName) -> NewName:
    """Raise unless the actor may create a plugin of that name.

    Raises what `check_reserved`, `require_publishing_owner`, `check_not_well_known` and `check_prefix`
    raise, and `NameTakenError`.
    """
    check_reserved(name)
    holder = require_publishing_owner(actor, name.scope)
    if name.scope is None:
        check_not_well_known(actor, name.name)
        check_prefix(actor, name.name)
    # A plugin of exactly this name was created since the caller looked. That is no collision:
    # recording fails on the unique constraint, and the next attempt admits against that plugin.
    similar = Plugin.objects.filter(collision_key=name.collision_key).exclude(name=str(name))
    existing = similar.first()
    if existing is not None and not is_name_free(existing):
        if find_plugin(existing.name, Viewer(actor)) is None:
            raise build_hidden_error(name)
        raise NameTakenError(
            f"`{name}` is too similar to the existing plugin `{existing.name}`.",
            hint="Names may not differ only by `-`, `_`, `.`, case or look-alike characters."
            " Choose another name.",
            context={"collidesWith": existing.name},
        )
    return NewName(holder, existing)


def build_hidden_error(name: PluginName) -> NameTakenError:
    """The error for a name of which the actor must not learn why it is not free."""
    return NameTakenError(f"`{name}` is not available.", hint="Choose another name.")


def find_same_release(plugin: Plugin, inspected: InspectedPackage) -> Release | None:
    """The release with this version and these bytes; None if the version is free.

    Raises `VersionTakenError` with the publisher and time if the bytes differ (REL-2, REL-5).
    """
    version = inspected.manifest.version
    release = (
        Release.objects.filter(plugin=plugin, precedence=version.precedence_text)
        # A rejected version is free: authors fix the problems and publish the same version again.
        .exclude(state=ReleaseState.REJECTED)
        .select_related("plugin", "published_by")
        .prefetch_related("artifacts")
        .first()
    )
    if release is None:
        return None
    # The compressed bytes are compared, not the files: what was published is what is installed.
    if any(a.sha256 == inspected.received.sha256.hex for a in release.artifacts.all()):
        return release
    is_undecided = release.state in UNDECIDED_STATES
    raise VersionTakenError(
        f"`{plugin.name}@{release.version}` was {'uploaded' if is_undecided else 'published'} by"
        f" `{release.published_by.username}` at {release.created_at:%Y-%m-%d %H:%M:%S} UTC with"
        " different content.",
        hint="It is not decided yet. If it is rejected, you can publish the same version again."
        " Otherwise increase the version number."
        if is_undecided
        else "A published version never changes. Increase the version number and publish again.",
        context={
            "publishedBy": release.published_by.username,
            "publishedAt": release.created_at.isoformat(),
            "state": release.state,
        },
    )
