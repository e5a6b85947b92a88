"""Requests of the library for sign-in with other websites."""

from __future__ import annotations

import pytest
import requests
from allauth.socialaccount.adapter import get_adapter

from tests.support.odd_server import open_server


def test_requests_of_the_library_reach_public_addresses_only() -> None:
    """The session refuses this machine, where services may be that trust it."""
    with open_server() as server, get_adapter().get_requests_session() as session:
        with pytest.raises(requests.ConnectionError, match="default ports"):
            session.post(f"{server.url}/token", data={"code": "1"})
        with pytest.raises(requests.ConnectionError, match="not public"):
            session.get("http://127.0.0.1/")
        assert server.requests == []
