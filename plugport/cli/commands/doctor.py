"""`plugport doctor`: find and repair problems of this project's plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.installer.diagnosis import InstallProblem


@plugport_command(
    "doctor",
    examples=(
        "plugport doctor",
        "plugport doctor --repair",
        "plugport doctor --target ./host/plugins --json",
    ),
)
@click.option("--repair", is_flag=True, help="Repair what can be repaired without losing files.")
@click.option("--target", metavar="DIR", help="Folder that was given to `plugport install`.")
@click.pass_obj
def command(session: Session, repair: bool, target: str | None) -> None:
    """Find problems of the installed plugins: links, missing folders, unfinished changes.

    --repair installs recorded releases again and undoes changes that cannot be completed. It
    deletes links, never their targets, and no file that was changed.
    """
    from plugport.cli.errors import ProblemsFoundError
    from plugport.installer.diagnosis import find_damage, find_unfinished_changes

    installer = session.build_installer(target)
    # Repaired first: an undone change restores a folder that would be missing otherwise.
    rows = _process(session, find_unfinished_changes(installer), repair)
    rows += _process(session, find_damage(installer, session.open_client), repair)
    session.output.print_json({"problems": rows})
    unrepaired = sum(not row["repaired"] for row in rows)
    if unrepaired:
        noun = "problem" if unrepaired == 1 else "problems"
        raise ProblemsFoundError(f"{unrepaired} {noun} found")
    if not rows:
        session.output.print_line("no problems found")


def _process(
    session: Session, problems: Sequence[InstallProblem], repair: bool
) -> list[dict[str, Any]]:
    rows = []
    for problem in problems:
        failure = _find_repair_failure(problem) if repair and problem.repair else None
        is_repaired = repair and problem.repair is not None and failure is None
        session.output.print_line(f"{'repaired' if is_repaired else 'problem'}: {problem.detail}")
        if failure is not None:
            session.output.print_line(f"  cannot be repaired: {failure}")
        elif not is_repaired:
            session.output.print_line(f"  {problem.hint}")
        rows.append(
            {
                "code": problem.code,
                "plugin": str(problem.plugin) if problem.plugin is not None else None,
                "path": str(problem.path),
                "detail": problem.detail,
                "hint": problem.hint,
                "repaired": is_repaired,
                "failure": failure,
            }
        )
    return rows


def _find_repair_failure(problem: InstallProblem) -> str | None:
    from plugport.spec.errors import PlugportError

    assert problem.repair is not None
    try:
        problem.repair()
    except (PlugportError, OSError) as error:
        return str(error)
    return None
