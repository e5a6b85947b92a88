"""Import a Claude Code marketplace: publish each of its plugins.

Nothing bypasses a check: each plugin is packed, received, recorded, checked and decided like an
upload.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from accounts.models import User
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.formats import claude
from plugport.spec.manifest.marketplace import MARKETPLACE_PATH, Marketplace, parse_marketplace
from plugport.spec.manifest.marketplace_entries import MarketplaceEntry, parse_entry_manifest
from plugport.spec.manifest.marketplace_sources import RelativeSource
from plugport.spec.manifest.model import JsonValue, Manifest
from plugport.spec.manifest.rendering import render_manifest
from plugport.spec.versions import Version
from registry.actions.publish_folder import publish_folder
from registry.errors import MarketplaceNotFoundError, RemoteSourceError, SymlinkError
from registry.models import Release
from registry.models.states import ReleaseState
from registry.queries import catalog
from registry.storage.scratch import open_scratch_folder

# The version of a plugin when neither it nor the marketplace declares one.
DEFAULT_VERSION = Version.parse("0.0.0")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one plugin: `published`, `unchanged`, `held` or `refused`, and the reason."""

    name: str
    result: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MarketplaceImport:
    """What every entry of one import shares."""

    folder: Path
    marketplace: Marketplace
    scope: str


def load_marketplace(folder: Path) -> tuple[Path, Marketplace]:
    """Load the marketplace in `folder`, or the only one in a folder below it.

    Returns the folder that its sources are relative to, and the marketplace. Raises
    `MarketplaceNotFoundError` or `ManifestError`.
    """
    paths = [folder / MARKETPLACE_PATH]
    if not paths[0].is_file():
        paths = sorted(folder.rglob(MARKETPLACE_PATH))
    if len(paths) != 1:
        raise MarketplaceNotFoundError(
            f"`{folder}` contains {len(paths) or 'no'} `{MARKETPLACE_PATH}`; exactly one is required.",
            hint="Specify the folder of a Claude Code marketplace: the root of its repository.",
        )
    return paths[0].parent.parent, parse_marketplace(paths[0].read_bytes())


def import_marketplace(
    *, actor: User, folder: Path, marketplace: Marketplace, scope: str, readmes: Sequence[Path]
) -> Iterator[Outcome]:
    """Publish every entry of the marketplace under the scope; yields one outcome per entry.

    An entry without a README in its folder gets one of `readmes`, in rotation.
    """
    job = MarketplaceImport(folder, marketplace, scope)
    for number, entry in enumerate(marketplace.entries):
        readme = readmes[number % len(readmes)] if readmes else None
        yield _import_entry(actor, job, entry, readme)


def _import_entry(
    actor: User, job: MarketplaceImport, entry: MarketplaceEntry, readme: Path | None
) -> Outcome:
    try:
        with open_scratch_folder() as scratch:
            _write_plugin_folder(scratch / "plugin", job, entry, readme)
            publication = publish_folder(actor=actor, folder=scratch / "plugin")
    except PlugportError as error:
        # One plugin that cannot be imported does not stop the others.
        first = error.fields[0] if error.fields else None
        return Outcome(
            entry.name,
            "refused",
            first.code if first else error.code,
            f"{first.field}: {first.detail}" if first else error.detail,
        )
    release = publication.release
    if release.state == ReleaseState.PUBLISHED:
        return Outcome(release.plugin.name, "published" if publication.is_new else "unchanged")
    result = "held" if release.state == ReleaseState.HELD else "refused"
    return Outcome(
        release.plugin.name,
        result,
        _find_first_error_rule(release) or release.state,
        release.verdict_reason,
    )


def _find_first_error_rule(release: Release) -> str | None:
    """The rule of the release's first error finding, None if it has none."""
    findings = [f for run in catalog.list_checks(release) for f in run.findings]
    return next((f["rule"] for f in findings if f["severity"] == "error"), None)


def remove_missing_components(manifest: Manifest, root: Path) -> Manifest:
    """The manifest without the components whose files are not under `root`.

    Many marketplaces are kept apart from the files they list. Such a plugin is imported as its
    manifest and README, and must not declare components that the package does not contain.
    """
    components = {
        component_type: _filter_existing(value, root)
        for component_type, value in manifest.components.items()
    }
    return replace(
        manifest,
        components={name: value for name, value in components.items() if value not in (None, [])},
    )


def _filter_existing(value: JsonValue, root: Path) -> JsonValue:
    if isinstance(value, str):
        return value if (root / value).exists() else None
    if isinstance(value, list):
        return [item for item in value if _filter_existing(item, root) is not None]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if _has_source(item, root)} or None
    return value


def _has_source(item: JsonValue, root: Path) -> bool:
    """Whether the file of `{"name": {"source": "./path"}}` exists; True without a source."""
    source = item.get("source") if isinstance(item, dict) else None
    return not isinstance(source, str) or (root / source).exists()


def _write_plugin_folder(
    target: Path, job: MarketplaceImport, entry: MarketplaceEntry, readme: Path | None
) -> None:
    """Write the plugin's package folder: its files, the joined manifest, a README."""
    _copy_source(target, job.folder, entry)
    own_manifest = target / claude.FORMAT.path
    version = job.marketplace.version
    parsed = parse_entry_manifest(
        entry,
        own_manifest.read_bytes() if own_manifest.is_file() else None,
        job.scope,
        Version.parse(version) if version else DEFAULT_VERSION,
    )
    manifest = remove_missing_components(parsed.manifest, target)
    for path, content in render_manifest(manifest, claude.FORMAT.name).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)
    if readme is not None and not any(target.glob("[Rr][Ee][Aa][Dd][Mm][Ee]*")):
        shutil.copyfile(readme, target / "README.md")


def _copy_source(target: Path, folder: Path, entry: MarketplaceEntry) -> None:
    """Copy the entry's files to `target`; it stays empty for an entry that has no folder.

    Raises `RemoteSourceError`, and `SymlinkError` for a source that leaves the marketplace.
    """
    if not isinstance(entry.source, RelativeSource):
        source_type = type(entry.source).__name__.removesuffix("Source")
        raise RemoteSourceError(
            f"The files of `{entry.name}` are not in this folder (source: {source_type})."
        )
    source = folder / entry.source.path
    # Resolved, so that neither `..` nor a link in the path leaves the folder (CWE-22).
    if not source.resolve().is_relative_to(folder.resolve()):
        raise SymlinkError(f"The folder of `{entry.name}` is outside the marketplace.")
    if source.is_dir() and source.resolve() != folder.resolve():
        # Links are copied as links, so that the check below finds them.
        shutil.copytree(source, target, symlinks=True)
    else:
        target.mkdir()
    # The packer refuses links too, but the manifest and README are read and written before it
    # runs: following a link here would read or overwrite any file of this machine (CWE-59).
    if link := next((path for path in target.rglob("*") if path.is_symlink()), None):
        raise SymlinkError(
            f"`{entry.name}` contains the symbolic link `{link.relative_to(target)}`.",
            hint="Replace the link with the file itself.",
        )
