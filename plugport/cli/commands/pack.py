"""`plugport pack`: build a package from a plugin folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.output import format_size
from plugport.cli.session import Session


@plugport_command(
    "pack",
    examples=("plugport pack", "plugport pack ./my-plugin --output dist/my-plugin.tgz"),
)
@click.argument("path", default=".", metavar="[PATH]")
@click.option(
    "-o", "--output", metavar="FILE", help="Package file to write.  [default: NAME-VERSION.tgz]"
)
@click.pass_obj
def command(session: Session, path: str, output: str | None) -> None:
    """Build a package from a plugin folder.

    Leaves out files listed in .gitignore and .plugportignore. Fails if a file is known to contain
    secrets, such as .env. The same files always give the same bytes.
    """
    from plugport.cli.errors import NoSuchPackageError
    from plugport.cli.packages import build_package_filename, load_package_manifest
    from plugport.spec.archive.packer import pack_tree

    folder = Path(path)
    if not folder.is_dir():
        raise NoSuchPackageError(f"there is no folder `{folder}`")
    parent = Path(output).parent if output is not None else Path()
    # Before packing, so that a path without write permission fails early.
    parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the rename is atomic: no other process sees part of a package.
    handle, temporary = tempfile.mkstemp(dir=parent, prefix=".pack-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            report = pack_tree(folder, file)
            # `mkstemp` creates files that only their owner can read.
            os.fchmod(file.fileno(), 0o644)
        manifest = load_package_manifest(Path(temporary))
        target = Path(output) if output is not None else parent / build_package_filename(manifest)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    session.output.print_json(
        {
            "name": str(manifest.name),
            "version": str(manifest.version),
            "file": str(target),
            "size": report.size_bytes,
            "integrity": report.sha512.sri,
            "checksum": report.sha256.hex,
            "files": [{"path": file.path, "size": file.size_bytes} for file in report.files],
        }
    )
    size = format_size(report.size_bytes)
    session.output.print_line(f"packed {len(report.files)} files into {target} ({size})")
    session.output.print_line(f"integrity {report.sha512.sri}")
