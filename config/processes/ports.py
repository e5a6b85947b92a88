"""The address and port on which a server listens."""

from __future__ import annotations

import ipaddress
import socket

from django.core.management.base import CommandError

from plugport.spec.text import quote_text


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
