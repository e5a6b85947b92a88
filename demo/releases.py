"""The demo catalog: what is published, by whom, in which order, and what happens afterwards.

`catalog.yaml` contains the facts. This module loads them and assembles the files of a release.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

ROOT = Path(__file__).resolve().parent
PLUGINS = ROOT / "plugins"


@dataclass(frozen=True, slots=True)
class DemoScope:
    """A scope, the demo account that owns it, and its display name."""

    name: str
    owner: str
    title: str
    official: bool = False


@dataclass(frozen=True, slots=True)
class DemoRelease:
    """One release: `owner` is the account that publishes it, `tag` its dist-tag if not `latest`."""

    name: str
    version: str
    owner: str
    changelog: str
    tag: str | None = None
    featured: bool = False

    @property
    def folder(self) -> Path:
        """The folder with the files of this version."""
        return PLUGINS / self.name.rpartition("/")[2] / self.version


@dataclass(frozen=True, slots=True)
class DemoAction:
    """An action on a release after all are published; `text` is the message or the reason."""

    action: Literal["deprecate", "yank"]
    name: str
    version: str
    text: str
    replacement: str | None = None


@dataclass(frozen=True, slots=True)
class DemoCatalog:
    """The content of `catalog.yaml`; `categories` maps slugs to descriptions."""

    scopes: tuple[DemoScope, ...]
    categories: dict[str, str]
    releases: tuple[DemoRelease, ...]
    actions: tuple[DemoAction, ...]


def load_catalog(path: Path = ROOT / "catalog.yaml") -> DemoCatalog:
    """Load the catalog. It is part of the source code, so errors in it raise any exception."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return DemoCatalog(
        scopes=tuple(DemoScope(name, **fields) for name, fields in data["scopes"].items()),
        categories=data["categories"],
        releases=tuple(DemoRelease(**fields) for fields in data["releases"]),
        actions=tuple(
            DemoAction(
                action=fields["action"],
                name=fields["name"],
                version=fields["version"],
                text=fields.get("message") or fields["reason"],
                replacement=fields.get("replacement"),
            )
            for fields in data["afterwards"]
        ),
    )


def assemble_release(release: DemoRelease, into: Path) -> Path:
    """Copy a release's files into the folder `into`: the plugin's base, then those of the version."""
    base = release.folder.parent / "base"
    if base.is_dir():
        shutil.copytree(base, into, dirs_exist_ok=True)
    shutil.copytree(release.folder, into, dirs_exist_ok=True)
    return into
