"""Labels and descriptions that people read: trust levels, states, kinds, permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plugport.spec.manifest.formats import registry as spec_formats
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.permissions import ANY
from registry.models import CheckState, Trust
from registry.models.states import ReleaseState


@dataclass(frozen=True, slots=True)
class StatusLabel:
    """A label with its explanation, its icon in the sprite and its tone in the style sheet."""

    label: str
    reason: str
    icon: str
    tone: str


TRUST: Mapping[str, StatusLabel] = {
    Trust.OFFICIAL: StatusLabel(
        "Official",
        "Published and maintained by the owner of this registry.",
        "anchor",
        "official",
    ),
    Trust.VERIFIED: StatusLabel(
        "Verified",
        "Signed, reviewed by a person, and used in production. The author's identity is known.",
        "shield",
        "verified",
    ),
    Trust.COMMUNITY: StatusLabel(
        "Community",
        "Passed all automated checks. Nobody has reviewed the code.",
        "check",
        "community",
    ),
    Trust.EXPERIMENTAL: StatusLabel(
        "Experimental",
        "The manifest is valid. Nothing else was verified. Clients require confirmation to install it.",
        "flask",
        "experimental",
    ),
    Trust.UNTRUSTED: StatusLabel(
        "Untrusted",
        "Not validated. Clients refuse to install it unless your policy allows it.",
        "ban",
        "untrusted",
    ),
}

STATES: Mapping[str, StatusLabel] = {
    ReleaseState.CHECKING: StatusLabel(
        "Checking", "The checks are running. This takes a few seconds.", "clock", "waiting"
    ),
    ReleaseState.PUBLISHED: StatusLabel("Published", "Anyone can install it.", "check", "good"),
    ReleaseState.HELD: StatusLabel(
        "Held", "A moderator reviews it before it is published.", "clock", "waiting"
    ),
    ReleaseState.STAGED: StatusLabel(
        "Staged", "It waits for an owner or maintainer to approve it.", "clock", "waiting"
    ),
    ReleaseState.REJECTED: StatusLabel(
        "Rejected",
        "It was not published. Fix these problems, then publish the same version again.",
        "x",
        "bad",
    ),
    ReleaseState.QUARANTINED: StatusLabel(
        "Quarantined", "It cannot be installed while a moderator investigates.", "lock", "bad"
    ),
    ReleaseState.REVOKED: StatusLabel(
        "Revoked", "It is permanently withdrawn and cannot be installed.", "ban", "bad"
    ),
}

CHECK_STATES: Mapping[str, StatusLabel] = {
    CheckState.QUEUED: StatusLabel("Waiting", "The check has not started.", "clock", "waiting"),
    CheckState.RUNNING: StatusLabel("Running", "The check is running.", "clock", "waiting"),
    CheckState.PASSED: StatusLabel(
        "Passed", "The check found no reason to reject the release.", "check", "good"
    ),
    CheckState.FAILED: StatusLabel(
        "Failed", "The check found a reason to reject the release.", "x", "bad"
    ),
    CheckState.ERRORED: StatusLabel(
        "No result",
        "The check could not finish. A moderator reviews the release.",
        "alert",
        "waiting",
    ),
}

SEVERITIES: Mapping[str, StatusLabel] = {
    "error": StatusLabel("Error", "The release is rejected.", "x", "bad"),
    "warning": StatusLabel(
        "Warning", "Review this. The release is not rejected because of it.", "alert", "waiting"
    ),
    "note": StatusLabel("Note", "For information.", "info", "plain"),
}

MANIFEST_FORMATS: Mapping[str, str] = {
    name: manifest_format.title for name, manifest_format in spec_formats.MANIFEST_FORMATS.items()
}

# Icons of kinds; their colors are in `components.css`.
_KIND_ICONS: Mapping[str, str] = {
    "bridge": "chat",
    "storage": "database",
    "memory": "layers",
    "policy": "scale",
    "hook": "bolt",
    "widget": "chart",
    "service": "server",
    "toolset": "toolbox",
    "container": "box",
    "validator": "checked",
    "tool": "wrench",
    "pipeline": "flow",
}

SORTS: Mapping[str, str] = {
    "relevance": "Relevance",
    "downloads": "Downloads",
    "rating": "Rating",
    "recent": "Recently updated",
    "name": "Name",
}


def get_kind_title(kind: str) -> str:
    """Return the title of a kind, or its name for an unknown kind."""
    known = KINDS.get(kind)
    return known.title if known else kind


def get_kind_icon(kind: str) -> str:
    """Return the icon of a kind; unknown kinds have one too."""
    return _KIND_ICONS.get(kind, "plug")


@dataclass(frozen=True, slots=True)
class PermissionGroup:
    """Permissions of one type, such as all files that a plugin reads.

    `anything` says in words what the item `*` allows.
    """

    icon: str
    title: str
    items: tuple[str, ...]
    anything: str = ""

    @property
    def is_unlimited(self) -> bool:
        """Whether it allows everything of its type."""
        return ANY in self.items


_COMPONENT_TITLES = {
    "hook": "Runs on events",
    "mcp": "Starts MCP servers",
    "lsp": "Starts language servers",
}


def list_permission_groups(permissions: Mapping[str, Any]) -> list[PermissionGroup]:
    """Group the permissions of a manifest (PKG-6a). Groups without permissions are left out."""
    files = permissions.get("filesystem", [])
    read, written = _strip_prefix(files, "read:"), _strip_prefix(files, "write:")
    network, env = tuple(permissions.get("network", [])), tuple(permissions.get("env", []))
    rows = [
        PermissionGroup("file", "Reads files", read, "any file"),
        PermissionGroup("edit", "Reads and writes files", written, "any file"),
        PermissionGroup("globe", "Connects to", network, "any host"),
        PermissionGroup(
            "terminal", "Runs programs", tuple(permissions.get("exec", [])), "any program"
        ),
        PermissionGroup("key", "Reads environment variables", env, "any variable"),
    ]
    components = permissions.get("components", [])
    rows += [
        PermissionGroup("bolt", title, _strip_prefix(components, f"{component_type}:"))
        for component_type, title in _COMPONENT_TITLES.items()
    ]
    return [row for row in rows if row.items]


def _strip_prefix(entries: Iterable[str], prefix: str) -> tuple[str, ...]:
    return tuple(each.removeprefix(prefix) for each in entries if each.startswith(prefix))


def list_kind_fields(manifest: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return titles and values of the kind's own fields. Structured fields are left out."""
    # The manifest may come from an older version with other kinds and types, so nothing is assumed.
    kind = KINDS.get(str(manifest.get("kind")))
    values = manifest.get("kindFields", {})
    rows = []
    for field in kind.fields if kind else ():
        value = values.get(field.name)
        if field.type == "text" and isinstance(value, str):
            rows.append((field.name.capitalize(), [value]))
        elif field.type == "texts" and isinstance(value, list):
            rows.append((field.name.capitalize(), [str(each) for each in value]))
    return rows
