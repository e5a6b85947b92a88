"""The kinds of plugins and their fields.

A kind is one entry of `KINDS`, from which parsing, writing, validation and documentation follow.
Field types: `text`, `texts` (a list), `lines` (a list of lines of prose), `flag`, `path` (inside the
plugin), `target` (a path in the project that installs the plugin), `object`, `objects`, `any`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

FieldType = Literal["text", "texts", "lines", "flag", "path", "target", "object", "objects", "any"]
Need = Literal["required", "recommended", "optional"]


class KindField(Struct, frozen=True):
    """A field of a kind. `doc` describes it in messages and in the reference.

    `allowed` are the valid words, and `pattern` is a regular expression for the whole text. `members`
    are the fields of an `object`, or of each of several `objects`.
    """

    name: str
    type: FieldType
    doc: str
    allowed: tuple[str, ...] = ()
    need: Need = "optional"
    pattern: str | None = None
    members: tuple[KindField, ...] = ()


class Kind(Struct, frozen=True):
    """A kind of plugin and its fields. `doc` completes the sentence that starts with its title."""

    name: str
    title: str
    doc: str
    fields: tuple[KindField, ...] = ()


_IMPLEMENTS = KindField("implements", "text", "the interface of the host that it implements")
_IMAGE = r"[a-zA-Z0-9][\w.:/@+-]{0,254}"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

_COMPONENT = (
    KindField(
        "entrypoint",
        "object",
        "how it is started",
        need="required",
        members=(
            KindField("type", "text", "the launcher", ("python", "cli", "docker"), "required"),
            KindField("target", "text", "the file, command or image", need="required"),
        ),
    ),
    KindField(
        "namespace",
        "text",
        "the dotted name in the framework",
        pattern=r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*",
    ),
    KindField(
        "lifecycle",
        "text",
        "the state of development",
        ("draft", "review", "active", "deprecated", "archived"),
    ),
    KindField("capabilities", "texts", "its capabilities, one word each"),
    KindField("protocols", "texts", "the supported protocols"),
    KindField("inputs", "any", "its inputs"),
    KindField("outputs", "any", "its outputs"),
)

_ALL = (
    Kind(
        "bridge",
        "Bridge",
        "connects the host to another messaging system",
        (
            KindField(
                "provides",
                "texts",
                "the directions of messages",
                ("bidirectional", "external", "internal"),
            ),
        ),
    ),
    Kind(
        "storage",
        "Storage",
        "stores messages and sessions",
        (
            _IMPLEMENTS,
            KindField(
                "features", "texts", "what it stores", ("messages", "sessions", "summaries", "dlq")
            ),
        ),
    ),
    Kind(
        "memory",
        "Memory",
        "gives agents a searchable memory",
        (
            _IMPLEMENTS,
            KindField(
                "features",
                "texts",
                "the supported features",
                ("semantic_search", "metadata_filter", "namespaces"),
            ),
        ),
    ),
    Kind(
        "policy",
        "Policy",
        "controls which actions are allowed",
        (
            _IMPLEMENTS,
            KindField(
                "features",
                "texts",
                "the rules it enforces",
                ("roles", "permissions", "rate_limiting", "audit_log"),
            ),
        ),
    ),
    Kind(
        "hook",
        "Hook",
        "reacts to events of the host",
        (
            KindField(
                "hooks",
                "texts",
                "the events it handles",
                ("onMessage", "onConnect", "onDisconnect"),
                "recommended",
            ),
            KindField("outputs", "texts", "where its results are sent"),
        ),
    ),
    Kind(
        "widget",
        "Widget",
        "shows data on a dashboard",
        (
            KindField(
                "displays",
                "objects",
                "what it displays",
                need="recommended",
                members=(
                    KindField(
                        "type", "text", "the type of display", ("chart", "metric"), "required"
                    ),
                    KindField("data", "text", "the data source", need="required"),
                    KindField("title", "text", "the heading"),
                ),
            ),
        ),
    ),
    Kind(
        "service",
        "Service",
        "adds a service to a server framework: sign-in, payments, images",
        (
            KindField(
                "copy",
                "objects",
                "files to copy into the project",
                members=(
                    KindField("from", "path", "a folder or file of the plugin", need="required"),
                    KindField("to", "target", "the destination in the project", need="required"),
                ),
            ),
            KindField(
                "register",
                "object",
                "how the project registers it",
                members=(
                    KindField("plugin", "text", "the exported name", need="required"),
                    KindField("importPath", "target", "the import path"),
                    KindField("configRequired", "flag", "whether it must be configured"),
                ),
            ),
            KindField(
                "instructions", "lines", "steps to take after the installation, line by line"
            ),
        ),
    ),
    Kind("toolset", "Toolset", "commands, agents, skills, hooks and servers of a coding assistant"),
    Kind(
        "container",
        "Container",
        "a container image with declared capabilities",
        (
            KindField(
                "runtime",
                "object",
                "the container runtime",
                need="required",
                members=(
                    KindField("type", "text", "the runtime", ("docker", "wasm"), "required"),
                    KindField("image", "text", "the image", need="required", pattern=_IMAGE),
                ),
            ),
            KindField(
                "capabilities",
                "objects",
                "the requests it handles",
                need="recommended",
                members=(
                    KindField(
                        "name", "text", "the name", need="required", pattern=r"[\w.-]{1,100}"
                    ),
                    KindField("description", "text", "a description"),
                    KindField("endpoint", "text", "the path on the server", pattern=r"/\S*"),
                    KindField("method", "text", "the HTTP method", _METHODS),
                ),
            ),
            KindField("sandbox", "flag", "whether it must run in the sandbox"),
        ),
    ),
    Kind("validator", "Validator", "a component that validates its input", _COMPONENT),
    Kind("tool", "Tool", "a component that performs one task", _COMPONENT),
    Kind("pipeline", "Pipeline", "a chain of components that run together", _COMPONENT),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
