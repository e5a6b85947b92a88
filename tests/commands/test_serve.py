"""`manage.py serve` checks its environment before it starts any process."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError


@pytest.fixture(autouse=True)
def _used_port(settings: Any) -> Any:
    """A port on which the command cannot listen, so that it ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.PORT = server.getsockname()[1]
        yield


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("OFFICIAL_SCOPES", ["not a scope"], "registry.E001"),
        ("RATE_LIMITS", {"read": "many"}, "registry.E002"),
        ("SECURITY_CONTACTS", ["somebody"], "marketplace.E001"),
    ],
)
def test_a_mistake_in_the_settings_is_reported(
    settings: Any, name: str, value: object, code: str
) -> None:
    setattr(settings, name, value)
    with pytest.raises(SystemCheckError, match=code):
        call_command("serve", skip_checks=False)


def test_a_used_port_is_reported(settings: Any) -> None:
    with pytest.raises(CommandError, match=f"Cannot listen on port {settings.PORT}"):
        call_command("serve", skip_checks=False)


@pytest.mark.parametrize(
    ("command", "option"),
    [("serve", "--workers"), ("serve", "--background-workers"), ("run_workers", "--processes")],
)
@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_number_of_processes_is_at_least_one(command: str, option: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"{option}: `{value}` is not a number of processes"):
        call_command(command, f"{option}={value}")
