"""Publishing from this machine: folders and whole catalogues, through the same pipeline.

Nothing here goes around a check: a package is packed, received, recorded, checked and decided as
if it had come by HTTP.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from accounts.models import User
from plugport.spec.archive.packer import pack_tree
from plugport.spec.errors import InvalidError, MissingError, PlugportError, UnavailableError
from plugport.spec.manifest.entries import MarketplaceEntry, entry_manifest
from plugport.spec.manifest.marketplace import MARKETPLACE_PATH, Marketplace, read_marketplace
from plugport.spec.manifest.model import JsonValue, Manifest
from plugport.spec.manifest.sources import RelativeSource
from plugport.spec.manifest.writing import write_manifest
from plugport.spec.versions import Version
from registry import queries
from registry.actions.publish_release import publish_release
from registry.models import Release
from registry.publishing.receive import receive_file
from registry.publishing.states import ReleaseState
from registry.scratch import open_scratch_folder
from registry.work import work_off

_POLL_SECONDS = 0.1
_PLUGIN_JSON = ".claude-plugin/plugin.json"
# What a catalogue's plugin gets that names no version anywhere.
UNKNOWN_VERSION = Version.parse("0.0.0")


class ElsewhereError(InvalidError):
    """The files of a catalogue's entry are not in its folder."""

    code, title = "files-elsewhere", "The files are elsewhere"


class LinkedOutError(InvalidError):
    """A catalogue's entry is or holds a symbolic link, which may lead to any file of this machine."""

    code, title = "linked-out", "A symbolic link"


class NoMarketplaceError(MissingError):
    """The folder holds no catalogue."""

    code, title = "no-marketplace", "No marketplace"


