"""Print what `plugport install` installed, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from plugport.cli.session import Session

if TYPE_CHECKING:
    from plugport.cli.engines import EngineChecker
    from plugport.client.models import ReleasePermissionChanges
    from plugport.installer import InstalledReleases, Outcome
    from plugport.installer.dependency_plan import DependencyPlan


def print_installed(
    session: Session,
    outcome: Outcome,
    changes: ReleasePermissionChanges | None,
    engines: EngineChecker,
) -> None:
    """Print the outcome of one plugin."""
    from plugport.cli.dependencies import note_packages, print_dependencies

    session.output.print_json(
        {
            **_build_row(outcome, changes, engines),
            **_build_dependency_members(outcome.dependencies, outcome.plan),
        }
    )
    print_dependencies(session, outcome.dependencies, outcome.plan)
    note_packages(session, outcome)
    _print_line(session, outcome)


def print_several(
    session: Session,
    installed: InstalledReleases,
    changes: Sequence[ReleasePermissionChanges | None],
    engines: EngineChecker,
) -> None:
    """Print the outcomes of several plugins, which have one plan."""
    from plugport.cli.dependencies import note_packages, print_dependencies

    plan = installed.requested[0].plan
    rows = [
        _build_row(outcome, gained, engines)
        for outcome, gained in zip(installed.requested, changes, strict=True)
    ]
    session.output.print_json(
        {"plugins": rows, **_build_dependency_members(installed.dependencies, plan)}
    )
    print_dependencies(session, installed.dependencies, plan)
    for outcome in installed.requested:
        note_packages(session, outcome)
        _print_line(session, outcome)


def _build_row(
    outcome: Outcome, changes: ReleasePermissionChanges | None, engines: EngineChecker
) -> dict[str, Any]:
    from plugport.spec.manifest.permissions import build_permissions_value

    plugin = outcome.plugin
    previous = outcome.previous.version if outcome.previous is not None else None
    return {
        "installed": {"name": str(plugin.name), **plugin.as_dict()},
        "folder": str(outcome.folder),
        "previousVersion": str(previous) if previous is not None else None,
        "changed": not outcome.is_unchanged,
        "gained": None
        if changes is None
        else {
            "over": str(changes.before),
            "permissions": build_permissions_value(changes.permissions),
        },
        "packages": dict(outcome.declared.packages),
        "peer": dict(outcome.declared.peer),
        "engines": engines.build_rows(f"{plugin.name}@{plugin.version}"),
    }


def _build_dependency_members(
    dependencies: Sequence[Outcome], plan: DependencyPlan
) -> dict[str, Any]:
    from plugport.cli.dependencies import build_dependency_rows

    kept = [{"name": str(each.name), "version": str(each.version)} for each in plan.kept]
    return {"dependencies": build_dependency_rows(dependencies, plan), "keptDependencies": kept}


def _print_line(session: Session, outcome: Outcome) -> None:
    from plugport.cli.dependencies import format_installed

    plugin = outcome.plugin
    session.output.print_line(
        f"{plugin.name}@{plugin.version} is already up to date"
        if outcome.is_unchanged
        else format_installed(outcome)
    )
