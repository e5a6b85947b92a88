"""`plugport token`: list, create and revoke the tokens of the account."""

from __future__ import annotations

import re

import pytest

from plugport.spec.token_text import is_token_text
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import Cli


def test_create_prints_the_token_alone(cli: Cli) -> None:
    result = cli.ok("token", "create", "ci", "--limit", "@acme/chat", "--network", "127.0.0.1")
    text = result.stdout.strip()
    assert is_token_text(text)
    assert re.search(r"expires on \d{4}-\d\d-\d\d", result.stderr)
    cli.env["PLUGPORT_TOKEN"] = text
    account = cli.json("whoami")["account"]
    assert account["token"]["scopes"] == ["publish"]
    assert account["token"]["limits"] == ["@acme/chat"]
    assert account["token"]["networks"] == ["127.0.0.1/32"]


def test_create_list_and_revoke(cli: Cli) -> None:
    created = cli.json("token", "create", "ci", "--scope", "read", "--days", "7")["token"]
    shown = cli.ok("token", "list").stdout
    assert f"{created['start']}…" in shown
    assert "(this one)" in shown
    assert created["token"] not in shown
    listed = cli.json("token", "list")["tokens"]
    assert created["id"] in [token["id"] for token in listed]
    assert "revoked" in cli.ok("token", "revoke", created["start"]).stdout
    assert created["id"] not in [token["id"] for token in cli.json("token", "list")["tokens"]]
    assert cli.error(5, "token", "revoke", str(created["id"]))["code"] == "no-such-token"


def test_a_whole_token_is_not_repeated(cli: Cli) -> None:
    text = cli.ok("token", "create", "ci").stdout.strip()
    assert text not in cli.ok("token", "revoke", text).output
    result = cli.run("token", "revoke", text)
    assert result.exit_code == 5
    assert text not in result.output


def test_the_registry_refuses_more_than_the_own_token_may(cli: Cli) -> None:
    cli.env["PLUGPORT_TOKEN"] = cli.ok(
        *("token", "create", "manager", "--scope", "manage")
    ).stdout.strip()
    error = cli.error(4, "token", "create", "child", "--scope", "manage")
    assert error["code"] == "token-scope"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("create",), "plugport token create NAME"),
        (("revoke",), "plugport token revoke TOKEN"),
        (("list", "x"), "too many arguments"),
        (("list", "--days", "3"), "takes no --days"),
        (("revoke", "x", "--scope", "read"), "takes no --scope"),
        (("create", "x", "--days", "0"), "1<=x<=366"),
        (("create", "x", "--scope", "root"), "root"),
    ],
)
def test_wrong_command_lines(cli: Cli, args: tuple[str, ...], words: str) -> None:
    result = cli.run("token", *args)
    assert result.exit_code == 2
    assert words in result.stderr


def test_invalid_values_are_named(cli: Cli) -> None:
    error = cli.error(3, "token", "create", "ci", "--network", "example.org", "--limit", "A B")
    assert {each["field"] for each in error["fields"]} == {"networks", "limits"}


def test_logout_revokes_the_token(cli: Cli) -> None:
    text = cli.ok("token", "create", "laptop", "--scope", "read").stdout.strip()
    cli.env["PLUGPORT_TOKEN"] = None
    cli.ok("login", "--token-stdin", input=text)
    assert cli.json("logout")["revoked"] is True
    cli.env["PLUGPORT_TOKEN"] = text
    assert cli.run("whoami").exit_code == 4


def test_logout_can_keep_the_token(cli: Cli) -> None:
    text = cli.ok("token", "create", "laptop").stdout.strip()
    cli.env["PLUGPORT_TOKEN"] = text
    cli.ok("login", "--token-stdin", input=text)
    assert "still valid" in cli.ok("logout", "--keep-token").stderr
    assert cli.ok("whoami").exit_code == 0


def test_logout_works_without_the_registry(cli: Cli, registry: LocalRegistry) -> None:
    cli.env["PLUGPORT_TOKEN"] = None
    cli.ok("login", "--token-stdin", input=cli.registry.token)
    registry.faults.responses = [CannedResponse.from_problem(503, "oops", "Not now.")]
    document = cli.json("logout")
    assert (document["loggedOut"], document["revoked"]) == (True, False)
    assert "may still be valid" in document["warnings"][0]


def test_a_token_of_an_organization(cli: Cli) -> None:
    cli.ok("org", "create", "harbor")
    created = cli.json("token", "create", "release", "--organization", "harbor")["token"]
    assert created["limits"] == ["org:harbor"]
    assert "org:harbor" in cli.ok("token", "list").stdout
    error = cli.error(3, "token", "create", "x", "--organization", "nothing-here")
    assert "nothing-here" in str(error)
    assert "takes no --organization" in cli.run("token", "list", "--organization", "x").output
