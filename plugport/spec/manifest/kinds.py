"""The kinds of plugins and their own fields, as data.

A kind is one entry of `KINDS`: reading, writing, validation and documentation all follow from it.
Field types: `text`, `texts` (a list), `lines` (prose, line by line), `flag`, `path` (inside the
plugin), `target` (a path below the project that installs it), `object`, `objects`, `any`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

FieldType = Literal["text", "texts", "lines", "flag", "path", "target", "object", "objects", "any"]
Need = Literal["required", "recommended", "optional"]


@dataclass(frozen=True, slots=True)
class KindField:
    """One field: its type, what it may say, and what it is for.

    `pattern` is a regular expression for the whole text; `members` are those of an `object`.
    """

    name: str
    type: FieldType
    doc: str
    allowed: tuple[str, ...] = ()
    need: Need = "optional"
    pattern: str | None = None
    members: tuple[KindField, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plugin: what it is, and the fields only it has."""

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
            KindField("type", "text", "what starts it", ("python", "cli", "docker"), "required"),
            KindField("target", "text", "the file, command or image", need="required"),
        ),
    ),
    KindField(
        "namespace",
        "text",
        "its dotted name in the framework",
        pattern=r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*",
    ),
    KindField(
        "lifecycle",
        "text",
        "how far along it is",
        ("draft", "review", "active", "deprecated", "archived"),
    ),
    KindField("capabilities", "texts", "what it can do, in single words"),
    KindField("protocols", "texts", "the protocols it speaks"),
    KindField("inputs", "any", "what it takes"),
    KindField("outputs", "any", "what it gives"),
)

_ALL = (
    Kind(
        "bridge",
        "Bridge",
        "carries messages between the host and another system",
        (
            KindField(
                "provides",
                "texts",
                "which ways messages go",
                ("bidirectional", "external", "internal"),
            ),
        ),
    ),
    Kind(
        "storage",
        "Storage",
        "keeps messages and sessions",
        (
            _IMPLEMENTS,
            KindField(
                "features", "texts", "what it keeps", ("messages", "sessions", "summaries", "dlq")
            ),
        ),
    ),
    Kind(
        "memory",
        "Memory",
        "gives agents a memory to search",
        (
            _IMPLEMENTS,
            KindField(
                "features",
                "texts",
                "what it can do",
                ("semantic_search", "metadata_filter", "namespaces"),
            ),
        ),
    ),
    Kind(
        "policy",
        "Policy",
        "decides who may do what",
        (
            _IMPLEMENTS,
            KindField(
                "features",
                "texts",
                "what it decides",
                ("roles", "permissions", "rate_limiting", "audit_log"),
            ),
        ),
    ),
    Kind(
        "hook",
        "Hook",
        "acts on the host's events",
        (
            KindField(
                "hooks",
                "texts",
                "the events it acts on",
                ("onMessage", "onConnect", "onDisconnect"),
                "recommended",
            ),
            KindField("outputs", "texts", "where its results go"),
        ),
    ),
    Kind(
        "widget",
        "Widget",
        "shows something on a dashboard",
        (
            KindField(
                "displays",
                "objects",
                "what it shows",
                need="recommended",
                members=(
                    KindField("type", "text", "how it is drawn", ("chart", "metric"), "required"),
                    KindField("data", "text", "the data it draws", need="required"),
                    KindField("title", "text", "its heading"),
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
                "what is copied into the project that installs it",
                members=(
                    KindField("from", "path", "a folder or file of the plugin", need="required"),
                    KindField("to", "target", "where it goes in the project", need="required"),
                ),
            ),
            KindField(
                "register",
                "object",
                "how the project registers it",
                members=(
                    KindField("plugin", "text", "the exported name", need="required"),
                    KindField("importPath", "target", "where it is imported from"),
                    KindField("configRequired", "flag", "whether it must be configured"),
                ),
            ),
            KindField("instructions", "lines", "what to do after installing, line by line"),
        ),
    ),
    Kind("toolset", "Toolset", "commands, agents, skills, hooks and servers of a coding assistant"),
    Kind(
        "container",
        "Container",
        "an image with declared capabilities",
        (
            KindField(
                "runtime",
                "object",
                "what runs it",
                need="required",
                members=(
                    KindField("type", "text", "the runtime", ("docker", "wasm"), "required"),
                    KindField("image", "text", "the image", need="required", pattern=_IMAGE),
                ),
            ),
            KindField(
                "capabilities",
                "objects",
                "what it answers to",
                need="recommended",
                members=(
                    KindField(
                        "name", "text", "its name", need="required", pattern=r"[\w.-]{1,100}"
                    ),
                    KindField("description", "text", "what it does"),
                    KindField("endpoint", "text", "its path on the server", pattern=r"/\S*"),
                    KindField("method", "text", "the HTTP method", _METHODS),
                ),
            ),
            KindField("sandbox", "flag", "whether it must run in the sandbox"),
        ),
    ),
    Kind("validator", "Validator", "a component that checks something", _COMPONENT),
    Kind("tool", "Tool", "a component that does something", _COMPONENT),
    Kind("pipeline", "Pipeline", "components chained into one run", _COMPONENT),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
