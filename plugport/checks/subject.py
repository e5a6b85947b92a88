"""Load the input of the checks: read and unpack the archive, and parse its manifest."""

from __future__ import annotations

from pathlib import Path

from plugport.checks.base import Subject
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.reader import load_package
from plugport.spec.manifest.parsing import parse_manifest

_DEFAULT_LIMITS = ArchiveLimits()


def load_subject(archive: Path, scratch: Path, limits: ArchiveLimits = _DEFAULT_LIMITS) -> Subject:
    """Load `archive` and unpack it into the new folder `scratch/tree`.

    The caller owns `scratch` and deletes it. Raises `ArchiveError` for an invalid archive, and
    `NoManifestError` or `ManifestError` (with all problems) for its manifest.
    """
    tree = scratch / "tree"
    tree.mkdir(parents=True)
    package = load_package(archive, limits=limits, tree=tree)
    reading = parse_manifest(package.texts, [file.path for file in package.files])
    return Subject(
        archive=archive,
        package=package,
        manifest=reading.manifest,
        manifest_path=reading.path,
        tree=tree,
        warnings=reading.warnings,
    )
