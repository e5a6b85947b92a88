"""The first files of a plugin: what each kind starts with, in each dialect that has it.

Files are templates under `plugport/cli/templates`; the manifest is written by the same code that
reads manifests, so that what is scaffolded is valid by construction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from plugport.spec.errors import ConflictError, InvalidError
from plugport.spec.manifest.model import Manifest, Permissions, Person
from plugport.spec.manifest.writing import write_manifest
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

FIRST_VERSION = "0.1.0"
_HOST_KINDS = ("bridge", "storage", "memory", "policy", "hook", "widget")
_COMPONENT_KINDS = ("validator", "tool", "pipeline")


class NoScaffoldError(InvalidError):
    """A dialect does not have the kind that was asked for."""

    code, title = "no-scaffold", "No such scaffold"


class FilesExistError(ConflictError):
    """Files that would be written are there already. Nothing was written."""

    code, title = "files-exist", "Files exist"


@dataclass(frozen=True, slots=True)
class Scaffold:
    """Which templates a kind starts with, and what its manifest says beyond the common fields."""

    templates: tuple[str, ...]
    main: str | None = None
    fields: Mapping[str, Any] | None = None
    components: Mapping[str, Any] | None = None


_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "bridge": {"provides": ["bidirectional"]},
    "storage": {"features": ["messages", "sessions"]},
    "memory": {"features": ["metadata_filter", "namespaces"]},
    "policy": {"features": ["roles", "permissions"]},
    "hook": {"hooks": ["onMessage", "onConnect", "onDisconnect"]},
    "widget": {"displays": [{"type": "metric", "data": "uptime_seconds", "title": "Uptime"}]},
}
_COMPONENT_FIELDS = {
    "entrypoint": {"type": "python", "target": "node.py"},
    "lifecycle": "draft",
}
_CONTAINER_FIELDS = {
    "capabilities": [
        {"name": "run", "description": "Runs it once", "endpoint": "/run", "method": "POST"}
    ],
    "sandbox": True,
}
_WHAT_NEXT = b"""
# Where the source is, and what the plugin needs. What it does without saying so is a finding.
# repository: https://git.example.org/me/my-plugin
# permissions:
#   network: [api.example.org]
#   env: [API_TOKEN]
#   filesystem: ["read:./data"]
"""
_PARTS = {"commands": "./commands", "skills": "./skills"}


def _list_scaffolds() -> Iterator[tuple[tuple[str, str], Scaffold]]:
    for kind in _HOST_KINDS:
        fields = _FIELDS[kind]
        python = Scaffold(("common", "python/base", f"python/{kind}"), "plugin.py", fields)
        yield ("plugport", kind), python
        node = Scaffold(("common", f"javascript/{kind}"), "index.mjs", fields)
        yield ("agent-relay", kind), node
    for dialect in ("donkeylabs", "plugport"):
        yield (dialect, "service"), Scaffold(("common", "service"), "index.ts")
    parts = ("common", "assistant/skill", "assistant/command")
    yield ("claude", "toolset"), Scaffold(parts)
    yield ("agent-plugins", "toolset"), Scaffold(("common", "assistant/skill"))
    yield ("plugport", "toolset"), Scaffold(parts, components=_PARTS)
    for dialect in ("cortex", "plugport"):
        yield (dialect, "container"), Scaffold(("common", "container"), fields=_CONTAINER_FIELDS)
    for dialect in ("omnibase", "plugport"):
        for kind in _COMPONENT_KINDS:
            templates = ("common", f"component/{kind}")
            yield (dialect, kind), Scaffold(templates, fields=_COMPONENT_FIELDS)


SCAFFOLDS: Mapping[tuple[str, str], Scaffold] = dict(_list_scaffolds())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the author said about the plugin to be."""

    name: PluginName
    dialect: str
    kind: str
    description: str
    author: str
    license: str


def find_kinds(dialect: str) -> list[str]:
    """The kinds that can be scaffolded in a dialect; the first is the one to begin with."""
    return [kind for known, kind in SCAFFOLDS if known == dialect]


def list_dialects() -> list[str]:
    """All dialects that can be scaffolded."""
    return list(dict.fromkeys(dialect for dialect, _ in SCAFFOLDS))


def make_files(wanted: Wanted) -> dict[str, bytes]:
    """All files by path. Raises `NoScaffoldError`, `LossyManifestError`."""
    scaffold = SCAFFOLDS.get((wanted.dialect, wanted.kind))
    if scaffold is None:
        kinds = ", ".join(f"`{kind}`" for kind in find_kinds(wanted.dialect))
        raise NoScaffoldError(
            f"the dialect `{wanted.dialect}` has no plugins of the kind `{wanted.kind}`",
            hint=f"Its kinds: {kinds}.",
        )
    made = write_manifest(_make_manifest(wanted, scaffold), wanted.dialect)
    if wanted.dialect == "plugport":
        made = {path: content + _WHAT_NEXT for path, content in made.items()}
    for template in scaffold.templates:
        made.update(_render_folder(files("plugport.cli") / "templates" / template, "", wanted))
    return made


def write_files(folder: Path, content: Mapping[str, bytes]) -> None:
    """Write all files, or none. Raises `FilesExistError`."""
    # All are looked at before the first is written.
    taken = [path for path in sorted(content) if (folder / path).exists()]
    if taken:
        raise FilesExistError(
            f"`{folder}` has {', '.join(f'`{path}`' for path in taken)} already",
            hint="Nothing was written. Choose another folder, or move the files away.",
            context={"paths": taken},
        )
    for path, text in content.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)


def _make_manifest(wanted: Wanted, scaffold: Scaffold) -> Manifest:
    fields = dict(scaffold.fields or {})
    if wanted.kind == "container":
        image = f"registry.example/{wanted.name.name}:{FIRST_VERSION}"
        fields["runtime"] = {"type": "docker", "image": image}
    return Manifest(
        name=wanted.name,
        version=Version.parse(FIRST_VERSION),
        kind=wanted.kind,
        dialect=wanted.dialect,
        description=wanted.description,
        author=Person(wanted.author) if wanted.author else None,
        license=wanted.license,
        main=scaffold.main,
        kind_fields=fields,
        components=dict(scaffold.components or {}),
        permissions=Permissions(),
    )


def _render_folder(folder: Traversable, path: str, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _render_folder(item, f"{path}{item.name}/", wanted)
        elif item.name.endswith(".tmpl"):
            name = f"{path}{item.name.removesuffix('.tmpl')}".replace("dot-", ".", 1)
            target = name.replace("__slug__", wanted.name.name)
            yield target, _fill(item.read_text("utf-8"), _list_values(wanted)).encode()


def _list_values(wanted: Wanted) -> dict[str, str]:
    # Descriptions go into comments and docstrings, which they must not be able to end.
    harmless = wanted.description.replace("\\", "/").replace('"', "'").replace("*/", "* /")
    return {
        "name": str(wanted.name),
        "slug": wanted.name.name,
        "title": wanted.name.name.replace("-", " ").replace(".", " ").capitalize(),
        "description": harmless,
        "description_json": json.dumps(wanted.description, ensure_ascii=False),
        "author": wanted.author or "the author",
        "license": wanted.license,
        "version": FIRST_VERSION,
        "permissions_text": "None yet. List here, and in the manifest, what the plugin reads, "
        "writes, runs and connects to, and why.",
    }


def _fill(text: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    return text
