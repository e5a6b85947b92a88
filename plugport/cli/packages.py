"""Package files for the commands that read or send one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from plugport.cli.errors import NoSuchPackageError

if TYPE_CHECKING:
    from plugport.spec.manifest.model import Manifest


@contextmanager
def open_package(path: Path) -> Iterator[Path]:
    """The package file at `path`, or a temporary one built from the folder there.

    Raises `NoSuchPackageError`, `ArchiveError`, `PackError`.
    """
    from plugport.spec.archive.packer import pack_tree

    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise NoSuchPackageError(
            f"there is no folder or package `{path}`",
            hint="Enter the plugin's folder, or a `.tgz` file created by `plugport pack`.",
        )
    # Not in the plugin's folder: the next run would pack the package itself.
    with tempfile.TemporaryDirectory(prefix="plugport-") as folder:
        package = Path(folder) / "package.tgz"
        with package.open("wb") as file:
            pack_tree(path, file)
        yield package


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
