"""`plugport visibility`, and finding and installing what is not public with a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from registry.models import Plugin
from tests.client.support import Cli
from tests.support.people import create_api_token, create_user

NAME = "@alice/secretly"


@pytest.fixture(scope="module", autouse=True)
def plugin(publish: Callable[..., Any]) -> Plugin:
    """A public plugin of `alice`."""
    found: Plugin = publish(NAME).plugin
    return found


def test_a_plugin_goes_private_after_a_preview(cli: Cli) -> None:
    assert cli.ok("visibility", NAME).stdout.startswith(f"{NAME} is public\n")
    refused = cli.run("visibility", NAME, "private")
    assert refused.exit_code == 4
    assert "who sees it: People with a role, and the owner of the scope." in refused.stderr
    assert "people with a role: alice" in refused.stderr
    assert "--yes" in refused.stderr
    assert cli.ok("visibility", NAME, "private", "--yes").stdout == f"{NAME} is private\n"
    assert cli.ok("visibility", NAME, "private").stdout == f"{NAME} is private\n"
    assert cli.json("visibility", NAME)["visibility"] == "private"


def test_members_find_and_install_it_and_others_do_not(cli: Cli) -> None:
    cli.ok("visibility", NAME, "private", "--yes")
    assert NAME in cli.ok("search", "secretly").stdout
    assert cli.ok("info", NAME).stdout.startswith(f"{NAME} 1.0.0")
    cli.ok("install", NAME, "--yes")
    cli.env["PLUGPORT_TOKEN"] = create_api_token(create_user("mallory"))
    assert NAME not in cli.ok("search", "secretly").stdout
    for command in ("info", "versions", "readme", "install"):
        unknown = cli.run(command, "@alice/absently")
        hidden = cli.run(command, NAME)
        assert hidden.exit_code == unknown.exit_code == 5
        assert hidden.stderr.replace("secretly", "absently") == unknown.stderr


def test_a_scope(cli: Cli) -> None:
    state = cli.json("visibility", "@alice")
    assert (state["name"], state["visibility"]) == ("@alice", "public")
    assert cli.ok("visibility", "@alice", "internal", "--yes").stdout == "@alice is internal\n"
    assert cli.json("visibility", NAME)["visibility"] == "internal"
    refused = cli.run("visibility", NAME, "public", "--yes")
    assert "plugport visibility @alice public" in refused.stderr
