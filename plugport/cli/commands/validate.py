"""`plugport validate`: the registry's checks, here and offline."""

from __future__ import annotations

from pathlib import Path

import click

from plugport.cli.lazy import plugport_command
from plugport.cli.session import Session


@plugport_command(
    "validate",
    examples=(
        "plugport validate",
        "plugport validate ./my-plugin",
        "plugport validate my-plugin-1.0.0.tgz --json",
    ),
)
@click.argument("path", default=".", metavar="[PATH]")
@click.pass_obj
def command(session: Session, path: str) -> None:
    """Run the checks that the registry runs on publishing, offline.

    PATH is a plugin's folder (the current one if left out) or a package. Errors would refuse the
    release; warnings and notes would not.
    """
    from plugport.cli.packing import ValidationFailedError, open_package, run_checks, show_check

    with open_package(Path(path)) as package:
        run = run_checks(package)
    manifest = run.subject.manifest
    document = run.as_dict()
    session.output.show_json(document)
    session.output.show(f"{manifest.name}@{manifest.version} ({manifest.dialect})")
    for check in document["checks"]:
        show_check(session.output, check["title"], check["state"], check["findings"])
    if run.count_errors:
        raise ValidationFailedError(
            f"`{manifest.name}@{manifest.version}` has {run.count_errors} "
            f"{'error' if run.count_errors == 1 else 'errors'}",
            hint="Each finding above says what to do. Then validate again.",
        )
    session.output.show("valid: the registry's checks pass")
