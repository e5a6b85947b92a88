"""search, list, info and readme, against any registry."""

from __future__ import annotations

import pytest

from plugport.cli.output import clean
from tests.client.contract.app import make_json
from tests.client.contract.server import ContractServer
from tests.client.support import README, Cli, make_name, wait_until


def wait_for_index(cli: Cli, names: list[str], *args: str) -> None:
    """A registry's search follows its database at a distance."""

    def is_found() -> bool:
        found = cli.json("search", *args)["plugins"]
        return {plugin["name"] for plugin in found} >= set(names)

    wait_until(is_found)


def test_finds_a_published_plugin(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    wait_for_index(cli, [name], name)
    line = next(line for line in cli.ok("search", name).stdout.splitlines() if name in line)
    assert line.split()[:3] == [name, "1.0.0", "hook"]
    assert "Counts messages for tests" in line


def test_filters_by_kind_and_tag(cli: Cli) -> None:
    name, tag = make_name(), make_name("tag")
    cli.publish(name, manifest=f"tags: [{tag}]\n")
    wait_for_index(cli, [name], "--tag", tag)
    assert [p["name"] for p in cli.json("search", "--tag", tag)["plugins"]] == [name]
    assert cli.json("search", "--tag", tag, "--type", "widget")["plugins"] == []


def test_pages(cli: Cli) -> None:
    tag = make_name("tag")
    names = sorted(make_name() for _ in range(3))
    for name in names:
        cli.publish(name, manifest=f"tags: [{tag}]\n")
    wait_for_index(cli, names, "--tag", tag)
    found = cli.ok("search", "--tag", tag, "--sort", "name", "--limit", "2", "--page", "2")
    assert names[2] in found.stdout
    assert names[0] not in found.stdout
    assert "page 2 of 2" in found.stderr


def test_says_when_nothing_is_found(cli: Cli) -> None:
    result = cli.ok("search", make_name("nothing"))
    assert result.stdout == ""
    assert result.stderr == "note: no plugin was found\n"


def test_lists_by_kind_and_trust(cli: Cli, contract: ContractServer) -> None:
    cli.publish("plain-one")
    cli.publish("blessed-one")
    contract.store.releases["blessed-one"]["1.0.0"].trust = "official"
    assert "plain-one" in cli.ok("list", "--type", "hook").stdout
    official = cli.ok("list", "--official").stdout
    assert "blessed-one" in official
    assert "plain-one" not in official


def test_shows_a_plugin_and_its_release(cli: Cli) -> None:
    name = make_name()
    cli.publish(name, manifest="permissions:\n  network: [api.example.org]\n")
    shown = cli.ok("info", name).stdout
    for part in (f"{name} 1.0.0", "licence      MIT", "network      api.example.org", "sha512-"):
        assert part in shown
    document = cli.json("info", f"{name}@1.0.0")
    assert document["plugin"]["name"] == document["release"]["name"] == name


def test_info_warns_of_deprecated_and_yanked_releases(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    cli.ok("deprecate", f"{name}@1.0.0", "--message", "use another")
    cli.ok("yank", f"{name}@1.0.0")
    shown = cli.ok("info", f"{name}@1.0.0").stderr
    assert "is deprecated. use another." in shown
    assert "is yanked" in shown


def test_prints_the_readme(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    assert cli.ok("readme", name).stdout == README
    assert cli.json("readme", f"{name}@1.0.0") == {
        "name": name,
        "version": "1.0.0",
        "readme": README,
    }


@pytest.mark.parametrize("command", ["info", "readme", "install"])
def test_an_unknown_plugin_is_missing(cli: Cli, command: str) -> None:
    error = cli.error(5, command, make_name("unknown"))
    assert error["kind"] == "missing"
    assert error["code"] in {"unknown-plugin", "unknown-release"}


def test_unknown_versions_and_tags_are_missing(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    assert cli.error(5, "info", f"{name}@9.9.9")["code"] == "unknown-release"
    tag = cli.error(5, "info", f"{name}@nightly")
    assert tag["code"] == "no-such-release"
    assert "`latest`" in tag["hint"]
    spread = cli.error(5, "info", f"{name}@^2.0.0")
    assert "1.0.0" in spread["hint"]


def test_a_description_cannot_drive_the_terminal(cli: Cli, contract: ContractServer) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07 ok \u202egpj.exe \ud800"
    plugin = {"name": "evil-one", "description": evil, "type": "hook", "latestVersion": "1.0.0"}
    contract.faults.answers = [make_json({"plugins": [plugin], "pagination": {}})] * 2
    shown = cli.ok("search").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert r"\x1b[2J" in shown
    assert cli.json("search")["plugins"][0]["description"] == evil


def test_cleaning_keeps_what_people_write() -> None:
    text = "Grüße, हिन्दी, 日本語, عربى 🎉\ttab\nnew line"
    assert clean(text) == text
