"""Making the subject of the checks: read the archive once, unpack it, read its manifest."""

from __future__ import annotations

from pathlib import Path

from plugport.checks.base import Subject
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.reader import read_package
from plugport.spec.manifest.reading import read_manifest

_DEFAULT_LIMITS = ArchiveLimits()


def make_subject(archive: Path, scratch: Path, limits: ArchiveLimits = _DEFAULT_LIMITS) -> Subject:
    """Read `archive` into an empty folder `scratch/tree`, which is created.

    The caller owns `scratch` and removes it. Raises `ArchiveError` if the archive cannot be
    taken, `NoManifestError` or `ManifestError` (with every fault) if its manifest cannot.
    """
    tree = scratch / "tree"
    tree.mkdir(parents=True)
    package = read_package(archive, limits=limits, tree=tree)
    reading = read_manifest(package.texts, [file.path for file in package.files])
    return Subject(
        archive=archive,
        package=package,
        manifest=reading.manifest,
        manifest_path=reading.path,
        tree=tree,
        warnings=reading.warnings,
    )
