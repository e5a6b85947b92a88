"""The normalized manifest: one model for all manifest formats.

The registry stores it, the API returns it and the checks inspect it. All classes are immutable.
`Manifest.as_dict()` returns JSON-ready values with camelCase keys, as everywhere in the API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct, field
from msgspec.structs import fields

from plugport.spec.names import PluginName
from plugport.spec.versions import Version

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


class Person(Struct, frozen=True):
    """The author of a plugin. `github` is a user name on GitHub."""

    name: str
    email: str | None = None
    url: str | None = None
    github: str | None = None


class Repository(Struct, frozen=True):
    """The source repository. `directory` is the plugin's folder in it, or None for its root."""

    url: str
    type: str = "git"
    directory: str | None = None


class Dependencies(Struct, frozen=True):
    """Names and npm ranges of other plugins, language packages, and packages of the host (`peer`)."""

    plugins: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    peer: Mapping[str, str] = field(default_factory=dict)


class Permissions(Struct, frozen=True):
    """The permissions that a plugin declares. Everything is denied by default.

    `filesystem`: `read:PATH` or `write:PATH` (write includes read); `network`: hosts or
    `*.domain`; `exec`: program names; `env`: names of environment variables; `components`: parts
    that run on their own in an assistant, as `hook:EVENT`, `mcp:SERVER` or `lsp:SERVER`.
    """

    filesystem: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    exec: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    components: tuple[str, ...] = ()


class Config(Struct, frozen=True):
    """The settings of a plugin: a JSON schema, and the names of required and optional settings."""

    schema: Mapping[str, JsonValue] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


class Manifest(Struct, frozen=True):
    """What the author declares, independent of the manifest format.

    `dialect` is the name of the manifest format. `kind` is a key of `kinds.KINDS`, and
    `kind_fields` holds the fields of that kind (`provides`, `implements`, `features`, ...).
    `engine` maps a runtime or host (`node`, `bun`, `cortex`) to the npm range it must satisfy;
    `framework` is the range of the framework that the plugin is written for. `components` maps a
    component type (`commands`, `agents`, `skills`, `hooks`, `mcpServers`, ...) to its declaration.
    `extra` holds all fields that the model does not know, under their own names, so that a manifest
    can be written back in the same format without loss.
    """

    name: PluginName
    version: Version
    kind: str
    dialect: str
    description: str = ""
    display_name: str | None = None
    author: Person | None = None
    license: str | None = None
    homepage: str | None = None
    repository: Repository | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    main: str | None = None
    types: str | None = None
    config: Config | None = None
    dependencies: Dependencies = field(default_factory=Dependencies)
    engine: Mapping[str, str] = field(default_factory=dict)
    framework: str | None = None
    permissions: Permissions = field(default_factory=Permissions)
    kind_fields: Mapping[str, JsonValue] = field(default_factory=dict)
    components: Mapping[str, JsonValue] = field(default_factory=dict)
    extensions: Mapping[str, JsonValue] = field(default_factory=dict)
    extra: Mapping[str, JsonValue] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON-ready values with camelCase keys, without empty members."""
        value = build_json_value(self)
        assert isinstance(value, dict)
        return value


def format_json_key(name: str) -> str:
    """Return the JSON key of a member: `display_name` becomes `displayName`."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


@cache
def _list_members(struct: type[Struct]) -> tuple[tuple[str, str], ...]:
    # Cached per class: computing the keys took half of the time of `as_dict`.
    return tuple((item.name, format_json_key(item.name)) for item in fields(struct))


def build_json_value(value: object) -> Any:
    """Return a member of a manifest as a JSON-ready value, without empty members of objects."""
    if isinstance(value, PluginName | Version):
        return str(value)
    if isinstance(value, Struct):
        members = (
            (key, build_json_value(getattr(value, name)))
            for name, key in _list_members(type(value))
        )
        return {key: member for key, member in members if member not in (None, "", [], {})}
    if isinstance(value, tuple):
        return [build_json_value(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value
