"""Reads of staged releases."""

from __future__ import annotations

from accounts.models import Token
from plugport.spec.text import has_nul, quote_text
from registry.errors import UnknownReleaseError
from registry.models import Release
from registry.models.states import ReleaseState
from registry.queries.members import get_member_plugin


def get_undecided_release(token: Token, name: str, version: str) -> Release:
    """The release of that version that was not rejected, for a member or moderator: at most 3 queries.

    What the token may not read is not found. Whether it may decide is to be checked. Raises `UnknownPluginError` and `UnknownReleaseError`.
    """
    plugin = get_member_plugin(name, actor=token.user, token=token)
    rows = Release.objects.filter(plugin=plugin).exclude(state=ReleaseState.REJECTED)
    rows = rows.select_related("plugin", "published_by")
    release = None if has_nul(version) else rows.filter(version=version).first()
    if release is None:
        raise UnknownReleaseError(
            f"`{plugin.name}` has no release {quote_text(version)} to decide."
        )
    return release
