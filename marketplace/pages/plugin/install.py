"""The lines that install a plugin. Each of them works at this registry as it stands."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from django.conf import settings

from marketplace.plugin_queries import PluginHead

# Hosts whose own command has the same verbs: an alias makes their scripts run (product, CLI).
_ALIASES = {"agent-relay": "ar", "cortex": "cortex", "donkeylabs": "donkeylabs"}


@dataclass(frozen=True, slots=True)
class InstallLine:
    """One way: what it is for, and the lines to type, one command each."""

    title: str
    lines: tuple[str, ...]


def build_install_line(head: PluginHead) -> str:
    """The one line that most people want."""
    name = head.plugin.name
    return f"plugport install {name if head.is_latest else f'{name}@{head.release.version}'}"


def list_other_ways(head: PluginHead) -> list[InstallLine]:
    """The exact version, another folder, an alias, and without any client of ours."""
    name, version = head.plugin.name, head.release.version
    exact = f"{name}@{version}"
    ways = [
        InstallLine("Exactly this version", (f"plugport install {exact}",)),
        InstallLine(
            "Into a folder of your host", (f"plugport install {exact} --target ./plugins",)
        ),
        InstallLine(
            "From this registry, if yours is another by default",
            (f"export PLUGPORT_REGISTRY={shlex.quote(settings.BASE_URL)}",),
        ),
    ]
    alias = _ALIASES.get(str(head.manifest.get("dialect")))
    if alias:
        title = f"In scripts that say {alias} plugin, behind an alias"
        ways.append(
            InstallLine(title, (f"alias {alias}=plugport", f"{alias} plugin install {name}"))
        )
    return [*ways, InstallLine("Without a client", _build_curl_lines(head))]


def _build_curl_lines(head: PluginHead) -> tuple[str, ...]:
    name, version = head.plugin.name, head.release.version
    file = f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    url = f"{settings.BASE_URL}/api/v1/plugins/{name}/{version}/download"
    return (
        f"curl -fL -o {shlex.quote(file)} {shlex.quote(url)}",
        f"echo '{head.artifact.sha256}  {file}' | sha256sum --check",
    )
