"""Where the registry listens: a port, or a Unix socket for a proxy on the same machine."""

from __future__ import annotations

import http.client
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from plugport.spec.text import quote_text

_LOOPBACK = "127.0.0.1"
# Every account of the group may connect, as a proxy with an account of its own must.
_SOCKET_PERMISSIONS = "0660"
_PROBE_SECONDS = 2
# Linux's `sockaddr_un` has 108 bytes with the one at the end.
_MAX_PATH_BYTES = 107


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The host and port, or the Unix socket `uds`."""

    host: str
    port: int
    uds: Path | None = None

    @property
    def label(self) -> str:
        """The URL of the port, or `unix:` with the path of the socket."""
        if self.uds is not None:
            return f"unix:{self.uds}"
        return build_origin(self.host, self.port)

    @property
    def arguments(self) -> list[str]:
        """The arguments of granian."""
        if self.uds is not None:
            return ["--uds", str(self.uds), "--uds-permissions", _SOCKET_PERMISSIONS]
        return ["--host", self.host, "--port", str(self.port)]

    def check(self) -> None:
        """Raise `CommandError` if nothing can listen there, or something else does already."""
        if self.uds is None:
            check_port(self.host, self.port)
        else:
            _check_socket(self.uds)

    def is_ready(self) -> bool:
        """Whether the registry there responds to `/readyz` with 200."""
        connection: http.client.HTTPConnection
        if self.uds is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=_PROBE_SECONDS)
        else:
            connection = _UnixConnection(self.uds)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_PROBE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_PROBE_SECONDS)
        self.sock.connect(str(self._path))


def add_listen_arguments(parser: CommandParser) -> None:
    """Declare `--host` and `--uds`."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--host", default=_LOOPBACK, help="IP address to listen on, with the port PORT"
    )
    group.add_argument(
        "--uds",
        type=Path,
        metavar="PATH",
        help="Unix socket to listen on instead, for a proxy on this machine",
    )


def build_listen_address(options: dict[str, Any]) -> ListenAddress:
    """The address of the options, checked. Raises `CommandError`."""
    uds = options["uds"]
    address = ListenAddress(options["host"], settings.PORT, uds and uds.absolute())
    address.check()
    return address


def check_port(host: str, port: int) -> None:
    """Raise `CommandError` unless the host is an IP address, and its port is free and may be bound.

    `::` stands for all addresses of the machine, IPv4 as well.
    """
    try:
        is_ipv6 = ipaddress.ip_address(host).version == 6
    except ValueError:
        raise CommandError(
            f"--host is {quote_text(host)}. Allowed: an IP address, such as 127.0.0.1, 0.0.0.0 or `::`."
        ) from None
    try:
        with socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET) as probe:
            # Like the server: without it, connections in TIME_WAIT block the port for a minute.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise CommandError(
            f"Cannot listen on port {port} of {host}: {error.strerror}."
            " To use another port, set PORT, for example PORT=8001."
        ) from None


def build_origin(host: str, port: int) -> str:
    """The URL of a server without a path: an IPv6 address in brackets (RFC 3986, section 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _check_socket(path: Path) -> None:
    if not settings.TRUSTED_PROXIES:
        # A Unix socket has no client address.
        raise CommandError(
            "--uds requires PLUGPORT_TRUSTED_PROXIES: without it, the limits of one client would be"
            " those of all."
        )
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        raise CommandError(f"The path of the socket is too long: {path}.")
    if not path.parent.is_dir():
        raise CommandError(f"There is no folder {path.parent} for the socket.")
    if path.exists() and not path.is_socket():
        raise CommandError(f"{path} exists and is not a socket.")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return  # Nothing listens; the socket of a process that was killed is replaced.
        except OSError as error:
            raise CommandError(f"{path} cannot be used: {error}.") from None
    raise CommandError(f"Another process listens on {path}.")
