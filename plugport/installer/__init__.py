"""Install plugins into a project or a folder, completely or not at all.

from plugport.installer import Installer, InstallLayout, resolve_release, decide_install

release = resolve_release(client, PluginName.parse("@ar/slack-bridge"), "^1.0.0")
if decide_install(release).policy is Policy.AUTO:
    Installer(InstallLayout.for_project(Path()), cache).install_release(client, release)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugport.lazy_exports import export_lazily

if TYPE_CHECKING:
    from plugport.installer.install_policy import Decision, Policy, decide_install
    from plugport.installer.install_record import InstalledPlugin
    from plugport.installer.installer import Installer
    from plugport.installer.layout import InstallLayout
    from plugport.installer.outcome import InstalledReleases, Outcome
    from plugport.installer.permission_changes import PermissionChanges
    from plugport.installer.resolver import resolve_release
    from plugport.installer.sources import (
        PathSource,
        RegistrySource,
        Source,
        UrlSource,
        parse_source,
    )

__all__ = [
    "Decision",
    "InstallLayout",
    "InstalledPlugin",
    "InstalledReleases",
    "Installer",
    "Outcome",
    "PathSource",
    "PermissionChanges",
    "Policy",
    "RegistrySource",
    "Source",
    "UrlSource",
    "decide_install",
    "parse_source",
    "resolve_release",
]

__getattr__ = export_lazily(
    __name__,
    {
        "Decision": "install_policy",
        "InstallLayout": "layout",
        "InstalledPlugin": "install_record",
        "InstalledReleases": "outcome",
        "Installer": "installer",
        "Outcome": "outcome",
        "PathSource": "sources",
        "PermissionChanges": "permission_changes",
        "Policy": "install_policy",
        "RegistrySource": "sources",
        "Source": "sources",
        "UrlSource": "sources",
        "decide_install": "install_policy",
        "parse_source": "sources",
        "resolve_release": "resolver",
    },
)
