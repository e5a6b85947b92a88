"""Commands that install a plugin from this registry."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from django.conf import settings

from marketplace.queries.plugin_detail import PluginHead
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS


@dataclass(frozen=True, slots=True)
class InstallMethod:
    """A way to install: its title and the commands, one per line."""

    title: str
    lines: tuple[str, ...]


def build_install_command(head: PluginHead) -> str:
    """Return the command that most people need."""
    name = head.plugin.name
    return f"plugport install {name if head.is_latest else f'{name}@{head.release.version}'}"


def list_other_install_methods(head: PluginHead) -> list[InstallMethod]:
    """Return the other ways: a pinned version, a target folder, an alias, curl."""
    name, version = head.plugin.name, head.release.version
    exact = f"{name}@{version}"
    methods = [
        InstallMethod("Install exactly this version", (f"plugport install {exact}",)),
        InstallMethod(
            "Install into a folder of your host", (f"plugport install {exact} --target ./plugins",)
        ),
        InstallMethod(
            "Use this registry by default",
            (f"export PLUGPORT_REGISTRY={shlex.quote(settings.BASE_URL)}",),
        ),
    ]
    # `plugport` has the same subcommands as these hosts, so an alias lets scripts for them work.
    manifest_format = MANIFEST_FORMATS.get(str(head.manifest.get("dialect")))
    if manifest_format and (alias := manifest_format.host_command):
        title = f"Use it in scripts that call {alias} plugin"
        methods.append(
            InstallMethod(title, (f"alias {alias}=plugport", f"{alias} plugin install {name}"))
        )
    return [*methods, InstallMethod("Download without a client", _build_curl_lines(head))]


def _build_curl_lines(head: PluginHead) -> tuple[str, ...]:
    name, version = head.plugin.name, head.release.version
    # The scope becomes part of the file name: `-o @scope/name.tgz` would need a folder.
    file = f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    url = f"{settings.BASE_URL}/api/v1/plugins/{name}/{version}/download"
    return (
        f"curl -fL -o {shlex.quote(file)} {shlex.quote(url)}",
        f"echo '{head.artifact.sha256}  {file}' | sha256sum --check",
    )
