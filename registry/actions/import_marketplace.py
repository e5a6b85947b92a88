"""Import a Claude Code marketplace: publish each of its plugins.

Nothing bypasses a check: each plugin is packed, received, recorded, checked and decided like an
upload.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accounts.models import User
from common.disk_errors import translate_full_disk
from plugport.spec.errors import FieldError, PlugportError
from plugport.spec.manifest.document import MAX_MARKETPLACE_BYTES
from plugport.spec.manifest.marketplace import MARKETPLACE_PATH, Marketplace, parse_marketplace
from plugport.spec.manifest.marketplace_entries import MarketplaceEntry, UnusableEntry
from plugport.spec.text import quote_text
from registry.actions.publish_folder import publish_folder
from registry.errors import MarketplaceNotFoundError, ReadmesNotFoundError
from registry.models import Release
from registry.models.states import ReleaseState
from registry.publishing.marketplace_folder import MarketplaceFolder, write_plugin_folder
from registry.queries import catalog
from registry.storage.scratch import SCRATCH, open_scratch_folder


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one entry: `published`, `unchanged`, `held` or `refused`, and the reason.

    `index` is the position of the entry in the marketplace, from 0. `address` is where its source
    says that the files are. `notes` lists what was changed or left out, one line each.
    """

    index: int
    name: str
    result: str
    reason: str = ""
    detail: str = ""
    version: str = ""
    address: str = ""
    notes: tuple[str, ...] = ()


def load_marketplace(folder: Path) -> tuple[Path, Marketplace]:
    """Load the marketplace in `folder`, or the only one in a folder below it.

    Returns the folder that its sources are relative to, and the marketplace. Raises
    `MarketplaceNotFoundError` or `ManifestError`.
    """
    paths = [folder / MARKETPLACE_PATH]
    if not _is_file(paths[0]):
        # Without links to folders, which can form a loop, and without folders that cannot be read.
        paths = [Path(parent) / MARKETPLACE_PATH for parent, _, _ in os.walk(folder)]
        paths = sorted(path for path in paths if _is_file(path))
    if len(paths) != 1:
        raise MarketplaceNotFoundError(
            f"`{folder}` contains {len(paths) or 'no'} `{MARKETPLACE_PATH}`; exactly one is required.",
            hint="Specify the folder of a Claude Code marketplace: the root of its repository.",
        )
    try:
        with paths[0].open("rb") as file:
            # One byte more than allowed: the parser refuses it, and no file fills the memory.
            content = file.read(MAX_MARKETPLACE_BYTES + 1)
    except OSError as error:
        raise MarketplaceNotFoundError(
            f"`{paths[0]}` cannot be read: {error.strerror or 'unknown error'}."
        ) from None
    return paths[0].parent.parent, parse_marketplace(content)


def list_readmes(folder: Path) -> list[Path]:
    """The Markdown files in `folder` for plugins without a README, sorted by name.

    Links are left out: they could publish any file of this machine (CWE-59). So is `README.md`, which
    describes the folder and not a plugin. Raises `ReadmesNotFoundError` if there is no such file.
    """
    paths = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    readmes = [path for path in paths if not path.is_symlink() and _is_file(path)]
    if not readmes:
        raise ReadmesNotFoundError(
            f"`{folder}` contains no `.md` file for plugins.",
            hint="Specify a folder with `.md` files; `README.md` and links are not used.",
        )
    return readmes


def _is_file(path: Path) -> bool:
    # Neither a pipe, which blocks its reader, nor a device. Unlike the method of `Path`, this is false
    # for a name that is too long for the file system.
    return os.path.isfile(path)  # noqa: PTH113


def import_marketplace(
    *, actor: User, folder: Path, marketplace: Marketplace, scope: str, readmes: Sequence[Path]
) -> Iterator[Outcome]:
    """Publish every entry of the marketplace under the scope.

    Yields one outcome per entry, in the order of the marketplace; entries that cannot be used are
    refused. An entry without a README in its folder gets one of `readmes`, in rotation.
    """
    source = MarketplaceFolder(folder, marketplace, scope)
    listed: list[MarketplaceEntry | UnusableEntry] = [*marketplace.entries, *marketplace.unusable]
    for entry in sorted(listed, key=lambda each: each.index):
        if isinstance(entry, UnusableEntry):
            yield _refuse_entry(entry)
        else:
            readme = readmes[entry.index % len(readmes)] if readmes else None
            yield _import_entry(actor, source, entry, readme)


def _refuse_entry(entry: UnusableEntry) -> Outcome:
    first = entry.problems[0]
    return Outcome(entry.index, entry.name, "refused", first.code, _format_problem(first))


def _import_entry(
    actor: User, source: MarketplaceFolder, entry: MarketplaceEntry, readme: Path | None
) -> Outcome:
    name, address = quote_text(entry.name).strip("`"), entry.source.address
    try:
        with open_scratch_folder() as scratch:
            with translate_full_disk(SCRATCH):
                notes = write_plugin_folder(scratch / "plugin", source, entry, readme)
            publication = publish_folder(actor=actor, folder=scratch / "plugin")
    except PlugportError as error:
        # One plugin that cannot be imported does not stop the others.
        first = error.fields[0] if error.fields else None
        reason, detail = error.code, error.detail
        if first:
            reason, detail = first.code, _format_problem(first)
        return Outcome(entry.index, name, "refused", reason, detail, address=address)
    except OSError as error:
        # Such as a file in the place of a folder, or names that this file system cannot store.
        detail = f"its files cannot be copied: {error.strerror or 'unknown error'}"
        return Outcome(entry.index, name, "refused", "not-copied", detail, address=address)
    release = publication.release
    result, reason = "refused", ""
    if release.state == ReleaseState.PUBLISHED:
        result = "published" if publication.is_new else "unchanged"
    else:
        result = "held" if release.state == ReleaseState.HELD else "refused"
        reason = _find_first_error_rule(release) or release.state
    return Outcome(
        entry.index,
        release.plugin.name,
        result,
        reason,
        release.verdict_reason if reason else "",
        release.version,
        address,
        tuple(notes),
    )


def _format_problem(problem: FieldError) -> str:
    place = problem.field or problem.file or ""
    return f"{place}: {problem.detail}" if place else problem.detail


def _find_first_error_rule(release: Release) -> str | None:
    """The rule of the release's first error finding, None if it has none."""
    findings = [f for run in catalog.list_checks(release) for f in run.findings]
    return next((f["rule"] for f in findings if f["severity"] == "error"), None)
