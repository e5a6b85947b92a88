"""Who may do what."""

from __future__ import annotations

from accounts.models import User
from registry.errors import NotMemberError, ReleaseBlockedError
from registry.models import Plugin, Release, Role


def check_may_manage(actor: User, plugin: Plugin) -> None:
    """Owners and maintainers change a plugin; moderators may too. Raises `NotMemberError`."""
    roles = (Role.OWNER, Role.MAINTAINER)
    if is_moderator(actor) or plugin.members.filter(user=actor, role__in=roles).exists():
        return
    raise NotMemberError(
        f"`{plugin.name}` can be changed by its owners and maintainers.",
        hint="Ask an owner to add you.",
    )


def check_may_moderate(actor: User) -> None:
    """Moderators decide on releases. Raises `NotMemberError`."""
    if not is_moderator(actor):
        raise NotMemberError("Only moderators may decide on releases.")


def check_served(release: Release) -> None:
    """Raise `ReleaseBlockedError`, with the reason, for a release that is not handed out."""
    if not release.is_served:
        raise ReleaseBlockedError(
            f"`{release}` is {release.state}: {release.verdict_reason or 'no reason was given'}",
            hint="Other releases of the plugin may be fine; see its page.",
            context={"state": release.state},
        )


def is_moderator(actor: User) -> bool:
    """Whether the actor moderates this registry."""
    return actor.is_moderator or actor.is_superuser
