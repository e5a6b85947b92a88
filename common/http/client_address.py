"""Which client sent a request, for limits, counts and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest

from common.http.networks import is_in_networks, parse_address, parse_network, select_address

if TYPE_CHECKING:
    from rest_framework.request import Request


def _select_address(request: HttpRequest | Request) -> str:
    direct = str(request.META.get("REMOTE_ADDR", ""))
    forwarded_for = request.headers.get("X-Forwarded-For", "")
    if settings.BEHIND_GATEWAY:
        # What connected to the gateway. It is known also for a request that passed no other proxy.
        forwarded_for, _, direct = forwarded_for.rpartition(",")
    return select_address(direct.strip(), forwarded_for, settings.TRUSTED_PROXIES)


def get_client_address(request: HttpRequest | Request) -> str:
    """Return the address of the client without a port, or "unknown", as on a Unix socket."""
    address = parse_address(_select_address(request))
    return "unknown" if address is None else str(address)


def get_client_network(request: HttpRequest | Request) -> str:
    """Return the network of the client (`common.http.networks`), or "unknown", as on a Unix socket."""
    return parse_network(_select_address(request))


def is_unlimited(request: HttpRequest | Request) -> bool:
    """Whether the client is in `UNLIMITED_NETWORKS`."""
    networks = settings.UNLIMITED_NETWORKS
    return bool(networks) and is_in_networks(_select_address(request), networks)
