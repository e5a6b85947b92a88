"""search, list, info and readme."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import OwnerDomain, User
from marketplace.search import indexer
from plugport.cli.output import sanitize_text
from registry.actions.transfers.claims.seeking import change_seeks_adoption
from registry.models import Plugin, Release
from registry.publishing.refresh import refresh_plugin
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import README, Cli, build_name
from tests.support.people import create_user

NAMES = ["amber-bridge", "birch-bridge", "cedar-bridge"]
NAME = NAMES[0]
LABEL = f"{NAME}@1.0.0"


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    """Three plugins with a common tag, one of which needs a permission."""
    publish(
        NAME,
        manifest="tags: [timber]\npermissions:\n  network: [api.example.org]\n"
        "config:\n  required: [TOKEN]\n  schema:\n    type: object\n    properties:\n"
        "      depth: {type: integer, default: 3}\n"
        "      TOKEN: {type: string, description: The token of the bot.}\n",
    )
    for name in NAMES[1:]:
        publish(name, manifest="tags: [timber]\n")


def test_info_requests_the_plugin_and_its_release_once(cli: Cli, registry: LocalRegistry) -> None:
    cli.ok("info", NAME)
    paths = [request.path for request in registry.requests]
    assert paths == [f"/api/v1/plugins/{NAME}", f"/api/v1/plugins/{NAME}/1.0.0"]


def test_finds_a_published_plugin(cli: Cli) -> None:
    lines = cli.ok("search", "amber").stdout.splitlines()
    line = next(line for line in lines if NAME in line)
    assert line.split()[:3] == [NAME, "1.0.0", "hook"]
    assert "Counts messages for tests" in line


def test_filters_by_kind_and_tag(cli: Cli) -> None:
    plugins = cli.json("search", "--tag", "timber")["plugins"]
    assert sorted(plugin["name"] for plugin in plugins) == NAMES
    assert cli.json("search", "--tag", "timber", "--type", "widget")["plugins"] == []


def test_pages(cli: Cli) -> None:
    page = cli.ok("search", "--tag", "timber", "--sort", "name", "--limit", "2", "--page", "2")
    assert NAMES[2] in page.stdout
    assert NAMES[0] not in page.stdout
    assert "page 2 of 2, 3 plugins\n" in page.stderr
    words = ("search", "--tag=timber", "--sort", "name", "--limit", "2")
    for given in ((), ("--page", "1"), ("--page=1",)):
        first = cli.ok(*words, *given).stderr
        next_command = shlex.join(["plugport", *words, "--page", "2"])
        assert first == f"note: page 1 of 2, 3 plugins; next: `{next_command}`\n"


def test_prints_a_note_without_results(cli: Cli) -> None:
    result = cli.ok("search", build_name("nothing"))
    assert result.stdout == ""
    assert result.stderr == "note: no plugins found\n"


def test_signs_alone_cannot_be_searched(cli: Cli) -> None:
    result = cli.ok("search", "++")
    assert result.stdout == ""
    assert "`++` has no words to search for. Words have letters or digits" in result.stderr


def test_lists_by_kind_and_trust(cli: Cli) -> None:
    Release.objects.filter(plugin__name=NAMES[1]).update(trust="official")
    refresh_plugin(Plugin.objects.get(name=NAMES[1]).pk)
    assert NAME in cli.ok("list", "--type", "hook").stdout
    official = cli.ok("list", "--official").stdout
    assert NAMES[1] in official
    assert NAME not in official


def test_shows_a_plugin_and_its_release(cli: Cli) -> None:
    shown = cli.ok("info", NAME).stdout
    for part in (f"{NAME} 1.0.0", "license      MIT", "network      api.example.org", "sha512-"):
        assert part in shown
    assert "owners       alice\n" in shown
    assert "author       Ada (as declared, not verified)\n" in shown
    assert re.search(r"published    \d{4}-\d\d-\d\d \((just now|\d+ \w+ ago)\) by alice\n", shown)
    assert re.search(r"integrity    sha512-.{12}…\n", shown)
    assert "config       TOKEN (required, string): The token of the bot.\n" in shown
    assert "config       depth (optional, integer, default 3)\n" in shown
    assert f"install      plugport install {LABEL}\n" in shown
    document = cli.json("info", LABEL)
    assert document["plugin"]["name"] == document["release"]["name"] == NAME


def test_info_warns_of_deprecated_and_yanked_releases(cli: Cli) -> None:
    cli.ok("deprecate", LABEL, "--message", "use another")
    cli.ok("yank", LABEL)
    shown = cli.ok("info", LABEL).stderr
    assert "is deprecated. use another." in shown
    assert "is yanked" in shown


def test_info_shows_the_publisher_and_what_it_has_proven(
    cli: Cli, alice: User, publish: Callable[..., object]
) -> None:
    name = build_name()
    publish(name, manifest="repository: https://github.com/Alice-Org/tools\n")
    shown = cli.ok("info", name).stdout
    assert "  publisher    alice (person, since " in shown
    assert " by alice\n" in shown
    for label in ("verified", "adoption"):
        assert f"  {label}" not in shown
    for proof in ("alice.example", "github.com/alice-org"):
        OwnerDomain.objects.create(
            owner=alice.owner, domain=proof, token="x", verified_at=timezone.now()
        )
    plugin = Plugin.objects.get(name=name)
    change_seeks_adoption(actor=alice, plugin=plugin, seeks_adoption=True)
    shown = cli.ok("info", name).stdout
    assert "  verified     alice.example, github.com/alice-org\n" in shown
    assert "  repository   https://github.com/Alice-Org/tools (verified)\n" in shown
    assert f": plugport claim new {name} --kind adoption\n" in shown
    document = cli.json("info", name)["plugin"]
    assert (document["repositoryProven"], document["seeksAdoption"]) == (True, True)
    assert len(document["proofs"]) == 2


def test_older_registries_have_no_proofs(cli: Cli, registry: LocalRegistry) -> None:
    plugin = {"name": NAME, "publisher": None, "proofs": "none"}
    release = {"name": NAME, "version": "1.0.0", "state": "published"}
    for document in (plugin | {"distTags": {"latest": "1.0.0"}}, release):
        registry.faults.responses.append(CannedResponse.from_json(document))
    shown = cli.ok("info", NAME).stdout
    assert shown.startswith(f"{NAME} 1.0.0\n")
    assert "publisher" not in shown


def test_versions_show_the_publisher_when_it_changed(
    cli: Cli, publish: Callable[..., object]
) -> None:
    name = build_name()
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        publish(name, version)
    assert "PUBLISHER" not in cli.ok("versions", name).stdout
    other = create_user("other-owner").owner
    Release.objects.filter(plugin__name=name, version="2.0.0").update(publisher=other)
    Release.objects.filter(plugin__name=name, version="1.0.0").update(publisher=None)
    rows = [line.split() for line in cli.ok("versions", name).stdout.splitlines()]
    place = rows[0].index("PUBLISHER")
    assert [row[place:][-2] for row in rows] == ["PUBLISHER", "other-owner", "alice", "-"]


def test_lists_the_versions_of_a_plugin(cli: Cli, publish: Callable[..., object]) -> None:
    name = build_name()
    for version, options in (("1.0.0", {}), ("1.10.0", {}), ("2.0.0-beta.1", {"tag": "beta"})):
        publish(name, version, **options)
    cli.ok("yank", f"{name}@1.0.0")
    lines = [line.split() for line in cli.ok("versions", name).stdout.splitlines()]
    assert [line[0] for line in lines] == ["VERSION", "2.0.0-beta.1", "1.10.0", "1.0.0"]
    assert [line[-1] for line in lines] == ["STATUS", "beta", "latest", "yanked"]
    document = cli.json("versions", name)
    assert document["distTags"]["beta"] == "2.0.0-beta.1"
    assert len(document["versions"]) == 3


@pytest.mark.parametrize("verb", ["info", "install", "readme", "versions"])
def test_a_mistyped_name_gets_similar_names(cli: Cli, verb: str) -> None:
    indexer.index_changes()
    error = cli.error(5, verb, "amber-brigde")
    assert error["hint"] == (
        f"Did you mean `{NAME}`? Run `plugport search amber-brigde` to find plugins."
    )
    hint = cli.error(5, verb, "@nobody/amber-bridge")["hint"]
    assert hint.startswith(f"Did you mean `{NAME}`?")
    hint = cli.error(5, verb, "qqqxyz")["hint"]
    assert hint == "Run `plugport search qqqxyz` to find plugins."


@pytest.mark.parametrize(("verb", "options"), [("yank", []), ("deprecate", ["-m", "moved"])])
def test_commands_of_authors_suggest_names_and_versions(
    cli: Cli, verb: str, options: list[str]
) -> None:
    indexer.index_changes()
    error = cli.error(5, verb, "amber-brigde@1.0.0", *options)
    assert error["hint"].startswith(f"Did you mean `{NAME}`?")
    error = cli.error(5, verb, f"{NAME}@9.9.9", *options)
    assert error["hint"] == f"Run `plugport versions {NAME}` for a list."


@pytest.mark.parametrize("verb", ["info", "install", "readme"])
def test_an_unknown_version_gets_a_command_that_lists_versions(cli: Cli, verb: str) -> None:
    error = cli.error(5, verb, f"{NAME}@9.9.9")
    assert error["hint"] == f"Run `plugport versions {NAME}` for a list."


def test_search_says_when_a_word_is_misspelled(cli: Cli) -> None:
    result = cli.ok("search", "ambr bridge")
    assert NAME in result.stdout
    assert "Run `plugport search 'amber bridge'`" in result.stderr
    assert "did you mean" not in cli.ok("search", "amber bridge").stderr
    result = cli.ok("search", "ambr", "bridge", "--type", "hook", "--sort", "name")
    assert "Run `plugport search --type=hook --sort=name 'amber bridge'`" in result.stderr


def test_search_takes_words_without_quotes(cli: Cli) -> None:
    assert cli.ok("search", "amber", "bridge").stdout == cli.ok("search", "amber bridge").stdout


def test_a_page_after_the_last_is_named(cli: Cli) -> None:
    result = cli.ok("search", "amber bridge", "--page", "7")
    assert (result.stdout, result.stderr) == ("", "note: page 7 does not exist; the last is 1\n")


def test_search_says_when_no_plugin_has_all_words(cli: Cli) -> None:
    result = cli.ok("search", "amber bridge counts xylophone")
    assert NAME in result.stdout
    assert "no plugin matches all words" in result.stderr


def test_prints_the_readme(cli: Cli) -> None:
    assert cli.ok("readme", NAME).stdout == README
    assert cli.json("readme", LABEL) == {
        "name": NAME,
        "version": "1.0.0",
        "readme": README,
    }


@pytest.mark.parametrize("command", ["info", "readme", "install"])
def test_unknown_plugins_are_not_found(cli: Cli, command: str) -> None:
    error = cli.error(5, command, build_name("unknown"))
    assert error["kind"] == "missing"
    assert error["code"] in {"unknown-plugin", "unknown-release"}


def test_unknown_versions_and_tags_are_not_found(cli: Cli) -> None:
    assert cli.error(5, "info", f"{NAME}@9.9.9")["code"] == "unknown-release"
    tag = cli.error(5, "info", f"{NAME}@nightly")
    assert tag["code"] == "no-such-release"
    assert "`latest`" in tag["hint"]
    requested_range = cli.error(5, "info", f"{NAME}@^2.0.0")
    assert "1.0.0" in requested_range["hint"]


def test_a_description_cannot_control_the_terminal(cli: Cli, registry: LocalRegistry) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07 ok \u202egpj.exe \ud800"
    plugin = {"name": "evil-one", "description": evil, "type": "hook", "latestVersion": "1.0.0"}
    document = {"plugins": [plugin], "pagination": {}}
    registry.faults.responses = [CannedResponse.from_json(document) for _ in range(2)]
    shown = cli.ok("search").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert r"\x1b[2J" in shown
    assert cli.json("search")["plugins"][0]["description"] == evil


def test_sanitizing_keeps_ordinary_text() -> None:
    text = "Grüße, हिन्दी, 日本語, عربى 🎉\ttab\nnew line"
    scotland = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert sanitize_text(text + scotland + family) == text + scotland + family


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200bpal", r"pay\u200bpal"),
        ("ok\U000e0041\U000e0042", r"ok\U000e0041\U000e0042"),
        ("\U0001f3f4\U000e0041 no end", "\U0001f3f4" + r"\U000e0041 no end"),
        ("a\ufeffb\u2063c\xadd", r"a\ufeffb\u2063c\xadd"),
    ],
)
def test_invisible_characters_are_escaped(text: str, shown: str) -> None:
    assert sanitize_text(text) == shown
