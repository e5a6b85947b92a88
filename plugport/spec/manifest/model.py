"""The normalised manifest: what every dialect is read into.

Dialects differ in spelling; this is the one shape that the registry stores, the API shows and
the checks read. All of it is immutable and JSON-ready through `Manifest.as_dict()`, whose keys
are camelCase as everywhere in the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from plugport.spec.names import PluginName
from plugport.spec.versions import Version

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever the manifest names as its author."""

    name: str
    email: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the source lives. `directory` is the plugin's folder inside it, if not the root."""

    url: str
    type: str = "git"
    directory: str | None = None


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Names and npm ranges: of other plugins, of language packages, and of the host (`peer`)."""

    plugins: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    peer: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the plugin asks for (PKG-6a). Everything is empty unless declared.

    `filesystem`: `read:PATH` or `write:PATH` (write includes read); `network`: hosts or
    `*.domain`; `exec`: program names; `env`: variable names; `components`: the parts that act by
    themselves in an assistant, as `hook:EVENT`, `mcp:SERVER`, `lsp:SERVER`.
    """

    filesystem: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    exec: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """The plugin's settings: a JSON schema and which keys are required or optional."""

    schema: Mapping[str, JsonValue] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the author declares, in one form for all dialects.

    `kind` is a key of `plugport.spec.manifest.kinds.KINDS`; `kind_fields` holds that kind's own
    fields (`provides`, `implements`, `features`, `capabilities`, ...). `engine` maps a runtime or
    host to the npm range it must satisfy (`node`, `bun`, `cortex`, `agent-relay`); `framework` is
    the range of the framework the plugin is written for. `components` maps a component sort
    (`commands`, `agents`, `skills`, `hooks`, `mcpServers`, ...) to what the manifest says of it.
    `extra` keeps, by their own names, the fields the model has no place for, so that writing the
    same dialect back loses nothing.
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
        """Return the manifest as JSON-ready values with camelCase keys; empty members are left out."""
        from plugport.spec.manifest.serialise import manifest_to_dict

        return manifest_to_dict(self)
