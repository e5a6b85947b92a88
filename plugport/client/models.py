"""The responses of a registry as the client uses them.

`data` holds the members that `plugport.spec.api` declares, read leniently: a registry may be older
or newer than this client, and what is only displayed must not stop it. What the client acts on
(names, versions, states, yanks) is checked here and raises `UnexpectedResponseError`. `document` is
the whole response, for `--json`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from plugport.client.errors import UnexpectedResponseError
from plugport.spec.api import accounts as account_api
from plugport.spec.api import owners as owner_api
from plugport.spec.api import plugins as plugin_api
from plugport.spec.api import releases as release_api
from plugport.spec.api.reading import parse_leniently
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

if TYPE_CHECKING:
    from plugport.spec.manifest.model import Permissions

T = TypeVar("T")


class Plugin(Struct, frozen=True):
    """A plugin, without its releases."""

    name: PluginName
    data: plugin_api.Plugin
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> Plugin:
        """Raises `UnexpectedResponseError` without a valid name."""
        checked = require_object(document, "a plugin")
        return cls(
            name=_parse_member(PluginName.parse, checked, "name"),
            data=parse_leniently(plugin_api.Plugin, checked),
            document=checked,
        )


class Release(Struct, frozen=True):
    """One version of a plugin, with what an installation decides by and verifies against."""

    name: PluginName
    version: Version
    data: release_api.ReleaseSummary
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> Release:
        """Raises `UnexpectedResponseError` without a valid name, version, state or yank."""
        checked = require_object(document, "a release")
        return cls(
            name=_parse_member(PluginName.parse, checked, "name"),
            version=_parse_member(Version.parse, checked, "version"),
            data={
                **parse_leniently(release_api.ReleaseSummary, checked),
                "state": _parse_member(_parse_state, checked, "state"),
                "yanked": _parse_yank(checked.get("yanked")),
            },
            document=checked,
        )

    @property
    def permissions(self) -> Permissions:
        """The permissions that the release declares."""
        # Imported here: a search shows no permissions.
        from plugport.spec.diff.permissions import parse_permissions

        return parse_permissions(self.document.get("permissions"))

    @property
    def is_installable(self) -> bool:
        """Whether it is published and not yanked."""
        return self.data["state"] == "published" and self.data["yanked"] is None

    @property
    def is_deprecated(self) -> bool:
        """Whether its publisher advises against it."""
        return self.data["deprecated"] is not None

    @property
    def deprecation_notice(self) -> str | None:
        """Why the release is deprecated and what to use instead; None if it is not deprecated."""
        deprecation = self.data["deprecated"]
        if deprecation is None:
            return None
        replacement = deprecation["replacement"]
        advice = f" Use `{replacement}` instead." if replacement else ""
        return f"{deprecation['message']}{advice}".strip()

    @property
    def yank_reason(self) -> str | None:
        """Why the release is yanked, perhaps ""; None if it is not yanked."""
        yank = self.data["yanked"]
        return yank["reason"] if yank is not None else None


class ReleasePermissionChanges(Struct, frozen=True):
    """The permissions that a release has and the older release `before` had not."""

    before: Version
    permissions: Permissions

    @classmethod
    def from_document(cls, document: Any) -> ReleasePermissionChanges | None:
        """Return the changes, or None if there is no older release.

        Raises `UnexpectedResponseError` for anything that is not a comparison.
        """
        from plugport.spec.diff.permissions import parse_permissions

        checked = require_object(document, "a comparison of releases")
        if checked.get("from") is None:
            return None
        permissions = checked.get("permissions")
        gained = permissions.get("gained") if isinstance(permissions, dict) else None
        return cls(_parse_member(Version.parse, checked, "from"), parse_permissions(gained))


class ReleaseList(Struct, frozen=True):
    """The releases of a plugin, without files, README and checks, and its dist-tags."""

    releases: tuple[Release, ...]
    dist_tags: dict[str, str]
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> ReleaseList:
        """Raises `UnexpectedResponseError` for anything that is not a list of releases."""
        checked = require_object(document, "a list of releases")
        return cls(
            releases=tuple(Release.from_document(row) for row in list_rows(checked, "versions")),
            dist_tags=parse_leniently(release_api.VersionList, {**checked, "versions": []})[
                "distTags"
            ],
            document=checked,
        )


class PluginPage(Struct, frozen=True):
    """One page of a list of plugins.

    `did_you_mean` is a corrected query, if the words of the query are misspelled. With `is_partial`,
    no plugin has all words; these have most of them.
    """

    plugins: tuple[Plugin, ...]
    pagination: plugin_api.Pagination
    did_you_mean: str | None
    is_partial: bool
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> PluginPage:
        """Raises `UnexpectedResponseError` for anything that is not a list of plugins."""
        checked = require_object(document, "a list of plugins")
        return cls(
            plugins=tuple(Plugin.from_document(row) for row in list_rows(checked, "plugins")),
            pagination=parse_leniently(plugin_api.PluginList, checked)["pagination"],
            did_you_mean=_find_text(checked, "didYouMean"),
            # Lists without search words have no such member.
            is_partial=checked.get("partial") is True,
            document=checked,
        )


class PublishStatus(Struct, frozen=True):
    """The status of an upload.

    Publishing returns a release, the status URL a publication. They share most members.
    """

    data: release_api.Publication
    status_url: str | None
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> PublishStatus:
        """Raises `UnexpectedResponseError` without a state."""
        checked = require_object(document, "a publish status")
        status_url = checked.get("statusUrl")
        return cls(
            data={
                **parse_leniently(release_api.Publication, checked),
                "state": _parse_member(_parse_state, checked, "state"),
            },
            status_url=status_url if isinstance(status_url, str) else None,
            document=checked,
        )


class Account(Struct, frozen=True):
    """The account behind a token."""

    data: account_api.Me
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> Account:
        """Raises `UnexpectedResponseError` without a user name."""
        checked = require_object(document, "an account")
        data = parse_leniently(account_api.Me, checked)
        if not data["username"]:
            raise UnexpectedResponseError("The registry returned an account without `username`.")
        return cls(data=data, document=checked)


class ListedToken(Struct, frozen=True):
    """A token of the account. `number` identifies it."""

    number: int
    data: account_api.ListedToken
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> ListedToken:
        """Raises `UnexpectedResponseError` without a number."""
        checked = require_object(document, "a token")
        number = checked.get("id")
        if not isinstance(number, int):
            raise UnexpectedResponseError("The registry returned a token without `id`.")
        return cls(
            number=number,
            data=parse_leniently(account_api.ListedToken, checked),
            document=checked,
        )


class MemberList(Struct, frozen=True):
    """The members of a plugin."""

    data: owner_api.MemberList
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> MemberList:
        """Raises `UnexpectedResponseError` for anything that is not a list of members."""
        checked = require_object(document, "a list of members")
        return cls(data=parse_leniently(owner_api.MemberList, checked), document=checked)


class Invitation(Struct, frozen=True):
    """An offer of a role in the plugin `name`. `number` identifies it."""

    number: int
    name: PluginName
    data: owner_api.Invitation
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> Invitation:
        """Raises `UnexpectedResponseError` without a number or a valid name."""
        checked = require_object(document, "an invitation")
        number = checked.get("id")
        if not isinstance(number, int):
            raise UnexpectedResponseError("The registry returned an invitation without `id`.")
        return cls(
            number=number,
            name=_parse_member(PluginName.parse, checked, "plugin"),
            data=parse_leniently(owner_api.Invitation, checked),
            document=checked,
        )


def parse_suggestions(document: Any) -> list[PluginName]:
    """Return the valid names of a response to `GET /suggest`."""
    names = []
    for row in list_rows(require_object(document, "suggestions"), "suggestions"):
        # They are only displayed: one that is not valid must not hide the others.
        with contextlib.suppress(PlugportError):
            names.append(PluginName.parse(_find_text(row, "name") or ""))
    return names


def _find_text(document: Any, key: str) -> str | None:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, str) and value else None


def require_object(document: Any, expected: str) -> Mapping[str, Any]:
    """Return the document if it is a JSON object. Raises `UnexpectedResponseError`."""
    if not isinstance(document, dict):
        raise UnexpectedResponseError(
            f"Expected {expected}, but the server returned {type(document).__name__}.",
            hint="Check that this is the address of a Plugport registry.",
        )
    return document


def list_rows(document: Mapping[str, Any], key: str) -> list[Any]:
    """Return the member, which must be a list: an empty one would say that there is nothing.

    Raises `UnexpectedResponseError`.
    """
    rows = document.get(key)
    if not isinstance(rows, list):
        found = type(rows).__name__ if key in document else "nothing"
        raise UnexpectedResponseError(
            f"The registry returned an invalid `{key}`: expected a list, found {found}.",
            hint="Check that this is the address of a Plugport registry.",
        )
    return rows


def _parse_member(parse: Callable[[str], T], document: Mapping[str, Any], key: str) -> T:
    value = document.get(key)
    try:
        return parse(value if isinstance(value, str) else "")
    except PlugportError as error:
        raise UnexpectedResponseError(
            f"The registry returned an invalid `{key}`: {error}"
        ) from error


def _parse_state(text: str) -> str:
    if not text:
        raise UnexpectedResponseError("no text")
    return text


def _parse_yank(value: Any) -> release_api.Yank | None:
    # Read leniently, a yank of another shape would count as no yank.
    if value is not None and not isinstance(value, dict):
        raise UnexpectedResponseError(
            f"The registry returned an invalid `yanked`: {type(value).__name__}"
        )
    return None if value is None else parse_leniently(release_api.Yank, value)
