"""What the gateway needs to know, from the process that starts it."""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import asdict, dataclass

from common.http.networks import Network

OPTIONS_VARIABLE = "PLUGPORT_GATEWAY_OPTIONS"


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Options of one gateway. Sizes are in bytes, times in seconds.

    Django's settings are their only source (`config.processes.commands`).
    """

    # Unix socket of the web server with Django.
    socket: str
    # Folder for bodies of requests that are too large for memory.
    scratch: str
    base_url: str
    # HTML with the placeholders `$title`, `$detail`, `$hint` and `$code`, and its Content-Security-Policy.
    error_page: str
    error_page_policy: str
    # Either of the two is set. The second has the parameters of libpq, the password among them.
    sqlite_path: str
    postgres: dict[str, str | int]
    log_format: str
    log_level: str
    trusted_proxies: int
    unlimited_networks: list[str]
    form_bytes: int
    package_bytes: int
    # With the form around the package.
    upload_bytes: int
    cache_bytes: int
    requests_in_flight: int
    uploads_in_flight: int
    downloads_in_flight: int
    # Requests of one client in the web processes.
    forwarded_in_flight: int

    def serialize(self) -> str:
        """The options as the value of the environment variable `OPTIONS_VARIABLE`."""
        return json.dumps(asdict(self))

    @property
    def unlimited(self) -> tuple[Network, ...]:
        """The networks whose requests in progress are not limited."""
        return tuple(ipaddress.ip_network(each) for each in self.unlimited_networks)


def load_options() -> GatewayOptions:
    """The options of this process. Raises `KeyError` if `manage.py` did not start it."""
    return GatewayOptions(**json.loads(os.environ[OPTIONS_VARIABLE]))
