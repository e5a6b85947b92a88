"""A client of one Plugport registry.

    from plugport.client import RegistryClient, RegistryUrl

    with RegistryClient(RegistryUrl.parse("http://127.0.0.1:8000")) as registry:
        for plugin in registry.search({"q": "slack"}).plugins:
            print(plugin.name, plugin.data["latestVersion"])

All errors are subclasses of `plugport.spec.errors.PlugportError`; errors that the registry reports
have its code. The token is sent to the registry's own origin and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugport.lazy_exports import export_lazily

if TYPE_CHECKING:
    from plugport.client.client import RegistryClient, Upload
    from plugport.client.models import Account, Plugin, PluginPage, PublishStatus, Release
    from plugport.client.progress import NoProgress, Progress
    from plugport.client.tokens import Token
    from plugport.client.urls import Origin, RegistryUrl

__all__ = [
    "Account",
    "NoProgress",
    "Origin",
    "Plugin",
    "PluginPage",
    "Progress",
    "PublishStatus",
    "RegistryClient",
    "RegistryUrl",
    "Release",
    "Token",
    "Upload",
]

__getattr__ = export_lazily(
    __name__,
    {
        "Account": "models",
        "NoProgress": "progress",
        "Origin": "urls",
        "Plugin": "models",
        "PluginPage": "models",
        "Progress": "progress",
        "PublishStatus": "models",
        "RegistryClient": "client",
        "RegistryUrl": "urls",
        "Release": "models",
        "Token": "tokens",
        "Upload": "client",
    },
)
