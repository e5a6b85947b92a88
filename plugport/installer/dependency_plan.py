"""Which plugins must be installed with another one, because it depends on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from plugport.client.client import RegistryClient
from plugport.client.models import Release
from plugport.installer.dependency_solver import Candidate, Solution, solve_dependencies
from plugport.installer.errors import DependencyLimitError
from plugport.installer.install_record import InstalledPlugin, InstalledPlugins
from plugport.spec.errors import MissingError
from plugport.spec.manifest.model import Dependencies
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

if TYPE_CHECKING:
    from plugport.installer.layout import InstallLayout


# Each is a file that stays open until all are verified; systems allow at least 256.
MAX_RELEASES = 100


class DependencyPlan(Struct, frozen=True):
    """The releases to install before the requested plugins, dependencies first, and those that stay.

    `needed_by` names the plugins, as `name@version`, that need each of them. `present_names` has the
    names of renamed plugins by their old names. `client` is set if there are releases.
    """

    releases: tuple[Release, ...] = ()
    kept: tuple[InstalledPlugin, ...] = ()
    needed_by: Mapping[PluginName, tuple[str, ...]] = field(default_factory=dict)
    present_names: Mapping[str, str] = field(default_factory=dict)
    client: RegistryClient | None = None


class RequestedPlugin(Struct, frozen=True):
    """A plugin that is installed because the user requested it.

    `declared` is all that its manifest declares, also what another program installs.
    """

    name: PluginName
    version: Version
    declared: Dependencies


# Chooses what the requested plugins need. They have different names.
PlanDependencies = Callable[[Sequence[RequestedPlugin]], DependencyPlan]


def plan_nothing(_requested: Sequence[RequestedPlugin]) -> DependencyPlan:
    """The `PlanDependencies` that installs no dependencies."""
    return DependencyPlan()


def plan_dependencies(
    requested: Sequence[RequestedPlugin],
    installed: InstalledPlugins,
    layout: InstallLayout,
    get_client: Callable[[], RegistryClient],
) -> DependencyPlan:
    """Choose a version for each plugin that the requested ones need, directly or through others.

    Installed versions that fit stay. `get_client` is called only if others are needed. Raises
    `DependencyNotFoundError`, `DependencyConflictError`, `DependencyLimitError`, and the errors of
    the registry.
    """
    roots = [Candidate(str(each.name), each.version, each.declared.plugins) for each in requested]
    releases: dict[tuple[str, str], Release] = {}

    def load(needed: str) -> list[Candidate]:
        candidates = []
        for release in _list_installable(get_client(), needed):
            candidate = _build_candidate(release)
            releases[candidate.name, str(candidate.version)] = release
            candidates.append(candidate)
        return candidates

    # A plugin without its folder is not installed, whatever the record says.
    present = {
        str(plugin.name): plugin
        for plugin in installed.values()
        if layout.folder_of(plugin.name).is_dir()
    }
    candidates = {
        key: Candidate(key, plugin.version, plugin.dependencies) for key, plugin in present.items()
    }
    solution = solve_dependencies(roots, load, candidates)
    chosen = solution.chosen
    root_names = [root.name for root in roots]
    ordered = _sort_dependencies_first(solution, root_names)
    names = [each for each in ordered if each not in root_names]
    kept = [each for each in names if chosen[each] is candidates.get(each)]
    added = [each for each in names if each not in kept]
    if len(added) > MAX_RELEASES:
        raise DependencyLimitError(
            f"{' and '.join(f'`{root.label}`' for root in roots)} need {len(added)} plugins that"
            f" are not installed; at most {MAX_RELEASES} are installed at once",
            hint="Install some of them first.",
        )
    return DependencyPlan(
        tuple(releases[each, str(chosen[each].version)] for each in added),
        tuple(present[each] for each in kept),
        {PluginName.parse(each): _list_dependents(solution, each) for each in names},
        solution.present_names,
        get_client() if added else None,
    )


def _list_installable(client: RegistryClient, name: str) -> list[Release]:
    """The releases that a range can select, best first: the newest, deprecated ones last."""
    try:
        releases = client.list_releases(PluginName.parse(name))
    except MissingError:
        return []
    installable = [release for release in releases if release.is_installable]
    installable.sort(key=lambda release: release.version, reverse=True)
    return sorted(installable, key=lambda release: release.is_deprecated)


def _build_candidate(release: Release) -> Candidate:
    return Candidate(str(release.name), release.version, release.data["dependencies"]["plugins"])


def _sort_dependencies_first(solution: Solution, roots: Sequence[str]) -> list[str]:
    """The names in the solution, each after those it needs as far as cycles allow."""
    done: dict[str, None] = {}
    # A list instead of recursion: chains of dependencies can be long.
    pending = [(root, False) for root in reversed(roots)]
    visited = set()
    while pending:
        name, is_left = pending.pop()
        if is_left:
            done[name] = None
        elif name not in visited:
            visited.add(name)
            pending.append((name, True))
            needed = solution.list_needed(name)
            pending += [(each, False) for each in reversed(needed)]
    return list(done)


def _list_dependents(solution: Solution, name: str) -> tuple[str, ...]:
    return tuple(
        candidate.label
        for other, candidate in sorted(solution.chosen.items())
        if name in solution.list_needed(other)
    )
