"""The demo catalogue: what is published, by whom, in which order, and what happens afterwards.

`catalogue.yaml` holds the facts; this module reads them and puts a release's files together.
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
    """A scope, the demo account that owns it, and the name people see."""

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
        """The version's own files."""
        return PLUGINS / self.name.rpartition("/")[2] / self.version


@dataclass(frozen=True, slots=True)
class DemoAct:
    """What happens to a release once all are published; `text` is the message or the reason."""

    act: Literal["deprecate", "yank"]
    name: str
    version: str
    text: str
    replacement: str | None = None


@dataclass(frozen=True, slots=True)
class DemoCatalogue:
    """Everything of `catalogue.yaml`; `categories` maps a slug to its description."""

    scopes: tuple[DemoScope, ...]
    categories: dict[str, str]
    releases: tuple[DemoRelease, ...]
    acts: tuple[DemoAct, ...]


def read_catalogue(path: Path = ROOT / "catalogue.yaml") -> DemoCatalogue:
    """Read the catalogue. It is part of the source, so faults raise whatever they raise."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return DemoCatalogue(
        scopes=tuple(DemoScope(name, **fields) for name, fields in data["scopes"].items()),
        categories=data["categories"],
        releases=tuple(DemoRelease(**fields) for fields in data["releases"]),
        acts=tuple(
            DemoAct(
                act=fields["act"],
                name=fields["name"],
                version=fields["version"],
                text=fields.get("message") or fields["reason"],
                replacement=fields.get("replacement"),
            )
            for fields in data["afterwards"]
        ),
    )


def assemble_release(release: DemoRelease, into: Path) -> Path:
    """Copy a release's files into the folder `into`: the plugin's base, then the version's own."""
    base = release.folder.parent / "base"
    if base.is_dir():
        shutil.copytree(base, into, dirs_exist_ok=True)
    shutil.copytree(release.folder, into, dirs_exist_ok=True)
    return into
