"""`plugport visibility`, and finding and installing what is not public with a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from registry.jobs.runner import run_pending_jobs
from registry.models import Plugin
from tests.client.support import Cli, write_plugin
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


@pytest.fixture
def needy(cli: Cli, publish: Callable[..., Any]) -> str:
    """The folder of a plugin that needs a private, a public and an unknown plugin."""
    publish("@alice/openly")
    cli.ok("visibility", NAME, "private", "--yes")
    names = (NAME, "@alice/openly", "@alice/never")
    needed = "".join(f"    '{name}': '*'\n" for name in names)
    folder = write_plugin(
        cli.project / "needy", "@alice/needy", manifest=f"dependencies:\n  plugins:\n{needed}"
    )
    return str(folder)


WARNING = f"`@alice/needy@1.0.0` needs `{NAME}`, which some of its users cannot see"


def test_validating_with_the_registry_warns_of_what_others_cannot_install(
    cli: Cli, needy: str
) -> None:
    assert WARNING not in cli.ok("validate", needy).output
    assert "hiddenDependencies" not in cli.json("validate", needy)
    result = cli.ok("validate", needy, "--with-registry")
    assert WARNING in result.stderr
    assert "openly" not in result.stderr
    assert "never" not in result.stderr
    document = cli.json("validate", needy, "--with-registry")
    assert document["hiddenDependencies"] == [NAME]
    # Where the plugin itself will be private too, everybody who sees it sees the other.
    cli.ok("visibility", "@alice", "private", "--yes")
    assert cli.json("validate", needy, "--with-registry")["hiddenDependencies"] == []


def test_validating_prints_what_needs_no_registry_if_it_does_not_respond(
    cli: Cli, needy: str
) -> None:
    cli.registry.transport, cli.env["PLUGPORT_REGISTRY"] = None, "http://127.0.0.1:9"
    result = cli.run("validate", needy, "--with-registry")
    assert result.exit_code == 8
    assert "@alice/needy@1.0.0" in result.stdout
    assert "valid: " not in result.stdout
    document = json.loads(cli.run("validate", needy, "--with-registry", "--json").stdout)
    assert document["hiddenDependencies"] is None
    assert document["checks"]


def test_validating_says_that_it_looked_up_only_some(cli: Cli, publish: Callable[..., Any]) -> None:
    publish(NAME)
    needed = "".join(f"    '@alice/never{number}': '*'\n" for number in range(51))
    folder = str(
        write_plugin(
            cli.project / "needy", "@alice/needy", manifest=f"dependencies:\n  plugins:\n{needed}"
        )
    )
    assert "only the first 50 of 51" in cli.ok("validate", folder, "--with-registry").stderr
    (warning,) = cli.json("validate", folder, "--with-registry")["warnings"]
    assert "only the first 50 of 51" in warning
    assert "only the first" not in cli.ok("validate", folder).stderr


def test_nobody_else_is_told(cli: Cli, needy: str) -> None:
    cli.env["PLUGPORT_TOKEN"] = create_api_token(create_user("mallory"))
    for token in (cli.env["PLUGPORT_TOKEN"], None):
        cli.env["PLUGPORT_TOKEN"] = token
        document = cli.json("validate", needy, "--with-registry")
        assert document["hiddenDependencies"] == []


def test_publishing_warns_with_and_without_waiting(cli: Cli, needy: str) -> None:
    assert WARNING in cli.ok("publish", needy, "--no-wait").stderr
    run_pending_jobs()
    again = cli.ok("publish", needy)
    assert WARNING in again.stderr
    cli.env["PLUGPORT_TOKEN"] = create_api_token(User.objects.get(username="alice"), "publish")
    # Such a token does not see the other plugin. The checks name what the manifest says.
    assert WARNING not in cli.ok("publish", needy).output
