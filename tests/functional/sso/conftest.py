"""Fixtures of single sign-on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import SsoConnection, User
from tests.support.identity_providers import (
    OidcProvider,
    allow_provider,
    create_oidc_connection,
)
from tests.support.odd_server import open_server
from tests.support.people import create_user


@pytest.fixture
def provider(settings: Any) -> Iterator[OidcProvider]:
    """An OpenID Connect provider that the operator allowed."""
    with open_server() as server:
        allow_provider(settings, server.url)
        yield OidcProvider(server)


@pytest.fixture
def connection(db: None, provider: OidcProvider) -> SsoConnection:
    """A connection to the provider, switched on."""
    return create_oidc_connection(provider.url)


@pytest.fixture
def operator(db: None) -> User:
    """An account that connects identity providers."""
    return create_user("olga", is_superuser=True, is_staff=True)
