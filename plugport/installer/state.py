"""The record of what is installed: `installed.json`, the same bytes for the same set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugport.installer.errors import BrokenStateError
from plugport.installer.files import write_json
from plugport.spec.comparing.permissions import parse_permissions
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import write_permissions
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

FORMAT = 1
RECORD_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """One installed plugin.

    `resolved` is the URL or path it came from; `registry` is None where it came from none.
    `permissions` are those its manifest asks for: what the person agreed to by installing it.
    """

    name: PluginName
    version: Version
    kind: str
    resolved: str
    integrity: str
    files_digest: str
    registry: str | None = None
    trust: str | None = None
    dependencies: Mapping[str, str] = field(default_factory=dict)
    permissions: Permissions = field(default_factory=Permissions)

    def as_dict(self) -> dict[str, Any]:
        """The record's JSON, without the name, which is its key."""
        values = {
            "version": str(self.version),
            "kind": self.kind,
            "resolved": self.resolved,
            "integrity": self.integrity,
            "filesDigest": self.files_digest,
            "registry": self.registry,
            "trust": self.trust,
            "dependencies": dict(self.dependencies),
            "permissions": write_permissions(self.permissions),
        }
        return {key: value for key, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, name: str, data: Any) -> InstalledPlugin:
        """Read one record. Raises `PlugportError`, `TypeError`, `KeyError`, `AttributeError`."""
        dependencies = data.get("dependencies", {})
        return cls(
            name=PluginName.parse(name),
            version=Version.parse(_text(data["version"])),
            kind=_text(data["kind"]),
            resolved=_text(data["resolved"]),
            integrity=_text(data["integrity"]),
            files_digest=_text(data["filesDigest"]),
            registry=_find_text(data.get("registry")),
            trust=_find_text(data.get("trust")),
            dependencies={_text(key): _text(value) for key, value in dependencies.items()},
            # A record without them agreed to nothing, so that nothing is gained unseen.
            permissions=parse_permissions(data.get("permissions")),
        )


Installed = dict[PluginName, InstalledPlugin]


def read_installed(path: Path) -> Installed:
    """All installed plugins; none where there is no record. Raises `BrokenStateError`."""
    data = read_record(path)
    if data is None:
        return {}
    # A newer format may mean something else by the same words.
    if data.get("format") != FORMAT:
        raise BrokenStateError(
            f"`{path}` has format `{data.get('format')!r}`; this version reads {FORMAT}",
            hint="Use the version of Plugport that wrote it, or a newer one.",
        )
    try:
        found = [InstalledPlugin.from_dict(*item) for item in data["plugins"].items()]
    except (PlugportError, TypeError, KeyError, AttributeError) as error:
        raise _complain(path, error) from error
    return {plugin.name: plugin for plugin in found}


def write_installed(path: Path, installed: Installed) -> None:
    """Replace the record atomically."""
    # No times and sorted keys: the file belongs into version control and into reviews.
    plugins = {str(name): plugin.as_dict() for name, plugin in installed.items()}
    write_json(path, {"format": FORMAT, "plugins": plugins})


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file of bounded size; None where there is none.

    Raises `BrokenStateError` for anything else.
    """
    try:
        with path.open("rb") as file:
            # The file may come with a cloned project, so it is read like any foreign input.
            content = file.read(RECORD_BYTES + 1)
    except FileNotFoundError:
        return None
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _complain(path, error) from error
    if not isinstance(data, dict) or len(content) > RECORD_BYTES:
        raise _complain(path, "not an object of at most 16 MiB")
    return data


def find_dependents(installed: Installed, name: PluginName) -> list[PluginName]:
    """The other installed plugins that depend on this one, sorted."""
    return sorted(
        other.name
        for other in installed.values()
        if other.name != name and str(name) in map(_normalise, other.dependencies)
    )


def _normalise(text: str) -> str:
    try:
        return str(PluginName.parse(text))
    except PlugportError:
        return text


def _complain(path: Path, reason: object) -> BrokenStateError:
    return BrokenStateError(
        f"`{path}` cannot be read: {reason}",
        hint="Restore it from version control or remove it, then install the plugins again.",
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text was expected, found {type(value).__name__}")
    return value


def _find_text(value: Any) -> str | None:
    return None if value is None else _text(value)
