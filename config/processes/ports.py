"""Find out early whether a port can be used."""

from __future__ import annotations

import socket

from django.core.management.base import CommandError


def check_port(host: str, port: int) -> None:
    """Raise `CommandError` if the port is in use or may not be bound."""
    with socket.socket() as probe:
        # Like the server: without it, connections in TIME_WAIT block the port for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on port {port} of {host}: {error.strerror}."
                " To use another port, set PORT, for example PORT=8001."
            ) from None
