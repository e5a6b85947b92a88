"""Reads of single sign-on."""

from __future__ import annotations

from accounts.models import SsoConnection, SsoFailure, SsoIdentity, User
from accounts.sso.errors import UnknownConnectionError


def get_connection(public_id: str) -> SsoConnection:
    """The connection, on or off: 1 query. Raises `UnknownConnectionError`."""
    connection = SsoConnection.objects.filter(public_id=public_id[:64]).first()
    if connection is None:
        raise UnknownConnectionError("There is no such single sign-on connection.")
    return connection


def list_connections() -> list[SsoConnection]:
    """All connections by name: 1 query."""
    return list(SsoConnection.objects.defer("document", "secret"))


def list_enabled_connections() -> list[SsoConnection]:
    """The connections with which people sign in, by name: 1 query."""
    return list(SsoConnection.objects.filter(is_enabled=True).only("public_id", "name", "kind"))


def list_failures(connection: SsoConnection) -> list[SsoFailure]:
    """The last refused answers, the newest first: 1 query."""
    return list(connection.failures.all()[:20])


def list_identities(user: User) -> list[SsoIdentity]:
    """The links of the account: 1 query."""
    rows = SsoIdentity.objects.filter(user=user).select_related("connection")
    return list(rows.defer("connection__document", "connection__secret"))


def count_identities(connection: SsoConnection) -> int:
    """How many accounts the connection signs in: 1 query."""
    return connection.identities.count()
