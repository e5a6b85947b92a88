"""Fixtures for the pages about security."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.functional.pages.dom import Node, parse

HOME = "https://plugins.example.test"


@pytest.fixture
def at_home(settings: Any) -> str:
    """The registry has a name, for which browsers create passkeys, and mails stay in memory."""
    settings.BASE_URL, settings.BASE_HOST = HOME, "plugins.example.test"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return HOME


@pytest.fixture
def owner_client(owner: Any) -> Client:
    """A client that signed in as the owner a moment ago."""
    browser = Client()
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def open_page() -> Callable[..., Node]:
    """Get a page as a client, and return its tree."""

    def open_it(client: Client, path: str, *, status: int = 200) -> Node:
        response = client.get(path)
        assert response.status_code == status, (path, response.status_code)
        return parse(response.content.decode())

    return open_it
