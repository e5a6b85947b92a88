"""The record of installed plugins, `installed.json`: the same plugins give the same bytes."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from plugport.installer.errors import BrokenRecordError
from plugport.installer.filesystem import write_json
from plugport.spec.diff.permissions import parse_permissions
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import build_permissions_value
from plugport.spec.names import PluginName
from plugport.spec.ranges import Range
from plugport.spec.versions import Version

# Raise it when an older version would misread the file.
FORMAT = 1
RECORD_BYTES = 16 << 20


class InstalledPlugin(Struct, frozen=True):
    """One installed plugin.

    `resolved` is the URL or path that it was installed from; `registry` is None unless it was a
    registry. `permissions` are those of its manifest, to which the user agreed by installing it.
    `publisher` is the owner of the plugin when the release became public, as the registry said.
    `is_requested` is false for a plugin that was installed only because others need it.
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
    is_requested: bool = True
    publisher: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON, without the name, which is its key in the file."""
        values = {
            "version": str(self.version),
            "kind": self.kind,
            "resolved": self.resolved,
            "integrity": self.integrity,
            "filesDigest": self.files_digest,
            "registry": self.registry,
            "trust": self.trust,
            "publisher": self.publisher,
            "dependencies": dict(self.dependencies),
            "permissions": build_permissions_value(self.permissions),
            "requested": None if self.is_requested else False,
        }
        # Absent rather than null, so that a plugin from a path has a short record.
        return {key: value for key, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, name: str, data: Any) -> InstalledPlugin:
        """Parse one record. Raises `PlugportError`, `TypeError`, `KeyError`, `AttributeError`."""
        dependencies = data.get("dependencies", {})
        return cls(
            name=PluginName.parse(name),
            # Every member is checked: the file may be edited by hand or come with a cloned project.
            version=Version.parse(_require_text(data["version"])),
            kind=_require_text(data["kind"]),
            resolved=_require_text(data["resolved"]),
            integrity=_require_text(data["integrity"]),
            files_digest=_require_text(data["filesDigest"]),
            registry=_find_text(data.get("registry")),
            trust=_find_text(data.get("trust")),
            # Absent in records of earlier versions.
            publisher=_find_text(data.get("publisher")),
            dependencies={
                _require_text(key): _require_text(value) for key, value in dependencies.items()
            },
            # Without permissions in the record, the user has agreed to none.
            permissions=parse_permissions(data.get("permissions")),
            # Absent in records of requested plugins, and in those of earlier versions.
            is_requested=data.get("requested") is not False,
        )


InstalledPlugins = dict[PluginName, InstalledPlugin]


def load_installed(path: Path) -> InstalledPlugins:
    """All installed plugins by name; empty without a file. Raises `BrokenRecordError`."""
    data = load_json_object(path)
    if data is None:
        return {}
    # A newer format may use the same members with another meaning.
    if data.get("format") != FORMAT:
        raise BrokenRecordError(
            f"`{path}` has the format `{data.get('format')!r}`; expected {FORMAT}",
            hint="Use the version of Plugport that wrote the file, or a newer one.",
        )
    try:
        plugins = [InstalledPlugin.from_dict(*item) for item in data["plugins"].items()]
    except (PlugportError, TypeError, KeyError, AttributeError) as error:
        raise _build_record_error(path, error) from error
    return {plugin.name: plugin for plugin in plugins}


def write_installed(path: Path, installed: InstalledPlugins) -> None:
    """Replace the record atomically."""
    # Sorted and without times, because people commit and review the file.
    plugins = {str(name): plugin.as_dict() for name, plugin in installed.items()}
    write_json(path, {"format": FORMAT, "plugins": plugins})


def load_json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file of at most `RECORD_BYTES`; None if the file does not exist.

    Raises `BrokenRecordError` for any other content.
    """
    try:
        # The file may come with a cloned project: without this flag, opening a pipe waits forever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _build_record_error(path, "it is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # Bounded for the same reason (CWE-400).
            content = file.read(RECORD_BYTES + 1)
    finally:
        os.close(descriptor)
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _build_record_error(path, error) from error
    if not isinstance(data, dict) or len(content) > RECORD_BYTES:
        raise _build_record_error(path, "it is not an object of at most 16.8 MB")
    return data


def list_dependents(installed: InstalledPlugins, name: PluginName) -> list[PluginName]:
    """The installed plugins that depend on another one, sorted by name."""
    return sorted(
        other.name
        for other in installed.values()
        if other.name != name and str(name) in map(_normalize_name, other.dependencies)
    )


def list_unmet(installed: InstalledPlugins, plugin: InstalledPlugin) -> dict[str, str]:
    """The dependencies of a plugin of which no version, or one that does not fit, is installed."""
    versions = {str(other.name): other.version for other in installed.values()}
    return {
        name: text
        for name, text in plugin.dependencies.items()
        if not _is_in_range(versions.get(_normalize_name(name)), text)
    }


def _is_in_range(version: Version | None, text: str) -> bool:
    try:
        return version is not None and version in Range.parse(text)
    except PlugportError:
        return False


def list_orphans(installed: InstalledPlugins, name: PluginName) -> list[PluginName]:
    """The plugins that nobody needs once `name` is removed, sorted; plugins in a cycle included.

    These are the ones that were not requested, are needed by `name`, directly or through others,
    and by no requested plugin.
    """
    requested = [plugin.name for plugin in installed.values() if plugin.is_requested]
    needed = _list_reachable(installed, [each for each in requested if each != name], without=name)
    candidates = _list_reachable(installed, [name]) - needed - {name}
    return sorted(each for each in candidates if not installed[each].is_requested)


def _list_reachable(
    installed: InstalledPlugins, start: list[PluginName], without: PluginName | None = None
) -> set[PluginName]:
    """Plugins and all that they need, without one of them and what only that one needs."""
    names = {str(name): name for name in installed}
    reached: set[PluginName] = set()
    pending = list(start)
    while pending:
        name = pending.pop()
        if name not in reached and name != without:
            reached.add(name)
            needed = map(_normalize_name, installed[name].dependencies)
            pending += [names[each] for each in needed if each in names]
    return reached


def _normalize_name(text: str) -> str:
    try:
        return str(PluginName.parse(text))
    except PlugportError:
        return text


def _build_record_error(path: Path, reason: object) -> BrokenRecordError:
    return BrokenRecordError(
        f"`{path}` is invalid: {reason}",
        hint="Restore the file from version control or delete it, then install the plugins again.",
    )


def _require_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value


def _find_text(value: Any) -> str | None:
    return None if value is None else _require_text(value)
