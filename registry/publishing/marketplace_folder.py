"""Build the folder of a plugin that a marketplace lists, as it is packed and published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from plugport.spec.archive.packer import list_source_files
from plugport.spec.archive.source_files import open_source
from plugport.spec.manifest.formats import claude
from plugport.spec.manifest.marketplace import Marketplace
from plugport.spec.manifest.marketplace_entries import MarketplaceEntry, parse_entry_manifest
from plugport.spec.manifest.marketplace_sources import RelativeSource
from plugport.spec.manifest.model import JsonValue, Manifest
from plugport.spec.manifest.rendering import render_manifest
from plugport.spec.text import quote_text
from plugport.spec.versions import InvalidVersionError, Version
from registry.errors import RemoteSourceError, SourceFolderError, SymlinkError

# The version of a plugin when neither it nor the marketplace declares one.
DEFAULT_VERSION = Version.parse("0.0.0")


@dataclass(frozen=True, slots=True)
class MarketplaceFolder:
    """A marketplace, the folder that its sources are relative to, and the scope of its plugins."""

    folder: Path
    marketplace: Marketplace
    scope: str


def write_plugin_folder(
    target: Path, source: MarketplaceFolder, entry: MarketplaceEntry, readme: Path | None
) -> list[str]:
    """Write the entry's files, the joined manifest and a README to the new folder `target`.

    Returns what was changed or left out, one line each. Raises `RemoteSourceError`,
    `SourceFolderError`, `SymlinkError`, `ManifestError`, and what `list_source_files` raises.
    """
    folder = find_source_folder(source.folder, entry)
    _copy_files(folder, target)
    own_manifest = target / claude.FORMAT.path
    parsed = parse_entry_manifest(
        entry,
        own_manifest.read_bytes() if own_manifest.is_file() else None,
        source.scope,
        _get_fallback_version(source.marketplace),
    )
    notes = [f"{warning.field}: {warning.detail}" for warning in parsed.warnings]
    missing: list[str] = []
    manifest = _remove_missing_components(parsed.manifest, target, missing)
    notes += [
        f"{item} is not in the folder, so the manifest does not declare it" for item in missing
    ]
    for path, content in render_manifest(manifest, claude.FORMAT.name).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)
    if readme is not None and not any(target.glob("[Rr][Ee][Aa][Dd][Mm][Ee]*")):
        shutil.copyfile(readme, target / "README.md")
        notes.append(f"README.md is {quote_text(readme.name)}, because the folder has none")
    return notes


def _get_fallback_version(marketplace: Marketplace) -> Version:
    # Hosts accept any text as the version of a marketplace, such as `2.0`.
    try:
        return Version.parse(marketplace.version or "")
    except InvalidVersionError:
        return DEFAULT_VERSION


def find_source_folder(root: Path, entry: MarketplaceEntry) -> Path:
    """Return the folder with the files of an entry.

    Raises `RemoteSourceError` if they are elsewhere, `SourceFolderError` if there is no folder, and
    `SymlinkError` if it is outside the marketplace.
    """
    if not isinstance(entry.source, RelativeSource):
        raise RemoteSourceError(
            f"The files of `{entry.name}` are not in this folder but at"
            f" {quote_text(entry.source.address, 300)}."
        )
    names = [path for path in (entry.source.path, entry.source.other_path) if path is not None]
    real_root = os.path.realpath(root)
    for name in names:
        folder = root / name
        # Resolved, so that neither `..` nor a link in the path leaves the folder (CWE-22). Unlike the
        # method of `Path`, this returns a path for links that form a loop, which is no folder.
        if not Path(os.path.realpath(folder)).is_relative_to(real_root):
            raise SymlinkError(f"The folder of `{entry.name}` is outside the marketplace.")
        # Unlike the method of `Path`, this is false for a name that is too long for the file system.
        if os.path.isdir(folder):  # noqa: PTH112
            return folder
    listed = " and no folder ".join(quote_text(f"./{name}") for name in names)
    raise SourceFolderError(
        f"The marketplace has no folder {listed}, the source of `{entry.name}`.",
        hint="Correct `source` in the marketplace, or import a complete copy of its repository.",
    )


def _copy_files(folder: Path, target: Path) -> None:
    """Copy the files that a package of the folder contains.

    The packer lists them, so that ignored files and `.git` stay behind and links are refused:
    following a link would publish or overwrite any file of this machine (CWE-59).
    """
    for file in list_source_files(folder):
        copy = target / file.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(open_source(folder, file.path), "rb") as content, copy.open("xb") as out:
            shutil.copyfileobj(content, out)
        copy.chmod(0o755 if file.executable else 0o644)


def _remove_missing_components(manifest: Manifest, root: Path, missing: list[str]) -> Manifest:
    """The manifest without the components whose files are not under `root`.

    Many marketplaces are kept apart from the files they list. Such a plugin is imported as its
    manifest and README, and must not declare components that the package does not contain. What is
    removed is added to `missing`.
    """
    components = {}
    for component_type, value in manifest.components.items():
        missing += [
            f"{component_type} {quote_text(path)}" for path in _iter_missing_paths(value, root)
        ]
        components[component_type] = _filter_existing(value, root)
    return replace(
        manifest,
        components={name: value for name, value in components.items() if value not in (None, [])},
    )


def _iter_missing_paths(value: JsonValue, root: Path) -> Iterator[str]:
    items: Sequence[JsonValue] = value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        items = [item.get("source") for item in value.values() if isinstance(item, dict)]
    for item in items:
        if isinstance(item, str) and not _exists(root / item):
            yield item


def _filter_existing(value: JsonValue, root: Path) -> JsonValue:
    if isinstance(value, str):
        return value if _exists(root / value) else None
    if isinstance(value, list):
        return [item for item in value if _filter_existing(item, root) is not None]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if _has_source(item, root)} or None
    return value


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 -- false for a name that is too long


def _has_source(item: JsonValue, root: Path) -> bool:
    """Whether the file of `{"name": {"source": "./path"}}` exists; True without a source."""
    source = item.get("source") if isinstance(item, dict) else None
    return not isinstance(source, str) or _exists(root / source)