class UndecidedError(UnavailableError):
    """The checks of a release did not end in time."""

    code, title = "undecided", "Not decided yet"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one package: `published`, `unchanged`, `held` or `refused`, and why."""

    name: str
    result: str
    reason: str = ""
    detail: str = ""


def publish_folder(
    *, actor: User, folder: Path, tag: str = "", changelog: str = ""
) -> tuple[Release, bool]:
    """Pack a folder, publish it, and see its checks through.

    Returns the decided release and whether it is new. Runs the checks here unless a worker is
    faster. Raises what packing and publishing raise, `UndecidedError` if the checks do not end.
    """
    with open_scratch_folder() as scratch:
        archive = scratch / "package.tgz"
        with archive.open("wb") as out:
            pack_tree(folder, out)
        with receive_file(archive) as received:
            done = publish_release(actor=actor, received=received, tag=tag, changelog=changelog)
    _see_through(done.release)
    return done.release, done.is_new


def _see_through(release: Release) -> None:
    until = time.monotonic() + 2 * settings.LEASE_SECONDS
    while release.state == ReleaseState.CHECKING:
        work_off()
        release.refresh_from_db()
        if release.state == ReleaseState.CHECKING:
            if time.monotonic() > until:
                raise UndecidedError(f"`{release}` is still being checked.")
            time.sleep(_POLL_SECONDS)


def open_marketplace(folder: Path) -> tuple[Path, Marketplace]:
    """Read the catalogue in `folder`, or the only one in a folder below it.

    Returns the folder that its sources are relative to, and the catalogue. Raises
    `NoMarketplaceError` or `ManifestError`.
    """
    found = [folder / MARKETPLACE_PATH]
    if not found[0].is_file():
        found = sorted(folder.rglob(MARKETPLACE_PATH))
    if len(found) != 1:
        raise NoMarketplaceError(
            f"`{folder}` has {len(found) or 'no'} `{MARKETPLACE_PATH}`; one is needed.",
            hint="Name the folder of a Claude Code marketplace: the root of its repository.",
        )
    return found[0].parent.parent, read_marketplace(found[0].read_bytes())


def import_entries(
    *, actor: User, folder: Path, marketplace: Marketplace, scope: str, readmes: Sequence[Path]
) -> Iterator[Outcome]:
    """Publish every entry of the catalogue under the scope, one outcome an entry.

    An entry whose folder has no README gets one of `readmes`, in turn.
    """
    for number, entry in enumerate(marketplace.entries):
        readme = readmes[number % len(readmes)] if readmes else None
        yield _import_entry(actor, folder, marketplace, entry, scope, readme)


def _import_entry(
    actor: User,
    folder: Path,
    marketplace: Marketplace,
    entry: MarketplaceEntry,
    scope: str,
    readme: Path | None,
) -> Outcome:
    try:
        with open_scratch_folder() as scratch:
            _lay_out(scratch / "plugin", folder, marketplace, entry, scope, readme)
            release, is_new = publish_folder(actor=actor, folder=scratch / "plugin")
    except PlugportError as error:
        first = error.fields[0] if error.fields else None
        return Outcome(
            entry.name,
            "refused",
            first.code if first else error.code,
            f"{first.field}: {first.detail}" if first else error.detail,
        )
    if release.state == ReleaseState.PUBLISHED:
        return Outcome(release.plugin.name, "published" if is_new else "unchanged")
    result = "held" if release.state == ReleaseState.HELD else "refused"
    return Outcome(
        release.plugin.name, result, _find_rule(release) or release.state, release.verdict_reason
    )


def _find_rule(release: Release) -> str:
    findings = [f for run in queries.list_checks(release) for f in run.findings]
    return next((f["rule"] for f in findings if f["severity"] == "error"), "")


def drop_missing_components(manifest: Manifest, root: Path) -> Manifest:
    """The manifest without the components whose files are not under `root`.

    Catalogues are often kept apart from the files they list. What is imported then is the
    manifest and the README, and it promises nothing that it does not bring.
    """
    kept = {sort: _keep_present(value, root) for sort, value in manifest.components.items()}
    return replace(
        manifest, components={sort: v for sort, v in kept.items() if v not in (None, [])}
    )


def _keep_present(value: JsonValue, root: Path) -> JsonValue:
    if isinstance(value, str):
        return value if (root / value).exists() else None
    if isinstance(value, list):
        return [item for item in value if _keep_present(item, root) is not None]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if _has_source(item, root)} or None
    return value


def _has_source(item: JsonValue, root: Path) -> bool:
    """Whether a component of a mapping brings its file: `{"name": {"source": "./path"}}`."""
    source = item.get("source") if isinstance(item, dict) else None
    return not isinstance(source, str) or (root / source).exists()


def _lay_out(
    target: Path,
    folder: Path,
    marketplace: Marketplace,
    entry: MarketplaceEntry,
    scope: str,
    readme: Path | None,
) -> None:
    """Write the plugin's package folder: its files, the joined manifest, a README."""
    if not isinstance(entry.source, RelativeSource):
        kind = type(entry.source).__name__.removesuffix("Source")
        raise ElsewhereError(f"`{entry.name}` is fetched from elsewhere ({kind}), not imported.")
    source = folder / entry.source.path
    if not source.resolve().is_relative_to(folder.resolve()):
        raise LinkedOutError(f"The folder of `{entry.name}` lies outside the catalogue.")
    if source.is_dir() and source.resolve() != folder.resolve():
        shutil.copytree(source, target, symlinks=True)
    else:
        target.mkdir()
    own = target / _PLUGIN_JSON
    # Files are read and written below, before the packer looks for links.
    if link := next((path for path in target.rglob("*") if path.is_symlink()), None):
        raise LinkedOutError(
            f"`{entry.name}` holds the symbolic link `{link.relative_to(target)}`.",
            hint="A package holds no links: put the file itself there.",
        )
    fallback = Version.parse(marketplace.version) if marketplace.version else UNKNOWN_VERSION
    reading = entry_manifest(entry, own.read_bytes() if own.is_file() else None, scope, fallback)
    manifest = drop_missing_components(reading.manifest, target)
    for path, content in write_manifest(manifest, "claude").items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)
    if readme is not None and not any(target.glob("[Rr][Ee][Aa][Dd][Mm][Ee]*")):
        shutil.copyfile(readme, target / "README.md")
