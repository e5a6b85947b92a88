"""What the words of the registry mean to people: trust, states, kinds, permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plugport.spec.manifest.kinds import KINDS
from registry.models import CheckState, Trust
from registry.publishing.states import ReleaseState


@dataclass(frozen=True, slots=True)
class Word:
    """A label, the sentence behind it, and how it is drawn (icon of the sprite, tone of the CSS)."""

    label: str
    reason: str
    icon: str
    tone: str


TRUST: Mapping[str, Word] = {
    Trust.OFFICIAL: Word(
        "Official",
        "Published and maintained by the owner of this registry.",
        "anchor",
        "official",
    ),
    Trust.VERIFIED: Word(
        "Verified",
        "Signed, reviewed by a person, and proven in production by an author who is known.",
        "shield",
        "verified",
    ),
    Trust.COMMUNITY: Word(
        "Community",
        "All automated checks passed. Nobody has reviewed the code.",
        "check",
        "community",
    ),
    Trust.EXPERIMENTAL: Word(
        "Experimental",
        "The manifest is valid; nothing more is known. Installing it asks first.",
        "flask",
        "experimental",
    ),
    Trust.UNTRUSTED: Word(
        "Untrusted",
        "Not validated. Clients refuse to install it unless a policy allows it.",
        "ban",
        "untrusted",
    ),
}

STATES: Mapping[str, Word] = {
    ReleaseState.CHECKING: Word(
        "Checking", "The checks are running; this takes a few seconds.", "clock", "waiting"
    ),
    ReleaseState.PUBLISHED: Word("Published", "Everybody can install it.", "check", "good"),
    ReleaseState.HELD: Word(
        "Held", "A person will look at it before it is published.", "clock", "waiting"
    ),
    ReleaseState.REJECTED: Word(
        "Rejected",
        "It was not published. Mend what the checks found and publish the same version again.",
        "x",
        "bad",
    ),
    ReleaseState.QUARANTINED: Word(
        "Quarantined", "It cannot be installed while it is being looked at.", "lock", "bad"
    ),
    ReleaseState.REVOKED: Word(
        "Revoked", "It was withdrawn for good and cannot be installed.", "ban", "bad"
    ),
}

CHECK_STATES: Mapping[str, Word] = {
    CheckState.QUEUED: Word("Waiting", "It has not started yet.", "clock", "waiting"),
    CheckState.RUNNING: Word("Running", "It is looking at the package.", "clock", "waiting"),
    CheckState.PASSED: Word("Passed", "It found no reason to refuse.", "check", "good"),
    CheckState.FAILED: Word("Failed", "It found a reason to refuse.", "x", "bad"),
    CheckState.ERRORED: Word(
        "No result", "The check itself broke; a person will look.", "alert", "waiting"
    ),
}

SEVERITIES: Mapping[str, Word] = {
    "error": Word("Error", "It refuses the release.", "x", "bad"),
    "warning": Word("Warning", "Worth a look; it refuses nothing.", "alert", "waiting"),
    "note": Word("Note", "For information.", "info", "plain"),
}

DIALECTS: Mapping[str, str] = {
    "agent-plugins": "Agent Plugins",
    "agent-relay": "Agent Relay",
    "claude": "Claude Code",
    "cortex": "Cortex",
    "donkeylabs": "DonkeyLabs",
    "omnibase": "OmniBase",
    "plugport": "Plugport",
}

SORTS: Mapping[str, str] = {
    "relevance": "Relevance",
    "downloads": "Downloads",
    "rating": "Rating",
    "recent": "Recently updated",
    "name": "Name",
}


def get_kind_title(kind: str) -> str:
    """What a kind is called; its name if it is one of an older registry."""
    found = KINDS.get(kind)
    return found.title if found else kind


@dataclass(frozen=True, slots=True)
class Permission:
    """One sort of things a plugin asks for, in words."""

    icon: str
    title: str
    items: tuple[str, ...]


_COMPONENTS = {
    "hook": "Acts on events",
    "mcp": "Starts MCP servers",
    "lsp": "Starts language servers",
}


def describe_permissions(permissions: Mapping[str, Any]) -> list[Permission]:
    """The permissions of a manifest (PKG-6a) as sentences, only those that are asked for."""
    files = permissions.get("filesystem", [])
    rows = [
        Permission("file", "Reads files", _cut(files, "read:")),
        Permission("edit", "Writes files, and reads them", _cut(files, "write:")),
        Permission("globe", "Connects to", tuple(permissions.get("network", []))),
        Permission("terminal", "Runs programs", tuple(permissions.get("exec", []))),
        Permission("key", "Reads environment variables", tuple(permissions.get("env", []))),
    ]
    parts = permissions.get("components", [])
    rows += [
        Permission("bolt", title, _cut(parts, f"{sort}:")) for sort, title in _COMPONENTS.items()
    ]
    return [row for row in rows if row.items]


def _cut(entries: Iterable[str], prefix: str) -> tuple[str, ...]:
    return tuple(each.removeprefix(prefix) for each in entries if each.startswith(prefix))


def describe_kind_fields(manifest: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The fields that only this kind has, as far as they are plain words."""
    kind = KINDS.get(str(manifest.get("kind")))
    given = manifest.get("kindFields", {})
    rows = []
    for field in kind.fields if kind else ():
        value = given.get(field.name)
        if field.type == "text" and isinstance(value, str):
            rows.append((field.name.capitalize(), [value]))
        elif field.type == "texts" and isinstance(value, list):
            rows.append((field.name.capitalize(), [str(each) for each in value]))
    return rows
