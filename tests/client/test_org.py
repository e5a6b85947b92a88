"""`plugport org`: organizations, their members and teams."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Owner, OwnerDomain, SsoConnection, SsoIdentity, User
from accounts.queries.organizations import get_organization
from registry.models import Scope
from tests.client.support import Cli
from tests.support.code_host import open_code_host
from tests.support.dns_server import open_dns_server
from tests.support.factors import add_app
from tests.support.identity_providers import create_oidc_connection
from tests.support.organizations import add_people
from tests.support.people import create_api_token, create_user


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


def test_the_way_of_a_member(
    cli: Cli, alice: User, mia: User, become: Callable[[User], None]
) -> None:
    assert cli.ok("org", "list").stdout == "no organizations\n"
    created = cli.ok("org", "create", "@Harbor", "--title", "The Harbor").stdout
    assert created == "created the organization harbor; you are its owner\n"
    assert cli.ok("org", "show", "harbor").stdout == "harbor\nThe Harbor\n"
    invited = cli.ok("org", "invite", "harbor", "mia", "--role", "manager").stdout
    assert invited.startswith("invited mia to harbor as manager, until 20")
    assert cli.ok("org", "members", "harbor").stdout.splitlines()[2].split()[:2] == [
        "mia",
        "manager",
    ]
    become(mia)
    assert "invited by alice" in cli.ok("org", "list").stdout
    assert cli.ok("org", "accept", "harbor").stdout == "you are now manager of harbor\n"
    become(alice)
    assert cli.ok("org", "role", "harbor", "mia", "--role", "member").stdout == (
        "mia is now member of harbor\n"
    )
    become(mia)
    assert cli.ok("org", "leave", "harbor").stdout == "you are no longer a member of harbor\n"
    assert cli.ok("org", "members", "harbor").stdout == "no member chose to be shown\n"


def test_invitations_are_declined_and_withdrawn(
    cli: Cli, mia: User, become: Callable[[User], None]
) -> None:
    cli.ok("org", "create", "harbor")
    cli.ok("org", "invite", "harbor", "guest@example.test")
    withdrawn = cli.ok("org", "withdraw", "harbor", "guest@example.test").stdout
    assert withdrawn == "withdrew the invitation of guest@example.test to harbor\n"
    assert "no invitation" in cli.run("org", "withdraw", "harbor", "mia").stderr
    cli.ok("org", "invite", "harbor", "mia")
    become(mia)
    assert cli.ok("org", "decline", "harbor").stdout == "declined the invitation to harbor\n"
    assert "no invitation" in cli.run("org", "accept", "harbor").stderr


def test_teams_and_scopes(cli: Cli, mia: User, become: Callable[[User], None], alice: User) -> None:
    cli.ok("org", "create", "harbor")
    assert cli.ok("org", "team", "list", "harbor").stdout == "no teams\n"
    empty = cli.ok("org", "team", "create", "harbor", "dev").stdout
    assert empty == "the team dev has no members and no rights\n"
    scope = cli.ok("scope", "create", "piers", "--owner", "harbor").stdout
    assert scope == "@piers belongs to harbor\n"
    assert Scope.objects.get(name="piers").owner.name == "harbor"
    cli.ok("org", "team", "add", "harbor", "dev", "alice")
    team = cli.ok("org", "team", "give", "harbor", "dev", "@piers", "--role", "maintainer").stdout
    assert [line.split() for line in team.splitlines()[1:]] == [
        ["member", "alice"],
        ["right", "@piers", "maintainer"],
    ]
    shown = json.loads(cli.ok("org", "team", "show", "harbor", "dev", "--json").stdout)
    assert shown["team"]["rights"] == [{"target": "@piers", "role": "maintainer"}]
    cli.ok("org", "team", "take", "harbor", "dev", "@piers")
    assert cli.ok("org", "team", "remove", "harbor", "dev", "alice").stdout == empty
    assert cli.ok("org", "team", "delete", "harbor", "dev").stdout == "deleted the team dev\n"
    become(mia)
    assert "Only members of `harbor`" in cli.run("org", "team", "list", "harbor").stderr


def test_a_team_gets_rights_in_the_scope_of_the_name_before_the_first_plugin(cli: Cli) -> None:
    cli.ok("org", "create", "harbor")
    cli.ok("org", "team", "create", "harbor", "ci")
    given = cli.ok("org", "team", "give", "harbor", "ci", "@harbor", "--role", "publisher").stdout
    assert given.splitlines()[1].split() == ["right", "@harbor", "publisher"]
    assert Scope.objects.get(name="harbor").owner.name == "harbor"
    # Again, and for nothing but the own name.
    cli.ok("org", "team", "give", "harbor", "ci", "@harbor", "--role", "maintainer")
    error = cli.error(5, "org", "team", "give", "harbor", "ci", "@harbor-two")
    assert error["code"] == "unknown-team-right"


def test_all_pages_of_the_members_are_shown(cli: Cli, alice: User) -> None:
    cli.ok("org", "create", "harbor")
    cli.ok("org", "team", "create", "harbor", "dev")
    harbor = get_organization("harbor")
    names = add_people(harbor, 205, harbor.teams.get())
    members = json.loads(cli.ok("org", "members", "harbor", "--json").stdout)
    assert [each["username"] for each in members["members"]] == ["alice", *names]
    assert members["invitations"] == []
    assert "pagination" not in members
    assert cli.ok("org", "members", "harbor").stdout.count(" since ") == 206
    # Searched on every page of what is found.
    found = cli.json("org", "members", "harbor", "--search", "PERSON01")["members"]
    assert [each["username"] for each in found] == names[100:200]
    cli.ok("org", "invite", "harbor", "guest@example.test")
    assert cli.ok("org", "members", "harbor", "--search", "guest").stdout == "no member found\n"
    shown = json.loads(cli.ok("org", "team", "show", "harbor", "dev", "--json").stdout)
    assert shown["team"]["members"] == names
    added = json.loads(cli.ok("org", "team", "add", "harbor", "dev", "alice", "--json").stdout)
    assert added["team"]["members"] == ["alice", *names]
    cli.ok("scope", "create", "piers", "--owner", "harbor")
    given = cli.ok("org", "team", "give", "harbor", "dev", "@piers").stdout
    assert given.count("member ") == 206


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create"], "an argument is missing; use `plugport org create NAME`"),
        (["list", "x"], "too many arguments; use `plugport org list`"),
        (["team"], "after `team` comes one of list"),
        (["team", "fly", "x"], "found `fly`"),
        (["team", "add", "x", "y"], "use `plugport org team add NAME TEAM USER`"),
        (["role", "x", "y"], "--role must be one of owner, manager, member, billing"),
        (["invite", "x", "y", "--role", "king"], "found `king`"),
        (["team", "give", "x", "y", "@z", "--role", "manager"], "--role must be one of owner, m"),
        (["leave", "x", "--role", "owner"], "takes no --role"),
        (["team", "add", "x", "y", "z", "--role", "owner"], "takes no --role"),
        (["list", "--title", "x"], "takes no --title"),
        (["show", "x", "--search", "y"], "takes no --search"),
        (["show", ".."], "not a valid name"),
    ],
)
def test_wrong_arguments(cli: Cli, arguments: list[str], message: str) -> None:
    assert message in cli.run("org", *arguments).stderr


def test_issuers(cli: Cli) -> None:
    cli.ok("org", "create", "harbor")
    assert cli.ok("org", "issuers", "harbor").stdout == "no issuers\n"
    url = "https://ci.example.com"
    added = cli.ok("org", "add-issuer", "harbor", url).stdout
    assert added == f"jobs of {url} can be trusted publishers of plugins of harbor\n"
    (issuer,) = cli.json("org", "issuers", "harbor")["issuers"]
    assert (issuer["url"], issuer["owner"]) == (url, "harbor")
    removed = cli.ok("org", "remove-issuer", "harbor", str(issuer["id"])).stdout
    assert removed == f"jobs of {url} publish plugins of harbor no longer\n"
    assert "the id is not a number" in cli.run("org", "remove-issuer", "harbor", "x").stderr


def test_groups_of_single_sign_on(cli: Cli, alice: User) -> None:
    cli.ok("org", "create", "harbor")
    words = ("org", "sso-group")
    assert cli.ok(*words, "list", "harbor").stdout == "no identity provider is connected\n"
    cli.ok("org", "team", "create", "harbor", "dev")
    owner = get_organization("harbor").owner
    connection = create_oidc_connection("https://idp.example", name="Harbor", owner=owner)
    assert "no group gives anything" in cli.ok(*words, "list", "harbor").stdout
    add = (*words, "add", "harbor", connection.public_id, "engineers")
    added = cli.ok(*add, "team:dev").stdout
    assert added == "people in engineers get team:dev at their next sign-in\n"
    cli.ok(*add, "role:billing")
    assert "GIVES is a team or a role" in cli.run(*add, "dev").stderr
    assert cli.error(5, *add, "team:ops")["code"] == "unknown-team"
    rules = cli.json(*words, "list", "harbor")["rules"]
    assert [(each["team"], each["role"]) for each in rules] == [("dev", None), (None, "billing")]
    removed = cli.ok(*words, "remove", "harbor", str(rules[0]["id"])).stdout
    assert removed == "engineers no longer gives team:dev\n"
    assert "role:billing" in cli.ok(*words, "list", "harbor").stdout
    assert "the id is not a number" in cli.run(*words, "remove", "harbor", "x").stderr


def test_an_organization_is_deleted(cli: Cli) -> None:
    cli.ok("org", "create", "harbor")
    assert cli.error(4, "org", "delete", "harbor")["code"] == "not-confirmed"
    deleted = cli.ok("org", "delete", "harbor", "--yes").stdout
    assert deleted == "deleted the organization harbor; its name stays reserved\n"
    assert cli.error(5, "org", "show", "harbor")["code"] == "unknown-organization"
    assert "takes no --yes" in cli.run("org", "show", "harbor", "--yes").stderr


def test_domains(cli: Cli, alice: User, settings: Any) -> None:
    cli.ok("org", "create", "harbor")
    assert cli.ok("org", "domain", "list", "harbor").stdout == "no domains\n"
    added = cli.ok("org", "domain", "add", "harbor", "Example.com").stdout.splitlines()
    domain = OwnerDomain.objects.get()
    assert added == [
        "example.com is pending; enter this TXT record:",
        f"_plugport-challenge.example.com  plugport-domain-verification={domain.token}",
    ]
    with open_dns_server(settings) as dns:
        refused = cli.run("org", "domain", "check", "harbor", "example.com")
        assert "There is no TXT record of Plugport" in refused.stderr
        dns.prove(domain)
        checked = cli.ok("org", "domain", "check", "harbor", "example.com").stdout
        assert checked == "example.com is proven\n"
    assert "proven" in cli.ok("org", "domain", "list", "harbor").stdout
    removed = cli.ok("org", "domain", "remove", "harbor", "example.com").stdout
    assert removed == "harbor has no domain example.com any longer\n"
    assert "after `domain` comes one of" in cli.run("org", "domain", "prove", "harbor").stderr


def test_a_second_factor_is_required(
    cli: Cli, alice: User, mia: User, become: Callable[[User], None]
) -> None:
    cli.ok("org", "create", "harbor")
    cli.ok("org", "invite", "harbor", "mia")
    become(mia)
    cli.ok("org", "accept", "harbor")
    become(alice)
    refused = cli.error(4, "org", "second-factor", "on", "harbor", "--yes")
    assert refused["code"] == "organization-second-factor"
    add_app(alice)
    assert cli.ok("org", "second-factor", "show", "harbor").stdout.splitlines() == [
        "harbor does not require a second factor",
        "without one, and would have no rights: 1",
        "  mia",
    ]
    # The preview needs an answer, which a script gives with --yes.
    assert cli.error(4, "org", "second-factor", "on", "harbor")["code"] == "not-confirmed"
    assert cli.ok("org", "second-factor", "on", "harbor", "--yes").stdout.splitlines() == [
        "harbor requires a second factor",
        "without one, and have no rights: 1",
        "  mia",
    ]
    become(mia)
    assert "no rights until you add a second factor" in cli.ok("org", "list").stdout
    assert "the account `mia` has none" in cli.run("org", "team", "list", "harbor").stderr
    become(alice)
    assert cli.ok("org", "second-factor", "off", "harbor").stdout.startswith(
        "harbor does not require a second factor\n"
    )
    become(mia)
    assert cli.ok("org", "team", "list", "harbor").stdout == "no teams\n"
    assert "takes no --yes" in cli.run("org", "second-factor", "off", "x", "--yes").stderr


def test_accounts_of_code_hosts(cli: Cli, settings: Any) -> None:
    cli.ok("org", "create", "harbor")
    with open_code_host(settings) as host:
        added = cli.ok("org", "domain", "add", "harbor", "code.example/Acme").stdout.splitlines()
        domain = OwnerDomain.objects.get()
        assert added == [
            "code.example/acme is pending; put this line into this file:",
            f"{host.server.url}{host.get_path('acme')}  plugport-domain-verification={domain.token}",
        ]
        assert "file at http" in cli.ok("org", "domain", "list", "harbor").stdout
        host.prove(domain)
        checked = cli.ok("org", "domain", "check", "harbor", "code.example/acme").stdout
        assert checked == "code.example/acme is proven\n"
    removed = cli.ok("org", "domain", "remove", "harbor", "code.example/acme").stdout
    assert removed == "harbor has no domain code.example/acme any longer\n"


def test_single_sign_on_is_required(cli: Cli, alice: User) -> None:
    cli.ok("org", "create", "harbor")
    owner = Owner.objects.get(name="harbor")
    refused = cli.error(3, "org", "sso-only", "on", "harbor", "--yes")
    assert "lock yourself out" in refused["detail"]
    connection = SsoConnection.objects.create(
        kind="oidc", name="Corp", owner=owner, is_enabled=True
    )
    SsoIdentity.objects.create(connection=connection, subject="alice", user=alice)
    expected = ["harbor requires its single sign-on", "it signs in every member"]
    assert cli.ok("org", "sso-only", "on", "harbor").stdout.splitlines() == expected
    assert "rights only in sessions of its single sign-on" in cli.ok("org", "list").stdout
    assert cli.error(4, "org", "sso-only", "off", "harbor")["code"] == "organization-sso-only"
