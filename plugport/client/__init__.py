"""A client of one Plugport registry.

    from plugport.client import RegistryClient, RegistryUrl

    with RegistryClient(RegistryUrl.parse("http://127.0.0.1:8000")) as registry:
        for plugin in registry.search({"q": "slack"}).plugins:
            print(plugin.name, plugin.data["latestVersion"])

All errors are subclasses of `plugport.spec.errors.PlugportError`; errors that the registry reports
have its code. The token is sent to the registry's own origin and nowhere else.
"""

import sys

if "httpx" not in sys.modules:
    # httpx imports rich for its own command line, which takes half of its import time. With None
    # in sys.modules that import fails, and httpx handles the failure.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # None marks a module that cannot be imported
    import httpx  # noqa: F401 -- imported here, while the line above is in effect

    del sys.modules["httpx._main"]

from plugport.client.client import RegistryClient, Upload
from plugport.client.models import (
    Account,
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
