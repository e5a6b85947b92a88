"""`plugport pack`: build a package from a plugin folder."""

from __future__ import annotations

from pathlib import Path

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.output import format_size
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FILE_PATH


@plugport_command(
    "pack",
    examples=(
        "plugport pack",
        "plugport pack ./my-plugin --output dist/my-plugin.tgz",
        "plugport pack --output - | sha256sum",
    ),
)
@click.argument("path", default=".", metavar="[PATH]", type=FILE_PATH)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=FILE_PATH,
    help="Package file to write, or - for stdout.  [default: NAME-VERSION.tgz]",
)
@click.pass_obj
def command(session: Session, path: str, output: str | None) -> None:
    """Build a package from a plugin folder.

    Leaves out files listed in .gitignore and .plugportignore. Fails if a file is known to contain
    secrets, such as .env. The same files always give the same bytes. FILE may be a pipe; links,
    devices and folders are refused.
    """
    from plugport.cli.errors import NoSuchPackageError
    from plugport.cli.package_output import STDOUT

    folder = Path(path)
    if not folder.is_dir():
        raise NoSuchPackageError(f"there is no folder `{folder}`")
    if output == STDOUT and session.output.as_json:
        raise click.UsageError("--json cannot be used with `--output -`: both write to stdout")
    if output == STDOUT and session.output.is_stdout_closed:
        raise click.UsageError("stdout is closed, so that no package can be written to it")
    _pack_folder(session, folder, output)


def _pack_folder(session: Session, folder: Path, output: str | None) -> None:
    from plugport.cli.package_output import (
        STDOUT,
        check_output,
        check_replaced,
        find_path_inside,
        write_package,
    )
    from plugport.cli.packages import (
        build_package,
        build_package_filename,
        load_package_manifest,
    )

    excluded = None
    if output is not None:
        # Before packing, which can take seconds.
        check_output(output)
        excluded = find_path_inside(folder, output)
        if excluded is not None and output != STDOUT:
            check_replaced(output)
    with build_package(folder, [excluded] if excluded else []) as package:
        manifest, report = load_package_manifest(package.path), package.report
        if output is None:
            output = build_package_filename(manifest)
            # The package of an earlier run, where no ignore rule excludes it.
            if find_path_inside(folder, output) in {file.path for file in report.files}:
                _pack_folder(session, folder, output)
                return
            check_output(output)
        write_package(package.path, output)
    session.output.print_json(
        {
            "name": str(manifest.name),
            "version": str(manifest.version),
            "file": output,
            "size": report.size_bytes,
            "integrity": report.sha512.sri,
            "checksum": report.sha256.hex,
            "files": [{"path": file.path, "size": file.size_bytes} for file in report.files],
        }
    )
    size = format_size(report.size_bytes)
    # With `--output -`, stdout contains the package.
    print_line = session.output.note if output == STDOUT else session.output.print_line
    shown = "stdout" if output == STDOUT else output
    count = len(report.files)
    print_line(f"packed {count} file{'s' if count > 1 else ''} into {shown} ({size})")
    print_line(f"integrity {report.sha512.sri}")
