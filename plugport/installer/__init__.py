"""Installing plugins into a project or a folder, with nothing half-done left behind.

from plugport.installer import Installer, Site, choose_release, decide_install

release = choose_release(client, PluginName.parse("@ar/slack-bridge"), "^1.0.0")
if decide_install(release).policy is Policy.AUTO:
    Installer(Site.of_project(Path()), cache).install_release(client, release)
"""

from plugport.installer.choose import choose_release
from plugport.installer.decide import Decision, Policy, decide_install
from plugport.installer.gains import Gain
from plugport.installer.install import Installer, Outcome
from plugport.installer.site import Site
from plugport.installer.sources import (
    PathSource,
    RegistrySource,
    Source,
    UrlSource,
    parse_source,
)
from plugport.installer.state import InstalledPlugin

__all__ = [
    "Decision",
    "Gain",
    "InstalledPlugin",
    "Installer",
    "Outcome",
    "PathSource",
    "Policy",
    "RegistrySource",
    "Site",
    "Source",
    "UrlSource",
    "choose_release",
    "decide_install",
    "parse_source",
]
