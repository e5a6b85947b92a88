"""Package files for the commands that read or send one."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from plugport.cli.errors import NoSuchPackageError

if TYPE_CHECKING:
    from plugport.spec.archive.model import PackReport
    from plugport.spec.manifest.model import Manifest


class BuiltPackage(Struct, frozen=True):
    """A package in a temporary file, and what was packed."""

    path: Path
    report: PackReport


@contextmanager
def build_package(folder: Path, excluded: Collection[str] = ()) -> Iterator[BuiltPackage]:
    """A temporary package of a folder without the paths in `excluded`.

    Raises `ArchiveError`, `PackError`.
    """
    from plugport.spec.archive.packer import list_source_files, pack_files

    # Before the temporary file, which is inside the folder if TMPDIR is.
    files = list_source_files(folder, excluded=excluded)
    with tempfile.TemporaryDirectory(prefix="plugport-") as temporary:
        package = Path(temporary) / "package.tgz"
        with package.open("wb") as file:
            report = pack_files(folder, files, file)
        yield BuiltPackage(package, report)


@contextmanager
def open_package(path: Path) -> Iterator[Path]:
    """The package file at `path`, or a temporary one built from the folder there.

    Raises `NoSuchPackageError`, `ArchiveError`, `PackError`.
    """
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise NoSuchPackageError(
            f"there is no folder or package `{path}`",
            hint="Enter the plugin's folder, or a `.tgz` file created by `plugport pack`.",
        )
    with build_package(path) as package:
        yield package.path


def load_package_manifest(package: Path) -> Manifest:
    """The manifest inside a package file. Raises `ArchiveError`, `ManifestError`."""
    from plugport.spec.archive.reader import load_package
    from plugport.spec.manifest.parsing import parse_manifest

    contents = load_package(package)
    return parse_manifest(contents.texts, [entry.path for entry in contents.files]).manifest


def build_package_filename(manifest: Manifest) -> str:
    """The file name of a package: `scope-name-1.0.0.tgz`."""
    name = manifest.name
    # Without `@` and `/`, which shells and file systems treat specially.
    scope = f"{name.scope}-" if name.scope is not None else ""
    return f"{scope}{name.name}-{manifest.version}.tgz"
