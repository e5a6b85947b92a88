"""What a registry answers, as values. Each keeps the `document` it was read from, for `--json`.

Reading is strict where the client acts on a member (names, versions, integrity, state) and
lenient where it only shows one: a registry may know more than this client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugport.client.errors import UnexpectedAnswerError
from plugport.client.fields import Fields
from plugport.spec.comparing.permissions import parse_permissions
from plugport.spec.manifest.model import Permissions
from plugport.spec.names import PluginName
from plugport.spec.versions import Version


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as lists and its own page show it."""

    name: PluginName
    display_name: str
    description: str
    type: str
    author: str
    license: str
    trust: str
    latest_version: str
    downloads: int
    dist_tags: Mapping[str, str]
    deprecated: str | None
    document: Mapping[str, Any]

    @classmethod
    def read(cls, data: Any) -> Plugin:
        """Raises `UnexpectedAnswerError` for anything that is not a plugin document."""
        fields = Fields.read(data, "a plugin")
        return cls(
            name=fields.plugin_name("name"),
            display_name=fields.show("displayName"),
            description=fields.show("description"),
            type=fields.show("type"),
            author=fields.child("author").show("name"),
            license=fields.show("license"),
            trust=fields.show("trust"),
            latest_version=fields.show("latestVersion"),
            downloads=fields.count("downloads"),
            dist_tags=fields.child("distTags").texts(),
            deprecated=fields.notice("deprecated"),
            document=fields.data,
        )


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a plugin, with all that an installation needs to decide and to verify."""

    name: PluginName
    version: Version
    state: str
    state_reason: str
    trust: str
    install_policy: str | None
    deprecated: str | None
    yanked: str | None
    package_url: str
    integrity: str
    checksum: str
    size_bytes: int | None
    dependencies: Mapping[str, str]
    permissions: Permissions
    document: Mapping[str, Any]

    @classmethod
    def read(cls, data: Any) -> Release:
        """Raises `UnexpectedAnswerError` for anything that is not a release document."""
        fields = Fields.read(data, "a release")
        return cls(
            name=fields.plugin_name("name"),
            version=fields.version("version"),
            # A registry that knows no states has nothing but published releases.
            state=fields.show("state") or "published",
            state_reason=fields.show("stateReason"),
            trust=fields.show("trust"),
            install_policy=fields.show("installPolicy") or None,
            deprecated=fields.notice("deprecated"),
            yanked=fields.notice("yanked"),
            package_url=fields.show("packageUrl"),
            integrity=fields.show("integrity"),
            checksum=fields.show("checksum"),
            size_bytes=fields.find_count("size"),
            dependencies=fields.child("dependencies").child("plugins").texts(),
            permissions=parse_permissions(fields.data.get("permissions")),
            document=fields.data,
        )


@dataclass(frozen=True, slots=True)
class ReleaseGain:
    """What a release may do that an older one, `before`, could not."""

    before: Version
    permissions: Permissions

    @classmethod
    def read(cls, data: Any) -> ReleaseGain | None:
        """From a comparison of releases; None if there was nothing to compare with.

        Raises `UnexpectedAnswerError` for anything that is not a comparison.
        """
        fields = Fields.read(data, "a comparison of releases")
        if fields.data.get("from") is None:
            return None
        gained = fields.child("permissions").data.get("gained")
        return cls(fields.version("from"), parse_permissions(gained))


@dataclass(frozen=True, slots=True)
class PluginPage:
    """One page of a list of plugins."""

    plugins: tuple[Plugin, ...]
    total: int
    current: int
    pages: int
    document: Mapping[str, Any]

    @classmethod
    def read(cls, data: Any) -> PluginPage:
        """Raises `UnexpectedAnswerError` for anything that is not a list of plugins."""
        fields = Fields.read(data, "a list of plugins")
        rows = fields.items("plugins")
        pagination = fields.child("pagination")
        return cls(
            plugins=tuple(Plugin.read(row) for row in rows),
            # A registry that does not page has all of it on one page.
            total=pagination.find_count("total") or len(rows),
            current=pagination.find_count("current") or 1,
            pages=pagination.find_count("pages") or 1,
            document=fields.data,
        )


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check of a release says."""

    name: str
    title: str
    state: str
    duration_ms: int | None
    findings: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, data: Any) -> CheckOutcome:
        """Raises `UnexpectedAnswerError` for anything that is not a check."""
        fields = Fields.read(data, "a check")
        name = fields.show("name")
        return cls(
            name=name,
            title=fields.show("title") or name,
            state=fields.show("state"),
            duration_ms=fields.find_count("durationMs"),
            findings=tuple(row for row in fields.items("findings") if isinstance(row, dict)),
        )


@dataclass(frozen=True, slots=True)
class PublishStatus:
    """How far the registry is with a published package."""

    name: str
    version: str
    state: str
    verdict: str
    checks: tuple[CheckOutcome, ...]
    status_url: str | None
    page_url: str | None
    document: Mapping[str, Any]

    @classmethod
    def read(cls, data: Any) -> PublishStatus:
        """Raises `UnexpectedAnswerError` for anything that is not a status document."""
        fields = Fields.read(data, "a publish status")
        state = fields.show("state")
        if not state:
            raise UnexpectedAnswerError("a publish status without `state` was answered")
        return cls(
            name=fields.show("name"),
            version=fields.show("version"),
            state=state,
            verdict=fields.show("verdict"),
            checks=tuple(CheckOutcome.read(row) for row in fields.items("checks")),
            status_url=fields.show("statusUrl") or None,
            page_url=fields.show("pageUrl") or None,
            document=fields.data,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """Who the token belongs to."""

    username: str
    document: Mapping[str, Any]

    @classmethod
    def read(cls, data: Any) -> Account:
        """Raises `UnexpectedAnswerError` where no user name is told."""
        fields = Fields.read(data, "an account")
        username = fields.show("username") or fields.show("name")
        if not username:
            raise UnexpectedAnswerError("an account without `username` was answered")
        return cls(username=username, document=fields.data)
