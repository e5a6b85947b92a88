"""`plugport org robot`: robots of organizations and their tokens."""

from __future__ import annotations

import re

import pytest

from accounts.models import Token, User
from plugport.spec.token_text import is_token_text
from tests.client.support import Cli
from tests.support.people import create_api_token, create_user


@pytest.fixture
def robot(cli: Cli) -> str:
    """The robot `ci` of `harbor`, by the name that the commands take."""
    cli.ok("org", "create", "harbor")
    cli.ok("org", "robot", "create", "harbor", "ci")
    return "ci"


def test_robots_are_created_listed_and_deleted(cli: Cli) -> None:
    cli.ok("org", "create", "harbor")
    assert cli.ok("org", "robot", "list", "harbor").stdout == "no robots\n"
    created = cli.ok("org", "robot", "create", "harbor", "ci")
    assert created.stdout == "created the robot harbor+ci\n"
    assert "plugport org team add harbor TEAM harbor+ci" in created.stderr
    assert "harbor+ci" in cli.ok("org", "robot", "list", "@Harbor").stdout
    deploy = cli.json("org", "robot", "create", "harbor", "Harbor+deploy")["robot"]
    assert (deploy["username"], deploy["organization"]) == ("harbor+deploy", "harbor")
    deleted = cli.ok("org", "robot", "delete", "harbor", "harbor+deploy").stdout
    assert deleted == "deleted the robot harbor+deploy; its tokens are revoked\n"
    assert cli.error(5, "org", "robot", "delete", "harbor", "deploy")["code"] == "unknown-robot"
    (listed,) = cli.json("org", "robot", "list", "harbor")["robots"]
    assert listed["username"] == "harbor+ci"
    # The name of a deleted robot is not given again.
    assert cli.error(6, "org", "robot", "create", "harbor", "deploy")["code"] == "in-organization"
    assert cli.error(3, "org", "robot", "create", "harbor", "a b")["fields"][0]["field"] == "name"


def test_the_token_is_printed_alone_and_once(cli: Cli, robot: str) -> None:
    result = cli.ok(
        *("org", "robot", "create-token", "harbor", robot, "deploy", "--limit", "@harbor/chat"),
        *("--scope", "read", "--scope", "publish", "--days", "7"),
    )
    text = result.stdout.strip()
    assert is_token_text(text)
    assert re.search(r"expires on \d{4}-\d\d-\d\d; it is not shown again", result.stderr)
    shown = cli.ok("org", "robot", "tokens", "harbor", robot).output
    assert text[:10] in shown
    assert text not in shown
    (listed,) = cli.json("org", "robot", "tokens", "harbor", "harbor+ci")["tokens"]
    assert (listed["name"], listed["limits"]) == ("deploy", ["@harbor/chat"])
    cli.env["PLUGPORT_TOKEN"] = text
    account = cli.json("whoami")["account"]
    assert (account["username"], account["token"]["scopes"]) == ("harbor+ci", ["read", "publish"])


def test_it_publishes_for_30_days_or_as_long_as_the_own_token(
    cli: Cli, robot: str, alice: User
) -> None:
    create = ("org", "robot", "create-token", "harbor", robot)
    cli.ok(*create, "long")
    cli.env["PLUGPORT_TOKEN"] = create_api_token(alice, "read", "publish", "manage", days=5)
    cli.ok(*create, "short")
    days = {
        token.name: round((token.expires_at - token.created_at).total_seconds() / 86_400)
        for token in Token.objects.filter(user__username="harbor+ci")
    }
    assert days == {"long": 30, "short": 4}
    assert {each.scopes[0] for each in Token.objects.filter(user__username="harbor+ci")} == {
        "publish"
    }


def test_tokens_are_rotated_and_revoked(cli: Cli, robot: str) -> None:
    former = cli.json("org", "robot", "create-token", "harbor", robot, "deploy")["token"]
    rotated = cli.ok("org", "robot", "rotate-token", "harbor", robot, former["token"])
    text = rotated.stdout.strip()
    assert is_token_text(text)
    assert former["token"] not in rotated.output
    (listed,) = cli.json("org", "robot", "tokens", "harbor", robot)["tokens"]
    assert text.startswith(listed["start"])
    revoked = cli.ok("org", "robot", "revoke-token", "harbor", robot, str(listed["id"])).stdout
    assert revoked == f"revoked {listed['start']}… (deploy)\n"
    assert cli.ok("org", "robot", "tokens", "harbor", robot).stdout == "no tokens\n"
    result = cli.run("org", "robot", "revoke-token", "harbor", robot, text)
    assert result.exit_code == 5
    assert text not in result.output
    assert "plugport org robot tokens harbor harbor+ci" in result.stderr


def test_members_without_the_right_are_refused(cli: Cli, robot: str) -> None:
    cli.env["PLUGPORT_TOKEN"] = create_api_token(create_user("mia"))
    for words in (
        ("list", "harbor"),
        ("create", "harbor", "x"),
        ("delete", "harbor", robot),
        ("tokens", "harbor", robot),
        ("create-token", "harbor", robot, "x", "--days", "1"),
    ):
        assert cli.error(4, "org", "robot", *words)["code"] == "organization-role"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["robot"], "after `robot` comes one of list, create"),
        (["robot", "create", "x"], "use `plugport org robot create NAME ROBOT`"),
        (["robot", "create", "x", "y", "--days", "3"], "takes no --days"),
        (["robot", "list", "x", "--scope", "read"], "takes no --scope"),
        (["members", "x", "--limit", "y"], "takes no --limit"),
        (["robot", "create-token", "x", "y", "z", "--days", "0"], "1<=x<=366"),
        (["robot", "delete", "x", ".."], "not a valid name"),
    ],
)
def test_wrong_arguments(cli: Cli, arguments: list[str], message: str) -> None:
    result = cli.run("org", *arguments)
    assert result.exit_code in (2, 3)
    assert message in result.stderr
