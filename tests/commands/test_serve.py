"""`manage.py serve` checks its environment before it starts any process."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from config.processes.listening import build_origin, check_port
from tests.support.server import can_listen


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


@pytest.mark.skipif(not can_listen("::1"), reason="this machine has no IPv6")
def test_a_used_port_of_an_ipv6_address_is_reported(settings: Any) -> None:
    # Free there, although the fixture uses it with IPv4.
    check_port("::1", settings.PORT)
    with (
        socket.create_server(("::1", settings.PORT), family=socket.AF_INET6),
        pytest.raises(CommandError, match=f"Cannot listen on port {settings.PORT} of ::1: "),
    ):
        call_command("serve", host="::1", skip_checks=False)


@pytest.mark.parametrize("host", ["localhost", "[::1]", "", "127.0.0.1:8000"])
def test_a_host_that_is_no_ip_address_is_refused(host: str) -> None:
    """The gateway would end each time it is started."""
    for command in ("serve", "run_web"):
        with pytest.raises(CommandError, match=r"^--host is .*\. Allowed: an IP address"):
            call_command(command, host=host, skip_checks=False)


def test_the_url_of_an_ipv6_address_has_brackets() -> None:
    assert build_origin("::1", 8000) == "http://[::1]:8000"
    assert build_origin("127.0.0.1", 8000) == "http://127.0.0.1:8000"


@pytest.mark.parametrize("command", ["serve", "run_web"])
def test_a_socket_that_cannot_be_used_is_reported(settings: Any, command: str) -> None:
    settings.TRUSTED_PROXIES = 1
    # The path of a socket must be short, and that of the folder of the test may be long.
    with tempfile.TemporaryDirectory() as temporary, socket.socket(socket.AF_UNIX) as used:
        folder = Path(temporary)
        (folder / "file").write_text("not a socket")
        used.bind(str(folder / "used"))
        used.listen()
        for name, reason in {
            "none/web.sock": "There is no folder",
            "file": "exists and is not a socket",
            "used": "Another process listens",
            "long" * 40: "too long",
        }.items():
            with pytest.raises(CommandError, match=reason):
                call_command(command, uds=folder / name, skip_checks=False)
        settings.TRUSTED_PROXIES = 0
        with pytest.raises(CommandError, match="PLUGPORT_TRUSTED_PROXIES"):
            call_command(command, uds=folder / "web.sock", skip_checks=False)


@pytest.mark.parametrize(
    ("command", "option"),
    [("serve", "--workers"), ("serve", "--background-workers"), ("run_workers", "--processes")],
)
@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_number_of_processes_is_at_least_one(command: str, option: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"{option}: `{value}` is not a number of processes"):
        call_command(command, f"{option}={value}")
