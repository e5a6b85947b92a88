"""A client of one Plugport registry.

    from plugport.client import RegistryClient, RegistryUrl

    with RegistryClient(RegistryUrl.parse("http://127.0.0.1:8000")) as registry:
        for plugin in registry.search({"q": "slack"}).plugins:
            print(plugin.name, plugin.latest_version)

All errors are `plugport.spec.errors.PlugportError`; those that the registry reports carry its
code. A token goes to the registry's own origin and nowhere else.
"""

import sys

if "httpx" not in sys.modules:
    # httpx brings a command line of its own and loads rich for it, in half of its import time.
    # None makes that import fail, for which httpx is prepared.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # how Python spells "not there"
    import httpx  # noqa: F401 - imported here so that the line above counts

    del sys.modules["httpx._main"]

from plugport.client.client import RegistryClient, Upload
from plugport.client.models import (
    Account,
    CheckOutcome,
    Plugin,
    PluginPage,
    PublishStatus,
    Release,
)
from plugport.client.progress import NoProgress, Progress
from plugport.client.tokens import Token
from plugport.client.urls import Origin, RegistryUrl

__all__ = [
    "Account",
    "CheckOutcome",
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
