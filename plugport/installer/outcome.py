"""What an installation did."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, field

from plugport.installer.dependency_plan import DependencyPlan
from plugport.installer.install_record import InstalledPlugin
from plugport.spec.manifest.model import Dependencies


class Outcome(Struct, frozen=True):
    """The result of an installation. `previous` is the plugin that was installed before."""

    plugin: InstalledPlugin
    folder: Path
    previous: InstalledPlugin | None
    is_unchanged: bool = False
    # The outcomes of the plugins that were installed because this one needs them.
    dependencies: tuple[Outcome, ...] = ()
    plan: DependencyPlan = field(default_factory=DependencyPlan)
    # All that the manifest declares, also what another program installs.
    declared: Dependencies = field(default_factory=Dependencies)


class InstalledReleases(Struct, frozen=True):
    """The outcomes of several releases in their order, and of what was installed because of them."""

    requested: tuple[Outcome, ...]
    dependencies: tuple[Outcome, ...]
