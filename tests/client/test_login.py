"""`plugport login` with a browser: the printed code, the approval, the stored token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.test import Client

from accounts.models import DeviceLogin, Token, User
from plugport.cli.main import cli as plugport
from plugport.cli.session import Session
from tests.client.conftest import USERNAME
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import Cli


@pytest.fixture(autouse=True)
def no_token(cli: Cli) -> None:
    cli.env["PLUGPORT_TOKEN"] = None


class Person:
    """Decides in the browser when the program has polled for the second time."""

    def __init__(self, user: User, action: str) -> None:
        self.action = action
        self.client = Client()
        self.client.force_login(user)
        self.pauses: list[float] = []
        self.find_code: Callable[[], str] = str

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        # The pause of the program takes no time here.
        DeviceLogin.objects.update(polled_at=None)
        if len(self.pauses) == 2:
            fields = {"user_code": self.find_code(), "action": self.action}
            assert self.client.post("/login/program", fields).status_code == 200


def log_in(cli: Cli, person: Person, registry: LocalRegistry, *args: str) -> Result:
    codes: list[str] = []

    def find_code() -> str:
        return codes[0]

    class Recorder:
        """Keeps the code of the response, which a person reads in the terminal."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def handle_request(self, request: Any) -> Any:
            response = self.inner.handle_request(request)
            if request.url.path.endswith("/login/program/code"):
                response.read()
                codes.append(json.loads(response.content)["user_code"])
            return response

        def close(self) -> None:
            self.inner.close()

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

    person.find_code = find_code
    transport: Any = Recorder(registry.transport)
    session = Session(transport=transport, sleep=person.sleep)
    result = CliRunner(env=cli.env).invoke(plugport, ["login", "--no-browser", *args], obj=session)
    if codes:
        assert codes[0] in result.stderr
    return result


def test_an_approval_logs_in(cli: Cli, registry: LocalRegistry, alice: User) -> None:
    person = Person(alice, "approve")
    result = log_in(cli, person, registry)
    assert result.exit_code == 0, result.output
    assert f"Open {registry.url}/login/program" in result.stderr
    assert f"logged in to {registry.url} as {USERNAME}" in result.stdout
    assert person.pauses == [5, 5]
    token = Token.objects.get(name__startswith="plugport on ")
    stored = json.loads((cli.home / "credentials.json").read_text())
    text = stored["registries"][registry.url]["token"]
    assert text.startswith(token.start)
    assert text not in result.output
    assert cli.json("whoami")["account"]["token"]["scopes"] == ["read", "publish", "manage"]
    assert cli.json("logout")["revoked"] is True
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_json_and_scopes(cli: Cli, registry: LocalRegistry, alice: User) -> None:
    result = log_in(cli, Person(alice, "approve"), registry, "--scope", "read", "--json")
    document = json.loads(result.stdout)
    assert (document["username"], document["storedIn"]) == (USERNAME, "file")
    assert cli.json("whoami")["account"]["token"]["scopes"] == ["read"]


def test_a_refusal(cli: Cli, registry: LocalRegistry, alice: User) -> None:
    result = log_in(cli, Person(alice, "deny"), registry)
    assert result.exit_code == 4
    assert "refused in the browser" in result.stderr
    assert not (cli.home / "credentials.json").exists()


def _answer(cli: Cli, registry: LocalRegistry, *responses: CannedResponse) -> Result:
    registry.faults.responses = list(responses)
    session = Session(transport=registry.transport, sleep=lambda _: None)
    return CliRunner(env=cli.env).invoke(plugport, ["login", "--no-browser"], obj=session)


STARTED = {
    "device_code": "d" * 40,
    "user_code": "BCDF-GHJK",
    "verification_uri": "https://registry.example.test/login/program",
    "expires_in": 900,
    "interval": 5,
}


def test_an_older_registry_is_named(cli: Cli, registry: LocalRegistry) -> None:
    result = _answer(cli, registry, CannedResponse(404, b"<html>", {"Content-Type": "text/html"}))
    assert result.exit_code == 5
    assert "plugport login --token" in result.stderr


@pytest.mark.parametrize("link", ["file:///etc/passwd", "javascript:alert(1)", "", "-x"])
def test_only_web_addresses_are_opened(cli: Cli, registry: LocalRegistry, link: str) -> None:
    response = CannedResponse.from_json({**STARTED, "verification_uri_complete": link or "-"})
    result = _answer(cli, registry, response)
    assert result.exit_code == 8
    assert "no web address" in result.stderr


def test_control_characters_are_not_printed(cli: Cli, registry: LocalRegistry) -> None:
    started = {**STARTED, "user_code": "\x1b[2JBCDF", "expires_in": 5}
    denied = CannedResponse.from_json({"error": "expired_token"}, 400)
    result = _answer(cli, registry, CannedResponse.from_json(started), denied)
    assert result.exit_code == 4
    assert "\x1b[2J" not in result.output


def test_a_registry_that_never_decides(cli: Cli, registry: LocalRegistry) -> None:
    started = CannedResponse.from_json({**STARTED, "expires_in": 10})
    pending = CannedResponse.from_json({"error": "authorization_pending"}, 400)
    slower = CannedResponse.from_json({"error": "slow_down"}, 400)
    result = _answer(cli, registry, started, pending, slower)
    assert result.exit_code == 4
    assert "has expired" in result.stderr


def test_options_that_exclude_each_other(cli: Cli) -> None:
    for args in (("--token-stdin", "--no-browser"), ("--token", "--scope", "read")):
        assert cli.run("login", *args).exit_code == 2
