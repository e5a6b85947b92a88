"""`plugport doctor`: find and repair problems of this project's plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.cli.terminal.completions import FOLDER_PATH

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
@click.option(
    "--target",
    metavar="DIR",
    type=FOLDER_PATH,
    help="Folder that was given to `plugport install`.",
)
@click.pass_obj
def command(session: Session, repair: bool, target: str | None) -> None:
    """Find problems of the environment and of the installed plugins.

    Checks environment variables, then plugins: links, missing folders, unfinished changes.

    --repair installs recorded releases again and undoes changes that cannot be completed. It
    deletes links, never their targets, and no file that was changed.
    """
    from plugport.cli.errors import ProblemsFoundError
    from plugport.installer.diagnosis import find_damage, find_unfinished_changes

    rows = _list_environment_rows(session)
    installer = session.build_installer(target)
    # Repaired first: an undone change restores a folder that would be missing otherwise.
    rows += _process(session, find_unfinished_changes(installer), repair)
    rows += _process(session, find_damage(installer, session.open_client), repair)
    session.output.print_json({"problems": rows})
    unrepaired = sum(not row["repaired"] for row in rows)
    if unrepaired:
        noun = "problem" if unrepaired == 1 else "problems"
        raise ProblemsFoundError(f"{unrepaired} {noun} found")
    if not rows:
        session.output.print_line("no problems found")


def _list_environment_rows(session: Session) -> list[dict[str, Any]]:
    from plugport.environment.diagnosis import find_variable_problems
    from plugport.spec.errors import PlugportError

    problems = find_variable_problems()
    for check in (lambda: session.registry, session.find_token):
        try:
            check()
        except PlugportError as error:
            problems.append(error)
    for problem in problems:
        session.output.print_line(f"problem: {problem.detail}")
        if problem.hint:
            session.output.print_line(f"  {problem.hint}")
    return [_build_row(problem.code, problem.detail, problem.hint or "") for problem in problems]


def _build_row(code: str, detail: str, hint: str, **members: Any) -> dict[str, Any]:
    row = {"code": code, "plugin": None, "path": None, "detail": detail, "hint": hint}
    return {**row, "repaired": False, "failure": None, **members}


def _process(
    session: Session, problems: Sequence[InstallProblem], repair: bool
) -> list[dict[str, Any]]:
    rows = []
    for problem in problems:
        hint = session.output.hints.complete(problem.hint)
        failure = _find_repair_failure(problem) if repair and problem.repair else None
        is_repaired = repair and problem.repair is not None and failure is None
        session.output.print_line(f"{'repaired' if is_repaired else 'problem'}: {problem.detail}")
        if failure is not None:
            session.output.print_line(f"  cannot be repaired: {failure}")
        elif not is_repaired:
            session.output.print_line(f"  {hint}")
        rows.append(
            _build_row(
                problem.code,
                problem.detail,
                hint,
                plugin=str(problem.plugin) if problem.plugin is not None else None,
                path=str(problem.path),
                repaired=is_repaired,
                failure=failure,
            )
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
