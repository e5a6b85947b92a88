"""`plugport claim`: from the side of the claimant and of the owners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from registry.actions.transfers.claims.seeking import change_seeks_adoption
from registry.models import Plugin
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import Cli
from tests.support.people import create_api_token, create_user

NAME = "tide-table"
REASON = "I maintain a fork with many fixes."
CLAIM = ("claim", "new", NAME, "--kind", "adoption", "--reason", REASON)


@pytest.fixture(scope="module", autouse=True)
def published(publish: Callable[..., Any]) -> Plugin:
    """A plugin of `alice`."""
    found: Plugin = publish(NAME).plugin
    return found


@pytest.fixture(autouse=True)
def plugin(db: None, alice: User) -> Plugin:
    """Its owner looks for somebody who takes it over."""
    plugin = Plugin.objects.get(name=NAME)
    change_seeks_adoption(actor=alice, plugin=plugin, seeks_adoption=True)
    return plugin


@pytest.fixture
def become(cli: Cli) -> Callable[[str | User], None]:
    """Continue as another account."""

    def switch(user: str | User) -> None:
        account = create_user(user) if isinstance(user, str) else user
        cli.env["PLUGPORT_TOKEN"] = create_api_token(account)

    return switch


def test_a_claim_is_accepted(cli: Cli, alice: User, become: Callable[[Any], None]) -> None:
    become("mia")
    result = cli.ok(*CLAIM, "--evidence", "https://mia.example/fork")
    assert result.stdout == f"claimed {NAME} for mia\n"
    assert "then a moderator decides" in result.stderr
    become(alice)
    rows = cli.ok("claim", "list").stdout.splitlines()
    assert rows[1].split()[:4] == [NAME, "adoption", "mia", "open"]
    accepted = cli.ok("claim", "accept", NAME)
    assert accepted.stdout == f"accepted the claim to {NAME} for mia\n"
    assert f"`plugport owner transfer-accept {NAME}`" in accepted.stderr
    become(User.objects.get(username="mia"))
    assert cli.ok("owner", "transfers").stdout.splitlines()[1].split()[:3] == [NAME, "alice", "mia"]


def test_an_objection_and_a_withdrawal(
    cli: Cli, alice: User, become: Callable[[Any], None]
) -> None:
    become("mia")
    claim = cli.json(*CLAIM)["claim"]
    assert (claim["state"], claim["parties"]["reason"]) == ("open", REASON)
    become(alice)
    objected = cli.json("claim", "object", NAME, "--reason", "A release is due in May.")["claim"]
    assert (objected["state"], objected["parties"]["objection"]) == (
        "objected",
        "A release is due in May.",
    )
    become(User.objects.get(username="mia"))
    withdrawn = cli.ok("claim", "withdraw", NAME).stdout
    assert withdrawn == f"withdrew the claim to {NAME} for mia\n"
    error = cli.error(5, "claim", "withdraw", NAME)
    assert error["code"] == "no-claim"
    assert "plugport claim list" in error["hint"]


def test_a_moderator_decides_and_takes_it_back(
    cli: Cli, alice: User, become: Callable[[Any], None]
) -> None:
    become("mia")
    cli.ok(*CLAIM)
    moderator = create_user("mod", is_moderator=True)
    # Without the permission, the claims of others are unknown.
    cli.env["PLUGPORT_TOKEN"] = create_api_token(moderator, "manage")
    decide = ("claim", "decide", NAME, "--reason", "Nobody answered.", "--decision")
    assert cli.error(5, *decide, "refuse")["code"] == "no-claim"
    become(alice)
    cli.ok("claim", "object", NAME, "--reason", "A release is due in May.")
    cli.env["PLUGPORT_TOKEN"] = create_api_token(moderator)
    rows = cli.ok("claim", "list").stdout.splitlines()
    assert rows[1].split()[:4] == [NAME, "adoption", "mia", "objected"]
    granted = cli.ok(*decide, "grant")
    assert granted.stdout == f"granted the claim to {NAME} for mia\n"
    assert "transfer-accept" in granted.stderr
    assert cli.error(5, *decide, "refuse")["code"] == "no-claim"
    taken_back = cli.json(*decide, "reverse")["claim"]
    assert (taken_back["state"], taken_back["decision"]) == ("reversed", "Nobody answered.")
    assert cli.ok("claim", "list").stdout == "no claims\n"


def test_refusals_have_codes(cli: Cli, become: Callable[[Any], None]) -> None:
    become("mia")
    assert cli.ok("claim", "list").stdout == "no claims\n"
    for status, code, words in (
        (3, "invalid-name", ("new", "No Name", *CLAIM[3:])),
        (5, "unknown-plugin", ("new", "tide-tabel", *CLAIM[3:])),
        (5, "no-claim", ("accept", NAME)),
    ):
        assert cli.error(status, "claim", *words)["code"] == code


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("new", "the name is missing; use `plugport claim new NAME`"),
        ("list a", "too many arguments; use `plugport claim list`"),
        ("new a --reason b", "needs --kind"),
        ("object a", "needs --reason"),
        ("accept a --reason b", "takes no --reason"),
        ("withdraw a --to b", "takes no --to"),
        ("decide a --reason b", "needs --decision"),
        ("decide a --decision grant", "needs --reason"),
        ("object a --reason b --decision grant", "takes no --decision"),
        ("decide a --reason b --decision maybe", "'maybe' is not one of"),
        ("grant a", "'grant' is not one of"),
    ],
)
def test_wrong_command_lines(cli: Cli, words: str, problem: str) -> None:
    result = cli.run("claim", *words.split())
    assert result.exit_code == 2
    assert problem in result.stderr


def test_other_registries_answer_anything(cli: Cli, registry: LocalRegistry) -> None:
    """A response without claims is an error, and never a traceback."""
    for document in ({"claims": [7]}, {"claims": [None]}, [1]):
        registry.faults.responses.append(CannedResponse.from_json(document))
        assert cli.error(8, "claim", "list")["code"] == "unexpected-answer"
