"""`plugport pack`: make the package of a plugin's folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.output import format_size
from plugport.cli.session import Session


@plugport_command(
    "pack",
    examples=("plugport pack", "plugport pack ./my-plugin --output dist/my-plugin.tgz"),
)
@click.argument("path", default=".", metavar="[PATH]")
@click.option("-o", "--output", metavar="FILE", help="Where to write; NAME-VERSION.tgz otherwise.")
@click.pass_obj
def command(session: Session, path: str, output: str | None) -> None:
    """Make the package of a plugin's folder: the same files give the same bytes.

    .gitignore and .plugportignore are honoured; files with secrets are refused.
    """
    from plugport.cli.packing import NoSuchPackageError, name_package, read_package_manifest
    from plugport.spec.archive.packer import pack_tree

    folder = Path(path)
    if not folder.is_dir():
        raise NoSuchPackageError(f"there is no folder `{folder}`")
    parent = Path(output).parent if output is not None else Path()
    parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that the name appears only with the whole package behind it.
    handle, beside = tempfile.mkstemp(dir=parent, prefix=".pack-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            report = pack_tree(folder, file)
            os.fchmod(file.fileno(), 0o644)
        manifest = read_package_manifest(Path(beside))
        target = Path(output) if output is not None else parent / name_package(manifest)
        Path(beside).replace(target)
    finally:
        Path(beside).unlink(missing_ok=True)
    session.output.show_json(
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
    session.output.show(f"packed {len(report.files)} files into {target} ({size})")
    session.output.show(f"integrity {report.sha512.sri}")
