"""Choose the plugins that a plugin to install needs, with the user's consent, and print them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from plugport.cli.output import format_size
from plugport.spec.text import quote_text

if TYPE_CHECKING:
    from pathlib import Path

    from plugport.cli.session import Session
    from plugport.client import RegistryClient, Release
    from plugport.installer import Installer, Outcome
    from plugport.installer.dependency_plan import (
        DependencyPlan,
        PlanDependencies,
        RequestedPlugin,
    )

_MAX_LISTED = 10


def build_planner(
    installer: Installer,
    get_client: Callable[[], RegistryClient],
    agree: Callable[[Release, str], None],
) -> PlanDependencies:
    """Return the `Installer.plan` of the command line.

    `agree` is called for each release that is not installed, with the names of those that need it.
    It raises if the release must not be installed.
    """
    from plugport.installer.dependency_plan import plan_dependencies

    def plan(requested: Sequence[RequestedPlugin]) -> DependencyPlan:
        planned = plan_dependencies(
            requested, installer.list_installed(), installer.layout, get_client
        )
        # All of them before the first download.
        for release in planned.releases:
            agree(release, ", ".join(planned.needed_by[release.name]))
        return planned

    return plan


def build_dependency_rows(
    dependencies: Sequence[Outcome], plan: DependencyPlan
) -> list[dict[str, Any]]:
    """The plugins that were installed because requested ones need them, as JSON."""
    return [
        {
            "installed": {"name": str(each.plugin.name), **each.plugin.as_dict()},
            "folder": str(each.folder),
            "previousVersion": str(each.previous.version) if each.previous else None,
            "neededBy": list(plan.needed_by[each.plugin.name]),
        }
        for each in dependencies
    ]


def print_dependencies(
    session: Session, dependencies: Sequence[Outcome], plan: DependencyPlan
) -> None:
    """Print what was installed because requested plugins need it."""
    for each in dependencies:
        needed_by = ", ".join(plan.needed_by[each.plugin.name])
        session.output.print_line(f"{format_installed(each)}, needed by {needed_by}")


def note_packages(session: Session, outcome: Outcome) -> None:
    """Name the packages that a plugin needs and that another program must install."""
    declared = outcome.declared
    groups = (("packages", declared.packages), ("packages of its host", declared.peer))
    for title, ranges in groups:
        if ranges and not outcome.is_unchanged:
            listed = [quote_text(f"{name} {text}") for name, text in ranges.items()]
            more = f" and {len(listed) - _MAX_LISTED} more" if len(listed) > _MAX_LISTED else ""
            session.output.note(
                f"`{outcome.plugin.name}` also needs {title} that Plugport does not install:"
                f" {', '.join(listed[:_MAX_LISTED])}{more}"
            )


def format_installed(outcome: Outcome) -> str:
    """One line about an installed plugin, such as `installed x@1.1.0, replacing 1.0.0 (2 kB) in …`."""
    plugin, previous = outcome.plugin, outcome.previous
    is_other = previous is not None and previous.version != plugin.version
    replaced = f", replacing {previous.version}" if previous is not None and is_other else ""
    # The size on disk, not that of the package, which is compressed.
    size = sum(_get_size(path) for path in outcome.folder.rglob("*"))
    label = f"{plugin.name}@{plugin.version}"
    return f"installed {label}{replaced} ({format_size(size)}) in {outcome.folder}"


def _get_size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
