"""`plugport owner`: members and invitations, from both sides."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from registry.actions.create_scope import create_scope
from registry.models import Plugin
from tests.client.conftest import USERNAME
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import Cli
from tests.support.people import create_api_token, create_user

NAME = "@alice/owned"


@pytest.fixture(scope="module", autouse=True)
def plugin(publish: Callable[..., Any]) -> Plugin:
    """A plugin of `alice`."""
    found: Plugin = publish(NAME).plugin
    return found


@pytest.fixture
def mia(db: None) -> User:
    """The account that `alice` invites."""
    return create_user("mia")


@pytest.fixture
def become(cli: Cli) -> Callable[[User], None]:
    """Continue as another account."""

    def switch(user: User) -> None:
        cli.env["PLUGPORT_TOKEN"] = create_api_token(user)

    return switch


def list_lines(cli: Cli) -> list[list[str]]:
    lines = cli.ok("owner", "list", NAME).stdout.splitlines()
    return [line.split()[:2] for line in lines[1:]]


def test_a_transfer(cli: Cli, mia: User, alice: User, become: Callable[[User], None]) -> None:
    result = cli.ok("owner", "add", NAME, "mia")
    assert result.stdout.startswith(f"invited mia to {NAME} as owner, until 20")
    assert f"`plugport owner accept {NAME}`" in result.stderr
    assert list_lines(cli) == [["alice", "owner"], ["mia", "owner"]]
    assert "invited by alice, until " in cli.ok("owner", "list", NAME).stdout
    become(mia)
    assert list_lines(cli) == [["alice", "owner"]]
    rows = cli.ok("owner", "invitations").stdout.splitlines()
    assert rows[1].split()[:3] == [NAME, "owner", "alice"]
    assert cli.ok("owner", "accept", NAME).stdout == f"you are now owner of {NAME}\n"
    assert cli.ok("owner", "invitations").stdout == "no invitations\n"
    become(alice)
    assert "alice is no longer a member" in cli.ok("owner", "remove", NAME, "alice").stdout
    assert cli.json("info", NAME)["plugin"]["owners"] == ["mia"]
    assert cli.error(4, "owner", "add", NAME, "alice")["code"] == "not-a-member"


def test_json(cli: Cli, mia: User, alice: User, become: Callable[[User], None]) -> None:
    invitation = cli.json("owner", "add", NAME, "mia", "--role", "publisher")["invitation"]
    assert (invitation["username"], invitation["role"]) == ("mia", "publisher")
    assert cli.json("owner", "list", NAME)["invitations"] == [invitation]
    become(mia)
    assert cli.json("owner", "invitations") == {"invitations": [invitation]}
    accepted = cli.json("owner", "accept", NAME)
    assert accepted["name"] == NAME
    assert accepted["member"]["role"] == "publisher"
    become(alice)
    changed = cli.json("owner", "change", NAME, "mia", "--role", "maintainer")
    assert changed["member"]["role"] == "maintainer"
    error = cli.error(6, "owner", "change", NAME, "mia", "--role", "owner")
    assert error["code"] == "invitation-required"
    assert f"`plugport owner add {NAME} mia --role owner`" in error["hint"]
    assert cli.json("owner", "remove", NAME, "mia")["removed"] == "member"


def test_decline_and_withdraw(
    cli: Cli, mia: User, alice: User, become: Callable[[User], None]
) -> None:
    cli.ok("owner", "add", NAME, "mia")
    assert cli.ok("owner", "remove", NAME, "mia").stdout.startswith("withdrew the invitation")
    cli.ok("owner", "add", NAME, "mia")
    become(mia)
    assert cli.ok("owner", "decline", NAME).stdout == f"declined the invitation to {NAME}\n"
    error = cli.error(5, "owner", "accept", NAME)
    assert error["code"] == "no-invitation"
    assert "plugport owner invitations" in error["hint"]


def test_refusals_have_codes(cli: Cli, mia: User) -> None:
    cli.ok("owner", "add", NAME, "mia")
    for status, code, words in (
        (6, "last-owner", ("remove", NAME, USERNAME)),
        (6, "already-invited", ("add", NAME, "mia")),
        (6, "already-member", ("add", NAME, USERNAME)),
        (5, "unknown-user", ("add", NAME, "nobody-here")),
        (5, "unknown-invitation", ("remove", NAME, "nobody-here")),
        (3, "invalid-name", ("remove", NAME, "mia/../alice")),
        (3, "invalid-name", ("change", NAME, "..", "--role", "publisher")),
        (5, "unknown-plugin", ("list", "owend")),
        (3, "invalid-name", ("list", "No Name")),
    ):
        assert cli.error(status, "owner", *words)["code"] == code
    assert "plugport search" in cli.error(5, "owner", "add", "owend", "mia")["hint"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("list", "an argument is missing; use `plugport owner list NAME`"),
        ("add a", "an argument is missing; use `plugport owner add NAME USER`"),
        ("invitations a", "too many arguments"),
        ("change a b", "the role is missing"),
        ("remove a b --role owner", "takes no --role"),
        ("give a b", "'give' is not one of"),
    ],
)
def test_wrong_command_lines(cli: Cli, words: str, problem: str) -> None:
    result = cli.run("owner", *words.split())
    assert result.exit_code == 2
    assert problem in result.stderr


def test_other_registries_answer_anything(cli: Cli, registry: LocalRegistry) -> None:
    """A response that is no invitation is an error, and never a traceback."""
    for document in ({"invitations": [7]}, {"invitations": [{"plugin": "x"}]}, [1]):
        registry.faults.responses.append(CannedResponse.from_json(document))
        assert cli.error(8, "owner", "invitations")["code"] == "unexpected-answer"
    for document in ({"transfers": [7]}, [1]):
        registry.faults.responses.append(CannedResponse.from_json(document))
        assert cli.error(8, "owner", "transfers")["code"] == "unexpected-answer"


def test_a_scope_moves_to_another_account(
    cli: Cli, mia: User, alice: User, become: Callable[[User], None]
) -> None:
    create_scope(actor=alice, name="winds")
    offered = cli.ok("owner", "transfer", "@winds", "mia")
    assert offered.stdout.startswith("offered @winds to mia, until 20")
    assert "`plugport owner transfer-accept @winds`" in offered.stderr
    become(mia)
    rows = cli.ok("owner", "transfers").stdout.splitlines()
    assert rows[1].split()[:4] == ["@winds", "alice", "mia", "offered,"]
    accepted = cli.ok("owner", "transfer-accept", "@winds", "--json")
    assert json.loads(accepted.stdout)["transfer"]["state"] == "accepted"
    become(alice)
    assert " moves 20" in cli.ok("owner", "transfers").stdout
    canceled = cli.ok("owner", "transfer-cancel", "@winds").stdout
    assert canceled == "canceled the transfer of @winds to mia\n"
    assert cli.ok("owner", "transfers").stdout == "no transfers\n"
    assert cli.run("owner", "transfer-cancel", "@winds").exit_code == 5
    refused = cli.run("owner", "transfer", NAME, "mia")
    assert refused.exit_code == 6
    assert cli.run("owner", "transfer", NAME).exit_code == 2
